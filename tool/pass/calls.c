/* SPDX-License-Identifier: MIT
 *
 * Control flow: graphs that a node calls. Each node gets copies of its own, so that shapes and constants of its inputs
 * can go into them; a branch whose condition is known, and an operator that comes as a graph, dissolve into the graph
 * around.
 */
#include <string.h>

#include "pass.h"

enum { MAX_DEPTH = 16 };

static int first_arg(const struct node *n) { return n->op == OP_IF ? 1 : 0; }

/* The one graph that is called; -1: known at run time only. */
static int known_graph(const struct graph *g, const struct node *n)
{
    if (n->op == OP_IF) {
        const struct tensor *condition = ir_in(g, n, 0);
        return condition->data == NULL ? -1 : *(const uint8_t *)condition->data != 0 ? 0 : 1;
    }
    return n->op == OP_WHILE ? -1 : 0;
}

/*** Copies ***/

static int32_t *copy_list(struct arena *arena, const int32_t *list, int32_t count)
{
    int32_t *copy = ARENA_ARRAY(arena, count, int32_t);
    if (count > 0) {
        memcpy(copy, list, (size_t)count * sizeof *copy);
    }
    return copy;
}

static void copy_graph(const struct graph *from, const struct graph *caller, const struct node *n, struct graph *to)
{
    struct arena *arena = caller->arena;
    *to = *from;
    to->arena = arena;
    to->model = caller->model;
    to->depth = caller->depth + 1;
    to->loops = caller->loops + (n->op == OP_WHILE);
    to->work = caller->work;
    to->max_work = caller->max_work;
    to->tensors = ARENA_ARRAY(arena, from->tensor_count, struct tensor);
    to->tensor_capacity = from->tensor_count;
    to->nodes = ARENA_ARRAY(arena, from->node_count, struct node);
    if (from->tensor_count > 0) {
        memcpy(to->tensors, from->tensors, (size_t)from->tensor_count * sizeof *to->tensors);
    }
    for (int32_t i = 0; i < from->node_count; i++) {
        to->nodes[i] = from->nodes[i];
        to->nodes[i].in = copy_list(arena, from->nodes[i].in, from->nodes[i].in_count);
        to->nodes[i].out = copy_list(arena, from->nodes[i].out, from->nodes[i].out_count);
    }
    to->inputs = copy_list(arena, from->inputs, from->input_count);
    to->outputs = copy_list(arena, from->outputs, from->output_count);
}

/*** Binding ***/

static bool check_ends(const struct graph *g, const struct node *n, const struct graph *called, struct diag *diag)
{
    const int first = first_arg(n);
    const bool is_condition = n->op == OP_WHILE && called == &n->attr.call[0].graph;
    const int32_t outputs = is_condition ? 1 : n->out_count;
    if (called->input_count != n->in_count - first || called->output_count != outputs) {
        return ir_fail(n, diag, "calls \"%.40s\" of %d inputs and %d outputs with %d and %d", called->name,
                       called->input_count, called->output_count, n->in_count - first, outputs);
    }
    for (int32_t i = 0; i < called->input_count; i++) {
        const struct tensor *from = ir_in(g, n, first + i), *to = &called->tensors[called->inputs[i]];
        if (from == NULL || from->type != to->type) {
            return ir_fail(n, diag, "input %d is %s, but \"%.40s\" wants %s", first + i,
                           from == NULL ? "left out" : ir_type_text(from->type), called->name, ir_type_text(to->type));
        }
    }
    for (int32_t i = 0; i < n->out_count && !is_condition; i++) {
        const struct tensor *from = &called->tensors[called->outputs[i]], *to = ir_out(g, n, i);
        if (to != NULL && from->type != to->type) {
            return ir_fail(n, diag, "output %d is %s, but \"%.40s\" makes %s", i, ir_type_text(to->type), called->name,
                           ir_type_text(from->type));
        }
    }
    return true;
}

/* Outputs that are left out get a tensor all the same. */
static void fill_outputs(struct graph *g, const struct node *n, const struct graph *called)
{
    for (int32_t i = 0; i < n->out_count && called->output_count == n->out_count; i++) {
        if (n->out[i] == NO_TENSOR) {
            n->out[i] = ir_add_tensor(g);
            g->tensors[n->out[i]] = called->tensors[called->outputs[i]];
            g->tensors[n->out[i]].data = NULL;
        }
    }
}

/* Which arguments have one value, known now, in all that the node calls. */
static bool *find_fixed(const struct graph *g, const struct node *n)
{
    const int first = first_arg(n);
    bool *is_fixed = ARENA_ARRAY(g->arena, n->in_count, bool);
    for (int32_t i = 0; i < n->in_count - first; i++) {
        const struct graph *body = &n->attr.call[1].graph;
        is_fixed[i] =
            ir_in(g, n, first + i)->data != NULL && (n->op != OP_WHILE || body->outputs[i] == body->inputs[i]);
    }
    return is_fixed;
}

