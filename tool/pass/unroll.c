/* SPDX-License-Identifier: MIT
 *
 * GRU and UNIDIRECTIONAL_SEQUENCE_RNN, which begin each run anew, as operators for each step (ir/unroll.h). The sequence
 * that they put out is joined again; what takes one step of it reads that step (identities.c).
 */

#include "../ir/unroll.h"
#include "pass.h"

/* What the layer is made of: biases and state as inputs of the node. */
struct kind {
    enum unroll_cell cell;
    int32_t gates, bias, state_bias, state; /* -1: it has none */
};

static const struct kind *find_kind(enum op op)
{
    static const struct kind gru = {UNROLL_GRU, 3, 3, 4, 5}, rnn = {UNROLL_RNN, 1, 3, -1, 4};
    return op == OP_GRU ? &gru : op == OP_UNIDIRECTIONAL_SEQUENCE_RNN ? &rnn : NULL;
}

/*** Making nodes ***/

struct maker {
    struct graph *g;
    const struct node *from; /* what is unrolled */
    int32_t capacity;
    bool failed;
    struct diag *diag;
};

static struct node *add_node(struct maker *m, const struct node *n)
{
    struct graph *g = m->g;
    ARENA_GROW(g->arena, g->nodes, g->node_count, m->capacity);
    g->nodes[g->node_count] = *n;
    return &g->nodes[g->node_count++];
}

static int32_t add_tensor(struct maker *m, const struct tensor *t)
{
    const int32_t index = ir_add_tensor(m->g);
    m->g->tensors[index] = *t;
    return index;
}

/* With an output that is there already, or new ones. */
static int32_t make(struct maker *m, enum op op, const struct attr *attr, const int32_t in[], int32_t in_count,
                    int32_t out_count, int32_t out)
{
    struct arena *arena = m->g->arena;
    struct node n = {.op = op, .name = m->from->name, .index = m->from->index};
    n.attr = attr != NULL ? *attr : (struct attr){0};
    n.in = arena_copy(arena, in, (size_t)in_count * sizeof *in);
    n.in_count = in_count;
    n.out = ARENA_ARRAY(arena, out_count, int32_t);
    n.out_count = out_count;
    for (int32_t i = 0; i < out_count; i++) {
        n.out[i] = out != NO_TENSOR ? out : add_tensor(m, &(struct tensor){.name = n.name, .type = TYPE_F32});
    }
    if (!m->failed) {
        m->failed = !ir_infer(m->g, add_node(m, &n), m->diag);
    }
    return n.out[0];
}

static int32_t make_node(void *context, enum op op, const struct attr *attr, const int32_t in[], int32_t in_count,
                         int32_t out_count)
{
    return make(context, op, attr, in, in_count, out_count, NO_TENSOR);
}

static int32_t make_integers(void *context, int32_t count, const int32_t values[])
{
    struct maker *m = context;
    const size_t size = (size_t)(count > 0 ? count : 1) * sizeof *values;
    const struct tensor t = {.name = m->from->name,
                             .type = TYPE_S32,
                             .rank = count > 0,
                             .dim = {count},
                             .data = arena_copy(m->g->arena, values, size)};
    return add_tensor(m, &t);
}

static int32_t make_activation(void *context, enum unroll_activation which, int32_t x)
{
    static const enum op ops[] = {
        [ACT_RELU] = OP_RELU, [ACT_RELU_N1_TO_1] = OP_RELU_N1_TO_1, [ACT_RELU6] = OP_RELU6, [ACT_TANH] = OP_TANH};
    const struct maker *m = context;
    const enum activation activation = m->from->op == OP_GRU ? ACT_TANH : m->from->attr.activation;
    const enum op op = which == UNROLL_GATE ? OP_LOGISTIC : ops[activation];
    return activation == ACT_NONE ? x : make_node(context, op, NULL, &x, 1, 1);
}

/*** Layers ***/

