/* SPDX-License-Identifier: MIT
 *
 * An input that is never whole: it moves out of the arena, and a first step copies each of its rows, when it comes,
 * into a tensor that streams like any other.
 */
#include <string.h>

#include "../../mote/kernel/state.h"
#include "stages.h"

static struct mote_port *row_port(struct plan *plan, int32_t buffer, const struct plan_buffer *b)
{
    struct mote_port *port = ARENA_NEW(plan->arena, struct mote_port);
    *port = (struct mote_port){
        .buffer = (uint16_t)buffer,
        .count = 1,
        .row_bytes = b->row_bytes,
        .rows = b->row_count,
        .stride = 1,
        .dilation = 1,
    };
    return port;
}

bool plan_feed(struct plan *plan, struct diag *diag)
{
    const struct graph *g = plan->graph;
    if (g->input_count != 1) {
        return diag_fail(diag, "has %d inputs; only a single one can be fed row by row", g->input_count);
    }
    const int32_t inner = plan->buffer_of[g->inputs[0]], outer = plan->buffer_count++;
    struct plan_buffer *b = &plan->buffers[inner];
    plan->buffers[outer] = *b;
    plan->buffers[outer].is_external = true;
    plan->buffers[outer].is_output = false;
    b->is_input = false;
    for (int i = 0; i < g->output_count; i++) {
        plan->buffers[plan->buffer_of[g->outputs[i]]].is_lasting = true;
    }
    plan->buffer_of[g->inputs[0]] = outer;

    memmove(plan->steps + 1, plan->steps, (size_t)plan->step_count * sizeof *plan->steps);
    plan->step_count++;
    struct mote_assign *params = ARENA_NEW(plan->arena, struct mote_assign);
    params->bytes = b->row_bytes;
    plan->steps[0] = (struct plan_step){
        .node = NULL,
        .kernel = KERNEL_assign,
        .params = params,
        .in = row_port(plan, outer, b),
        .out = row_port(plan, inner, b),
        .in_count = 1,
        .out_count = 1,
        .rows = b->row_count,
        .image_rows = b->row_count,
        .in_place = NO_BUFFER,
    };
    plan->is_fed = true;
    return true;
}
