/* SPDX-License-Identifier: MIT
 *
 * Who touches a buffer, and do all see it as the same rows? Only then can its rows live and die one by one.
 */
#include "stages.h"

static void see(struct plan *plan, const struct mote_port *port, int32_t step, bool whole)
{
    struct plan_buffer *b = &plan->buffers[port->buffer];
    b->last_user = step;
    if (whole || b->is_state || port->row_bytes <= 0) {
        b->row_bytes = (int32_t)b->size;
    } else if (b->row_bytes == 0) {
        b->row_bytes = port->row_bytes;
    } else if (b->row_bytes != port->row_bytes) {
        b->row_bytes = (int32_t)b->size;
    }
}

void plan_find_rows(struct plan *plan)
{
    for (int i = 0; i < plan->buffer_count; i++) {
        plan->buffers[i].writer = plan->buffers[i].last_user = -1;
        plan->buffers[i].row_bytes = 0;
    }
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        for (int k = 0; k < s->out_count; k++) {
            const struct mote_port *port = &s->out[k];
            struct plan_buffer *b = &plan->buffers[port->buffer];
            if (b->writer < 0 && !b->is_state) {
                b->writer = i;
            }
            see(plan, port, i, port->stride == 0);
        }
        for (int k = 0; k < s->in_count; k++) {
            see(plan, &s->in[k], i, false);
        }
    }
    for (int i = 0; i < plan->buffer_count; i++) {
        struct plan_buffer *b = &plan->buffers[i];
        const bool divides = b->size > 0 && b->row_bytes > 0 && b->size % (size_t)b->row_bytes == 0;
        b->row_count = divides ? (int32_t)(b->size / (size_t)b->row_bytes) : 1;
        b->row_bytes = (int32_t)(b->size / (size_t)b->row_count);
    }
}