static void bind_inputs(const struct graph *g, const struct node *n, struct call *call, const bool is_fixed[])
{
    struct graph *called = &call->graph;
    const int first = first_arg(n);
    int32_t kept = 0;
    call->arg = ARENA_ARRAY(g->arena, called->input_count, int32_t);
    for (int32_t i = 0; i < called->input_count; i++) {
        const struct tensor *from = ir_in(g, n, first + i);
        struct tensor *to = &called->tensors[called->inputs[i]];
        to->rank = from->rank;
        memcpy(to->dim, from->dim, sizeof to->dim);
        if (is_fixed[i]) {
            to->data = from->data;
        } else {
            call->arg[kept] = first + i;
            called->inputs[kept++] = called->inputs[i];
        }
    }
    called->input_count = kept;
}

/* A loop no longer carries what never changes; its outputs have that value at once. */
static void drop_fixed(struct graph *g, struct node *n, const bool is_fixed[])
{
    struct graph *body = &n->attr.call[1].graph;
    int32_t *place = ARENA_ARRAY(g->arena, n->in_count, int32_t), kept = 0;
    for (int32_t i = 0; i < n->in_count; i++) {
        place[i] = kept;
        const struct tensor *from = ir_in(g, n, i);
        if (is_fixed[i]) {
            struct tensor *to = ir_out(g, n, i);
            to->data = from->data;
            to->rank = from->rank;
            memcpy(to->dim, from->dim, sizeof to->dim);
            continue;
        }
        body->outputs[kept] = body->outputs[i];
        n->in[kept] = n->in[i];
        n->out[kept++] = n->out[i];
    }
    n->in_count = n->out_count = body->output_count = kept;
    for (int k = 0; k < 2; k++) {
        struct call *call = &n->attr.call[k];
        for (int32_t i = 0; i < call->graph.input_count; i++) {
            call->arg[i] = place[call->arg[i]];
        }
    }
}

/* Inputs that nothing in the graph reads. */
static void drop_unread(struct call *call)
{
    struct graph *g = &call->graph;
    bool *is_read = ARENA_ARRAY(g->arena, g->tensor_count, bool);
    for (int32_t i = 0; i < g->output_count; i++) {
        is_read[g->outputs[i]] = true;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int32_t k = 0; k < g->nodes[i].in_count; k++) {
            if (g->nodes[i].in[k] != NO_TENSOR) {
                is_read[g->nodes[i].in[k]] = true;
            }
        }
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < g->input_count; i++) {
        if (is_read[g->inputs[i]]) {
            call->arg[kept] = call->arg[i];
            g->inputs[kept++] = g->inputs[i];
        }
    }
    g->input_count = kept;
}

static bool find_graphs(const struct graph *g, struct node *n, struct diag *diag)
{
    const int32_t index[2] = {n->attr.subgraph, n->attr.other_subgraph};
    n->attr.call = ARENA_ARRAY(g->arena, 2, struct call);
    for (int k = 0; k < ir_call_count(n); k++) {
        if (g->model == NULL || index[k] < 1 || index[k] >= g->model->graph_count) {
            return ir_fail(n, diag, "calls subgraph %d of %d", index[k], g->model == NULL ? 1 : g->model->graph_count);
        }
        if (g->depth == MAX_DEPTH) {
            return ir_fail(n, diag, "graphs call each other more than %d deep", MAX_DEPTH);
        }
        copy_graph(&g->model->graphs[index[k]], g, n, &n->attr.call[k].graph);
    }
    return true;
}

static bool check_condition(const struct graph *g, const struct node *n, struct diag *diag)
{
    const struct graph *called = &n->attr.call[0].graph;
    const struct tensor *t = n->op == OP_IF ? ir_in(g, n, 0) : &called->tensors[called->outputs[0]];
    return (t != NULL && t->type == TYPE_BOOL && ir_count(t) == 1) ||
           ir_fail(n, diag, "condition is no single value of type bool");
}

