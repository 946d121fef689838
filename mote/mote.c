/* SPDX-License-Identifier: MIT
 *
 * The executor: walks the schedule of a plan, hands each kernel the rows it needs.
 */
#include "mote.h"

#include <string.h>

static const void *row_address(const struct mote_plan *plan, const uint8_t *arena, const struct mote_port *port,
                               int32_t row)
{
    const struct mote_buffer *b = &plan->buffers[port->buffer];
    if (b->rows != NULL) {
        return arena + b->rows[row];
    }
    const uint8_t *start = b->data != NULL ? (const uint8_t *)b->data : arena + b->offset;
    return start + (size_t)row * (size_t)port->row_bytes;
}

static void fire(const struct mote_plan *plan, uint8_t *arena, const struct mote_step *step, int32_t y)
{
    const void **in = (const void **)(void *)(arena + plan->row_pointers);
    size_t n = 0;
    for (uint16_t i = 0; i < step->in_count; i++) {
        const struct mote_port *port = &step->in[i];
        for (int32_t k = 0; k < port->count; k++) {
            const int32_t row = mote_port_row(port, step->image_rows, y, k);
            in[n++] = row < 0 ? NULL : row_address(plan, arena, port, row);
        }
    }
    void **out = (void **)(void *)(in + n);
    for (uint16_t i = 0; i < step->out_count; i++) {
        const struct mote_port *port = &step->out[i];
        const struct mote_buffer *b = &plan->buffers[port->buffer];
        const int32_t row = y * port->stride;
        out[i] = arena + (b->rows != NULL ? b->rows[row] : b->offset + (uint32_t)row * (uint32_t)port->row_bytes);
    }
    const struct mote_io io = {in, out, arena + step->scratch, y};
    step->kernel(step->params, &io);
}

void mote_init(const struct mote_plan *plan, void *arena)
{
    for (uint16_t i = 0; i < plan->state_count; i++) {
        const struct mote_state *s = &plan->states[i];
        uint8_t *to = (uint8_t *)arena + plan->buffers[s->buffer].offset;
        if (s->init != NULL) {
            memcpy(to, s->init, (size_t)s->size);
        } else {
            memset(to, s->fill, (size_t)s->size);
        }
    }
}

void *mote_input(const struct mote_plan *plan, void *arena, int i)
{
    return (uint8_t *)arena + plan->buffers[plan->inputs[i].buffer].offset;
}

void mote_invoke(const struct mote_plan *plan, void *arena)
{
    for (uint32_t i = 0; i < plan->schedule_count; i++) {
        const struct mote_firing *f = &plan->schedule[i];
        for (int32_t y = f->first; y < f->first + f->count; y++) {
            fire(plan, (uint8_t *)arena, &plan->steps[f->step], y);
        }
    }
}

const void *mote_output(const struct mote_plan *plan, const void *arena, int i)
{
    const struct mote_buffer *b = &plan->buffers[plan->outputs[i].buffer];
    return b->data != NULL ? (const uint8_t *)b->data : (const uint8_t *)arena + b->offset;
}
