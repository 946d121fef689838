/* SPDX-License-Identifier: MIT
 *
 * Where flash is a memory of its own, as an AVR's, rows cannot lie in it: constants that a step takes as rows, and those that
 * are outputs of the model, come through a step that copies them, row by row, and streams like any other.
 */
#include <string.h>

#include "../../mote/kernel/move.h"
#include "stages.h"

static bool is_constant(const struct plan *plan, const struct mote_port *port)
{
    return plan->buffers[port->buffer].data != NULL;
}

/* Room for as many more steps and buffers. */
static void grow(struct plan *plan, int32_t more)
{
    struct plan_step *steps = ARENA_ARRAY(plan->arena, (int64_t)plan->step_count + more, struct plan_step);
    struct plan_buffer *buffers = ARENA_ARRAY(plan->arena, (int64_t)plan->buffer_count + more, struct plan_buffer);
    memcpy(buffers, plan->buffers, (size_t)plan->buffer_count * sizeof *buffers);
    memcpy(steps, plan->steps, (size_t)plan->step_count * sizeof *steps);
    plan->steps = steps;
    plan->buffers = buffers;
}

/* A step that fills `buffer`, no longer constant, for `node`. */
static struct plan_step make_step(struct plan *plan, const struct node *node, int32_t buffer, int32_t row_bytes)
{
    struct plan_buffer *b = &plan->buffers[buffer];
    const bool divides = row_bytes > 0 && b->size % (size_t)row_bytes == 0;
    const int32_t bytes = divides ? row_bytes : (int32_t)b->size,
                  rows = bytes > 0 ? (int32_t)(b->size / (size_t)bytes) : 1;
    struct mote_load *params = ARENA_NEW(plan->arena, struct mote_load);
    *params = (struct mote_load){b->data, bytes};
    struct mote_port *port = ARENA_NEW(plan->arena, struct mote_port);
    *port = (struct mote_port){
        .buffer = (uint16_t)buffer, .count = 1, .row_bytes = bytes, .rows = rows, .stride = 1, .dilation = 1};
    b->data = NULL;
    return (struct plan_step){
        .node = node,
        .kernel = KERNEL_load_any,
        .params = params,
        .out = port,
        .out_count = 1,
        .rows = rows,
        .image_rows = rows,
        .in_place = NO_BUFFER,
    };
}

/* Puts a step for each constant row of `step` before it. */
static void load_inputs(struct plan *plan, struct plan_step step)
{
    for (int k = 0; k < step.in_count; k++) {
        const int32_t old = step.in[k].buffer;
        if (!is_constant(plan, &step.in[k])) {
            continue;
        }
        const int32_t copy = plan->buffer_count++;
        plan->buffers[copy] = plan->buffers[old];
        plan->buffers[copy].is_output = false;
        step.in[k].buffer = (uint16_t)copy;
        plan->steps[plan->step_count++] = make_step(plan, step.node, copy, step.in[k].row_bytes);
    }
    plan->steps[plan->step_count++] = step;
}

/* A node for a step that fills an output of the model. */
static const struct node *make_node(struct plan *plan, int32_t tensor)
{
    struct node *node = ARENA_NEW(plan->arena, struct node);
    int32_t *at = ARENA_NEW(plan->arena, int32_t);
    *at = tensor;
    *node = (struct node){.op = OP_RESHAPE,
                          .name = plan->graph->tensors[tensor].name,
                          .in = at,
                          .out = at,
                          .in_count = 1,
                          .out_count = 1};
    return node;
}

void plan_load(struct plan *plan)
{
    const struct graph *g = plan->graph;
    const int32_t step_count = plan->step_count;
    int32_t more = 0;
    for (int i = 0; i < step_count; i++) {
        for (int k = 0; k < plan->steps[i].in_count; k++) {
            more += is_constant(plan, &plan->steps[i].in[k]);
        }
    }
    const struct plan_step *steps = plan->steps;
    grow(plan, more + g->output_count);
    plan->step_count = 0;
    for (int i = 0; i < step_count; i++) {
        load_inputs(plan, steps[i]);
    }
    for (int i = 0; i < g->output_count; i++) {
        const int32_t buffer = plan->buffer_of[g->outputs[i]];
        if (plan->buffers[buffer].data != NULL) {
            plan->steps[plan->step_count++] = make_step(plan, make_node(plan, g->outputs[i]), buffer, 0);
        }
    }
}