static bool is_constant(const struct tensor *t) { return t->type == TYPE_F32 && t->data != NULL; }

static bool can_unroll(const struct graph *g, const struct node *n)
{
    const struct kind *kind = find_kind(n->op);
    if (kind == NULL || ir_in(g, n, 0)->type != TYPE_F32 || ir_in(g, n, kind->state) != NULL ||
        n->attr.activation > ACT_TANH) {
        return false;
    }
    const struct tensor *in = ir_in(g, n, 0);
    const int32_t steps = in->dim[n->attr.time_major ? 0 : 1];
    bool can = steps >= 1 && steps <= UNROLL_MOST_STEPS;
    for (int k = 1; k < n->in_count && k < kind->state; k++) {
        can = can && (ir_in(g, n, k) == NULL || is_constant(ir_in(g, n, k)));
    }
    return can;
}

/* Rows of a constant: `count` gates from `first` on. */
static int32_t part(struct maker *m, int k, int32_t first, int32_t count, int32_t gates)
{
    const struct tensor *all = k >= 0 ? ir_in(m->g, m->from, k) : NULL;
    if (all == NULL || count == gates) {
        return all == NULL ? NO_TENSOR : m->from->in[k];
    }
    struct tensor t = *all;
    const int64_t gate = ir_count(all) / gates;
    t.dim[0] = all->dim[0] / gates * count;
    t.data = (const float *)all->data + first * gate;
    return add_tensor(m, &t);
}

static struct unroll_weights weights(struct maker *m, int32_t first, int32_t count)
{
    const struct kind *kind = find_kind(m->from->op);
    return (struct unroll_weights){part(m, 1, first, count, kind->gates),
                                   part(m, kind->bias, first, count, kind->gates),
                                   part(m, 2, first, count, kind->gates),
                                   part(m, kind->state_bias, first, count, kind->gates)};
}

static void unroll_node(struct maker *m)
{
    const struct node *n = m->from;
    const struct kind *kind = find_kind(n->op);
    const bool time_major = n->attr.time_major;
    const struct tensor in = *ir_in(m->g, n, 0), *state_weights = ir_in(m->g, n, 2);
    struct unroll_layer layer = {.cell = kind->cell,
                                 .steps = in.dim[time_major ? 0 : 1],
                                 .batch = in.dim[time_major ? 1 : 0],
                                 .inputs = in.dim[2],
                                 .units = state_weights->dim[1],
                                 .resets_after = n->op == OP_GRU && n->attr.mode != 0,
                                 .x = n->in[0],
                                 .peepholes = NO_TENSOR,
                                 .h = NO_TENSOR,
                                 .c = NO_TENSOR};
    layer.gates = kind->gates > 1 ? weights(m, 0, kind->gates - 1) : (struct unroll_weights){0};
    layer.fresh = weights(m, kind->gates - 1, 1);
    if (!time_major && layer.batch > 1) {
        const int32_t order = make_integers(m, 3, (int32_t[]){1, 0, 2});
        layer.x = make_node(m, OP_TRANSPOSE, NULL, (int32_t[]){n->in[0], order}, 2, 1);
    }
    const struct unroll_maker maker = {m, m->g, make_node, make_integers, make_activation, NULL};
    const struct unroll_made made = unroll(&maker, &layer);
    make(m, OP_PACK, &(struct attr){.axis = time_major ? 0 : 1}, made.h, layer.steps, 1, n->out[0]);
}

bool pass_unroll(struct graph *g, struct diag *diag)
{
    const struct node *nodes = g->nodes;
    const int32_t count = g->node_count;
    struct maker m = {.g = g, .diag = diag};
    g->nodes = NULL;
    g->node_count = 0;
    for (int32_t i = 0; i < count && !m.failed; i++) {
        m.from = &nodes[i];
        if (can_unroll(g, m.from)) {
            unroll_node(&m);
        } else {
            add_node(&m, m.from);
        }
    }
    return !m.failed;
}
