/* SPDX-License-Identifier: MIT
 *
 * New graphs: tensors, constants and nodes. The first error ends it; what is asked for after that does nothing.
 */
#include "net.h"

#include <math.h>
#include <string.h>

struct net net_begin(struct graph *graph, uint64_t seed, struct diag *diag)
{
    graph->name = "";
    return (struct net){.graph = graph, .random = seed * 0x9e3779b97f4a7c15U + 1, .diag = diag};
}

static struct tensor *add_tensor(struct net *b, const char *name, enum type type, int32_t rank, const int32_t dim[],
                                 int32_t *index)
{
    *index = ir_add_tensor(b->graph);
    struct tensor *t = &b->graph->tensors[*index];
    *t = (struct tensor){.name = name, .type = type, .rank = rank};
    for (int32_t d = 0; d < rank; d++) {
        t->dim[d] = dim[d];
    }
    return t;
}

void net_input(struct net *b, const struct tensor *example)
{
    struct graph *g = b->graph;
    int32_t dim[IR_MAX_RANK] = {1};
    if (example->rank < 1 || example->rank >= IR_MAX_RANK) {
        b->failed = !diag_fail(b->diag, "examples have %d dims, want 1 to %d", example->rank, IR_MAX_RANK - 1);
        return;
    }
    memcpy(dim + 1, example->dim, (size_t)example->rank * sizeof dim[0]);
    add_tensor(b, "input", TYPE_F32, example->rank + 1, dim, &b->at);
    g->inputs = ARENA_NEW(g->arena, int32_t);
    g->inputs[0] = b->at;
    g->input_count = 1;
    g->input_names = ARENA_NEW(g->arena, const char *);
    g->input_names[0] = "input";
    if (!ir_check_tensor(g, b->at, b->diag) || ir_count(&g->tensors[b->at]) < 1) {
        b->failed = !diag_fail(b->diag, "examples are empty");
    }
}

static struct node *add_node(struct net *b)
{
    struct graph *g = b->graph;
    ARENA_GROW(g->arena, g->nodes, g->node_count, b->capacity);
    return &g->nodes[g->node_count++];
}

int32_t net_node(struct net *b, enum op op, const char *name, const struct attr *attr, const int32_t *in,
                 int32_t in_count, int32_t out_count)
{
    struct graph *g = b->graph;
    if (b->failed) {
        return b->at;
    }
    struct node *n = add_node(b);
    *n =
        (struct node){.op = op, .name = name, .index = g->node_count - 1, .in_count = in_count, .out_count = out_count};
    n->attr = attr != NULL ? *attr : (struct attr){0};
    n->in = arena_copy(g->arena, in, (size_t)in_count * sizeof *in);
    n->out = ARENA_ARRAY(g->arena, out_count, int32_t);
    for (int32_t i = 0; i < out_count; i++) {
        const char *own = i == 0 ? name : arena_printf(g->arena, "%s:%d", name, i);
        add_tensor(b, own, TYPE_F32, 0, NULL, &n->out[i]);
    }
    b->failed = !ir_infer(g, n, b->diag);
    return n->out[0];
}

void net_unary(struct net *b, enum op op, const char *name, const struct attr *attr)
{
    b->at = net_node(b, op, name, attr, &b->at, 1, 1);
}

/*** Constants ***/

static float *add_floats(struct net *b, const char *name, int32_t rank, const int32_t dim[], int32_t *index,
                         int64_t *count)
{
    struct tensor *t = add_tensor(b, name, TYPE_F32, rank, dim, index);
    *count = 0;
    if (b->failed || !ir_check_tensor(b->graph, *index, b->diag)) {
        b->failed = true;
        return NULL;
    }
    *count = ir_count(t);
    float *data = ARENA_ARRAY(b->graph->arena, *count, float);
    b->graph->tensors[*index].data = data;
    return data;
}

int32_t net_floats(struct net *b, const char *name, int32_t rank, const int32_t dim[], float fill)
{
    int32_t index;
    int64_t count;
    float *data = add_floats(b, name, rank, dim, &index, &count);
    for (int64_t i = 0; i < count; i++) {
        data[i] = fill;
    }
    return index;
}

/* He's: the variance that rectified layers keep. */
int32_t net_weights(struct net *b, const char *name, int32_t rank, const int32_t dim[], int32_t inputs)
{
    int32_t index;
    int64_t count;
    float *data = add_floats(b, name, rank, dim, &index, &count);
    const float deviation = sqrtf(2 / (float)inputs);
    for (int64_t i = 0; i < count; i++) {
        data[i] = deviation * train_normal(&b->random);
    }
    return index;
}

int32_t net_integers(struct net *b, const char *name, int32_t count, const int32_t values[])
{
    int32_t index;
    struct tensor *t = add_tensor(b, name, TYPE_S32, 1, &count, &index);
    t->data = arena_copy(b->graph->arena, values, (size_t)count * sizeof *values);
    return index;
}

/*** The end ***/

bool net_end(struct net *b)
{
    struct graph *g = b->graph;
    if (b->failed) {
        return false;
    }
    g->outputs = ARENA_NEW(g->arena, int32_t);
    g->outputs[0] = b->at;
    g->output_count = 1;
    g->output_names = ARENA_NEW(g->arena, const char *);
    g->output_names[0] = "output";
    return ir_check(g, b->diag);
}
