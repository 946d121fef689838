/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

void run_init(struct runner *runner, struct plan *plan)
{
    runner->plan = plan;
    runner->arena = arena_alloc(plan->arena, plan->arena_size);
    mote_init(&plan->code, runner->arena);
}

static size_t total(const struct mote_tensor *ends, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size += ends[i].size;
    }
    return size;
}

size_t run_input_size(const struct plan *plan) { return total(plan->code.inputs, plan->code.input_count); }
size_t run_output_size(const struct plan *plan) { return total(plan->code.outputs, plan->code.output_count); }

void run_invoke(struct runner *runner, const uint8_t *in, uint8_t *out)
{
    const struct mote_plan *code = &runner->plan->code;
    for (int i = 0; i < code->input_count; i++) {
        memcpy(mote_input(code, runner->arena, i), in, code->inputs[i].size);
        in += code->inputs[i].size;
    }
    mote_invoke(code, runner->arena);
    for (int i = 0; i < code->output_count; i++) {
        memcpy(out, mote_output(code, runner->arena, i), code->outputs[i].size);
        out += code->outputs[i].size;
    }
}

static bool check_loops(const struct plan *plan, struct diag *diag)
{
    for (int32_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        if (s->is_cut != NULL && *s->is_cut != 0) {
            return ir_fail(s->node, diag,
                           "takes more turns than the work allowed for the model; allow more by --max-work");
        }
        for (size_t k = 0; k < COUNT_OF(s->called); k++) {
            if (s->called[k] != NULL && !check_loops(s->called[k], diag)) {
                return false;
            }
        }
    }
    return true;
}

bool run_check(const struct runner *runner, struct diag *diag) { return check_loops(runner->plan, diag); }

/* Runs the node and copies its outputs to values[]. */
static bool evaluate(struct graph *graph, struct node *node, void *values[], struct diag *diag)
{
    struct plan plan;
    if (!plan_node(graph, node, &plan, diag)) {
        return false;
    }
    struct runner runner;
    run_init(&runner, &plan);
    mote_invoke(&plan.code, runner.arena);
    if (!run_check(&runner, diag)) {
        return false;
    }
    for (int i = 0; i < node->out_count; i++) {
        if (values[i] != NULL) {
            const struct plan_buffer *b = &plan.buffers[plan.buffer_of[node->out[i]]];
            memcpy(values[i], b->data != NULL ? b->data : (uint8_t *)runner.arena + b->offset, b->size);
        }
    }
    return true;
}

bool run_node(struct graph *graph, struct node *node, struct diag *diag)
{
    void **values = ARENA_ARRAY(graph->arena, node->out_count, void *);
    for (int i = 0; i < node->out_count; i++) {
        const struct tensor *out = ir_out(graph, node, i);
        values[i] = out != NULL ? arena_alloc(graph->arena, (size_t)ir_size(out)) : NULL;
    }
    const struct arena_mark mark = arena_mark(graph->arena); /* the plan is needed no longer than here */
    const bool ok = evaluate(graph, node, values, diag);
    arena_release(graph->arena, mark);
    for (int i = 0; i < node->out_count && ok; i++) {
        if (values[i] != NULL) {
            ir_out(graph, node, i)->data = values[i];
        }
    }
    return ok;
}