bool pass_bind_call(struct graph *g, struct node *n, pass_evaluate *evaluate, struct diag *diag)
{
    if (n->in_count < first_arg(n) || n->out_count < 1) {
        return ir_fail(n, diag, "has %d inputs and %d outputs", n->in_count, n->out_count);
    }
    if (!find_graphs(g, n, diag)) {
        return false;
    }
    const int count = ir_call_count(n);
    for (int k = 0; k < count; k++) {
        if (!check_ends(g, n, &n->attr.call[k].graph, diag)) {
            return false;
        }
        fill_outputs(g, n, &n->attr.call[k].graph);
    }
    if (n->op == OP_IF && !check_condition(g, n, diag)) {
        return false;
    }
    const int known = known_graph(g, n);
    const bool *is_fixed = find_fixed(g, n);
    for (int k = 0; k < count; k++) {
        bind_inputs(g, n, &n->attr.call[k], is_fixed);
    }
    if (n->op == OP_WHILE) {
        drop_fixed(g, n, is_fixed);
    }
    for (int k = 0; k < count; k++) {
        struct call *call = &n->attr.call[k];
        if (known >= 0 && known != k) {
            continue;
        }
        if (!pass_called(&call->graph, evaluate, diag)) {
            return false;
        }
        g->work = call->graph.work > g->work ? call->graph.work : g->work;
        drop_unread(call);
    }
    return n->op != OP_WHILE || check_condition(g, n, diag);
}

/*** Inlining ***/

static void add_copy(struct graph *g, struct node *to, const struct node *call, int32_t from, int32_t out)
{
    const struct tensor *t = &g->tensors[from];
    *to = (struct node){.op = OP_RESHAPE, .name = call->name, .index = call->index, .in_count = 1, .out_count = 1};
    to->in = copy_list(g->arena, &from, 1);
    to->out = copy_list(g->arena, &out, 1);
    to->attr.list = copy_list(g->arena, t->dim, t->rank);
    to->attr.list_count = t->rank;
}

static void map_list(int32_t *list, int32_t count, const int32_t map[])
{
    for (int32_t i = 0; i < count; i++) {
        list[i] = list[i] == NO_TENSOR ? NO_TENSOR : map[list[i]];
    }
}

/* Where the tensors of the called graph are in the caller: what a node of it writes to an output of the call, inputs
 * at those of the call, all others new. */
static int32_t *map_tensors(struct graph *g, const struct node *n, const struct call *call)
{
    const struct graph *called = &call->graph;
    int32_t *map = ARENA_ARRAY(g->arena, called->tensor_count, int32_t);
    bool *is_computed = ARENA_ARRAY(g->arena, called->tensor_count, bool);
    for (int32_t i = 0; i < called->node_count; i++) {
        for (int32_t k = 0; k < called->nodes[i].out_count; k++) {
            if (called->nodes[i].out[k] != NO_TENSOR) {
                is_computed[called->nodes[i].out[k]] = true;
            }
        }
    }
    memset(map, 0xFF, (size_t)called->tensor_count * sizeof *map); /* NO_TENSOR */
    for (int32_t i = 0; i < called->input_count; i++) {
        map[called->inputs[i]] = n->in[call->arg[i]];
    }
    for (int32_t i = 0; i < n->out_count; i++) {
        const struct tensor *from = &called->tensors[called->outputs[i]];
        if (is_computed[called->outputs[i]] && map[called->outputs[i]] == NO_TENSOR && !from->is_state) {
            map[called->outputs[i]] = n->out[i];
        }
        struct tensor *to = &g->tensors[n->out[i]];
        to->rank = from->rank;
        memcpy(to->dim, from->dim, sizeof to->dim);
        to->quant = from->quant;
    }
    for (int32_t i = 0; i < called->tensor_count; i++) {
        if (map[i] == NO_TENSOR) {
            map[i] = ir_add_tensor(g);
            g->tensors[map[i]] = called->tensors[i];
        }
    }
    return map;
}

int32_t pass_inline_call(struct graph *g, const struct node *n, struct node **nodes)
{
    const int known = known_graph(g, n);
    if (known < 0) {
        return -1;
    }
    struct call *call = &n->attr.call[known];
    struct graph *called = &call->graph;
    const int32_t *map = map_tensors(g, n, call);
    *nodes = ARENA_ARRAY(g->arena, called->node_count + n->out_count, struct node);
    int32_t count = 0;
    for (int32_t i = 0; i < called->node_count; i++) {
        (*nodes)[count] = called->nodes[i];
        (*nodes)[count].index = n->index;
        map_list((*nodes)[count].in, (*nodes)[count].in_count, map);
        map_list((*nodes)[count].out, (*nodes)[count].out_count, map);
        count++;
    }
    for (int32_t i = 0; i < n->out_count; i++) {
        const int32_t from = map[called->outputs[i]];
        if (from == n->out[i]) {
            continue;
        }
        if (g->tensors[from].data != NULL) {
            g->tensors[n->out[i]].data = g->tensors[from].data;
        } else {
            add_copy(g, &(*nodes)[count++], n, from, n->out[i]);
        }
    }
    return count;
}
