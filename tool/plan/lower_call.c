/* SPDX-License-Identifier: MIT
 *
 * Control flow: a step that runs plans of their own, each with its arena in the scratch memory of the step.
 */
#include "../../mote/kernel/call.h"

#include "lower.h"

/* A loop may take all the work that is allowed, a loop in a loop so much less. What leaves fewer turns is refused. */
enum { INNER_SHARE = 1024, LEAST_TURNS = 16, TURN_WORK = 512 /* besides what the graphs do */ };

static bool plan_call(struct lower *l, int k, struct mote_call *call)
{
    struct plan *plan = l->plan, *called = ARENA_NEW(plan->arena, struct plan);
    struct graph *g = &l->node->attr.call[k].graph;
    g->arena = plan->arena;
    if (!plan_graph_for(g, plan->how == PLAN_LAYERS ? PLAN_LAYERS : PLAN_STREAM, plan->features, called, l->diag)) {
        return false;
    }
    struct plan_step *s = l->step;
    s->called[k] = called;
    s->work += called->work;
    s->worst += called->worst;
    s->scratch_size = called->tensor_size > s->scratch_size ? called->tensor_size : s->scratch_size;
    uint16_t *args = lower_alloc(l, (size_t)g->input_count + 1, sizeof *args);
    for (int32_t i = 0; i < g->input_count; i++) {
        args[i] = (uint16_t)l->node->attr.call[k].arg[i];
    }
    *call = (struct mote_call){&called->code, args};
    return true;
}

static bool check_counts(struct lower *l)
{
    return (l->node->in_count <= UINT16_MAX && l->node->out_count <= UINT16_MAX) ||
           ir_fail(l->node, l->diag, "has %d inputs and %d outputs, want at most %d", l->node->in_count,
                   l->node->out_count, UINT16_MAX);
}

static void add_ports(struct lower *l)
{
    for (int32_t i = 0; i < l->node->out_count; i++) {
        lower_out_whole(l, i);
    }
    for (int32_t i = 0; i < l->node->in_count; i++) {
        lower_in_whole(l, i);
    }
}

bool lower_branch(struct lower *l)
{
    struct mote_branch *p = lower_kernel(l, KERNEL_branch);
    if (!check_counts(l) || !plan_call(l, 0, &p->yes) || !plan_call(l, 1, &p->no)) {
        return false;
    }
    add_ports(l);
    return true;
}

/* At least 1. */
static int32_t count_loops(const struct graph *g)
{
    int32_t count = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        count += g->nodes[i].op == OP_WHILE;
    }
    return count > 0 ? count : 1;
}

bool lower_repeat(struct lower *l)
{
    struct mote_repeat *p = lower_kernel(l, KERNEL_repeat);
    if (!check_counts(l) || !plan_call(l, 0, &p->condition) || !plan_call(l, 1, &p->body)) {
        return false;
    }
    double turns = INT32_MAX, allowed = l->graph->max_work;
    for (int32_t i = 0; i < l->graph->loops; i++) {
        allowed /= INNER_SHARE;
    }
    allowed /= count_loops(l->graph);
    if (allowed > 0) {
        turns = allowed / (l->step->worst + TURN_WORK);
        turns = turns > INT32_MAX ? INT32_MAX : turns;
    }
    if (turns < LEAST_TURNS) {
        return ir_fail(l->node, l->diag,
                       "may take too long: %.3g steps of computation a turn; allow more by --max-work", l->step->worst);
    }
    p->most_turns = (int32_t)turns;
    p->is_cut = l->step->is_cut = lower_alloc(l, 1, sizeof *p->is_cut);
    l->step->worst *= turns;
    add_ports(l);
    return true;
}

bool lower_replaced(struct lower *l)
{
    return ir_fail(l->node, l->diag, "was not replaced by its parts; this is a fault of mote, please report it");
}
