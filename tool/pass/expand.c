/* SPDX-License-Identifier: MIT
 *
 * Operators that are others put together: two directions are two layers, the second of which sees the sequence
 * reversed; one step is a sequence of one. Runs before shapes are known, and before all passes.
 */
#include <string.h>

#include "pass.h"

struct expansion {
    struct graph *g;
    const struct node *from;
    struct node *nodes; /* in the place of `from` */
    int32_t count;
};

enum { MOST_NODES = 12 }; /* in the place of one */

/* A tensor of the type and quantisation of another; its shape will be inferred. */
static int32_t add_like(struct expansion *e, int32_t tensor)
{
    const struct tensor like = e->g->tensors[tensor];
    const int32_t t = ir_add_tensor(e->g);
    e->g->tensors[t] = (struct tensor){.name = e->from->name, .type = like.type};
    if (like.quant.count == 1) {
        e->g->tensors[t].quant = like.quant;
    }
    return t;
}

static int32_t add_axis(struct expansion *e, int32_t axis)
{
    const int32_t t = ir_add_tensor(e->g);
    e->g->tensors[t] = (struct tensor){.name = "axis", .type = TYPE_S32, .rank = 1, .dim = {1}};
    e->g->tensors[t].data = arena_copy(e->g->arena, &axis, sizeof axis);
    return t;
}

static struct node *add_node(struct expansion *e, enum op op, int32_t in_count, const int32_t in[], int32_t out_count,
                             const int32_t out[])
{
    struct node *n = &e->nodes[e->count++];
    *n = (struct node){.op = op, .name = e->from->name, .index = e->from->index};
    n->in = arena_copy(e->g->arena, in, (size_t)in_count * sizeof *in);
    n->out = arena_copy(e->g->arena, out, (size_t)out_count * sizeof *out);
    n->in_count = in_count;
    n->out_count = out_count;
    return n;
}

static int32_t input(const struct node *n, int i) { return i < n->in_count ? n->in[i] : NO_TENSOR; }
static int32_t output(const struct node *n, int i) { return i < n->out_count ? n->out[i] : NO_TENSOR; }

#define LIST(...) \
    (const int32_t[]) { __VA_ARGS__ }

/*** Two directions ***/

/* A layer of one direction, whose inputs but the first are given. */
struct direction {
    enum op op;
    int32_t in_count;
    int32_t in[24];
};

static void add_direction(struct expansion *e, struct direction *d, int32_t from, int32_t to)
{
    d->in[0] = from;
    struct node *n = add_node(e, d->op, d->in_count, d->in, 1, &to);
    n->attr = e->from->attr;
    n->attr.merge_outputs = false;
}

/* The second input, if any, goes to the layer that runs backwards. */
static void add_both(struct expansion *e, struct direction *ahead, struct direction *back, int32_t second)
{
    const struct node *n = e->from;
    const bool merges = n->attr.merge_outputs;
    const int32_t axis = add_axis(e, n->attr.time_major ? 0 : 1);
    const int32_t in = n->in[0], first_out = merges ? add_like(e, n->out[0]) : n->out[0];
    const int32_t reversed_in = add_like(e, in), reversed_out = add_like(e, n->out[0]);
    const int32_t second_out = merges || output(n, 1) == NO_TENSOR ? add_like(e, n->out[0]) : n->out[1];
    add_direction(e, ahead, in, first_out);
    add_node(e, OP_REVERSE_V2, 2, LIST(second != NO_TENSOR ? second : in, axis), 1, &reversed_in);
    add_direction(e, back, reversed_in, reversed_out);
    add_node(e, OP_REVERSE_V2, 2, LIST(reversed_out, axis), 1, &second_out);
    if (merges) {
        add_node(e, OP_CONCATENATION, 2, LIST(first_out, second_out), 1, &n->out[0])->attr.axis = -1;
    }
}

static bool expand_bidirectional_lstm(struct expansion *e, struct diag *diag)
{
    enum { BACK = 17, STATES = 35, SECOND = 39, SECOND_WEIGHTS, PORTS = 20 };
    const struct node *n = e->from;
    struct direction ahead = {OP_UNIDIRECTIONAL_SEQUENCE_LSTM, PORTS, {0}}, back = ahead;
    for (int i = 1; i <= 17; i++) {
        ahead.in[i] = input(n, i);
        back.in[i] = input(n, BACK + i);
    }
    for (int i = 0; i < 2; i++) {
        ahead.in[18 + i] = input(n, STATES + i);
        back.in[18 + i] = input(n, STATES + 2 + i);
    }
    for (int i = SECOND_WEIGHTS; i < n->in_count; i++) {
        if (n->in[i] != NO_TENSOR) {
            return ir_fail(n, diag, "has weights for a second input (input %d), which is not supported", i);
        }
    }
    add_both(e, &ahead, &back, input(n, SECOND));
    return true;
}

static bool expand_bidirectional_rnn(struct expansion *e, struct diag *diag)
{
    enum { SECOND = 9, PORTS = 5 };
    const struct node *n = e->from;
    struct direction ahead = {OP_UNIDIRECTIONAL_SEQUENCE_RNN, PORTS, {0}}, back = ahead;
    for (int i = 1; i < PORTS; i++) {
        ahead.in[i] = input(n, i);
        back.in[i] = input(n, PORTS - 1 + i);
    }
    if (input(n, SECOND + 1) != NO_TENSOR || input(n, SECOND + 2) != NO_TENSOR) {
        return ir_fail(n, diag, "has weights for a second input, which is not supported");
    }
    add_both(e, &ahead, &back, input(n, SECOND));
    return true;
}

/*** One step ***/

/* A sequence of one step. */
static bool expand_step(struct expansion *e, enum op op)
{
    const struct node *n = e->from;
    const int32_t in = add_like(e, n->in[0]), out = add_like(e, n->out[0]), axis = add_axis(e, 1);
    add_node(e, OP_EXPAND_DIMS, 2, LIST(n->in[0], axis), 1, &in);
    struct node *layer = add_node(e, op, n->in_count, n->in, 1, &out);
    layer->in[0] = in;
    layer->attr = n->attr;
    layer->attr.time_major = false;
    struct node *squeeze = add_node(e, OP_SQUEEZE, 1, &out, 1, n->out);
    squeeze->attr.list = arena_copy(e->g->arena, LIST(1), sizeof(int32_t));
    squeeze->attr.list_count = 1;
    return true;
}

/* The basic kernel of LSTM: in [batch, in], h, weights [4 * units, in + units], bias, c; out h, c, and what is between. */
static bool expand_basic_lstm(struct expansion *e, struct diag *diag)
{
    const struct node *n = e->from;
    if (n->in_count != 5 || n->out_count < 2 || n->out[1] == NO_TENSOR || e->g->tensors[n->in[0]].type != TYPE_F32) {
        return ir_fail(n, diag, "its basic kernel has %d inputs, %d outputs; want 5 and 4, in float32", n->in_count,
                       n->out_count);
    }
    const int32_t joined = output(n, 2) != NO_TENSOR ? n->out[2] : add_like(e, n->out[0]);
    const int32_t sums = output(n, 3) != NO_TENSOR ? n->out[3] : add_like(e, n->out[0]);
    int32_t t[11];
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        t[i] = add_like(e, n->out[0]);
    }
    int32_t *part = t, *gate = t + 4; /* of input, fresh value, forget, output */
    add_node(e, OP_CONCATENATION, 2, LIST(n->in[0], n->in[1]), 1, &joined)->attr.axis = 1;
    add_node(e, OP_FULLY_CONNECTED, 3, LIST(joined, n->in[2], n->in[3]), 1, &sums);
    add_node(e, OP_SPLIT, 2, LIST(add_axis(e, 1), sums), 4, part);
    for (int i = 0; i < 4; i++) {
        add_node(e, i == 1 ? OP_TANH : OP_LOGISTIC, 1, &part[i], 1, &gate[i]);
    }
    add_node(e, OP_MUL, 2, LIST(gate[0], gate[1]), 1, &t[8]);
    add_node(e, OP_MUL, 2, LIST(gate[2], n->in[4]), 1, &t[9]);
    add_node(e, OP_ADD, 2, LIST(t[8], t[9]), 1, &n->out[1]);
    add_node(e, OP_TANH, 1, &n->out[1], 1, &t[10]);
    add_node(e, OP_MUL, 2, LIST(t[10], gate[3]), 1, &n->out[0]);
    return true;
}

/*** All of them ***/

static bool is_expanded(const struct node *n)
{
    return n->op == OP_BIDIRECTIONAL_SEQUENCE_LSTM || n->op == OP_BIDIRECTIONAL_SEQUENCE_RNN || n->op == OP_LSTM ||
           n->op == OP_RNN;
}

static bool expand(struct expansion *e, struct diag *diag)
{
    enum { BASIC = 1 };
    const struct node *n = e->from;
    if (n->in_count < 5 || n->in[0] == NO_TENSOR || n->out_count < 1 || n->out[0] == NO_TENSOR) {
        return ir_fail(n, diag, "has %d inputs and %d outputs", n->in_count, n->out_count);
    }
    switch (n->op) {
    case OP_BIDIRECTIONAL_SEQUENCE_LSTM:
        return expand_bidirectional_lstm(e, diag);
    case OP_BIDIRECTIONAL_SEQUENCE_RNN:
        return expand_bidirectional_rnn(e, diag);
    case OP_LSTM:
        return n->attr.mode == BASIC ? expand_basic_lstm(e, diag) : expand_step(e, OP_UNIDIRECTIONAL_SEQUENCE_LSTM);
    default:
        return expand_step(e, OP_UNIDIRECTIONAL_SEQUENCE_RNN);
    }
}

bool pass_expand(struct graph *g, struct diag *diag)
{
    int32_t found = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        found += is_expanded(&g->nodes[i]);
    }
    if (found == 0) {
        return true;
    }
    struct node *nodes = ARENA_ARRAY(g->arena, g->node_count + found * MOST_NODES, struct node);
    int32_t count = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        if (!is_expanded(&g->nodes[i])) {
            nodes[count++] = g->nodes[i];
            continue;
        }
        struct expansion e = {g, &g->nodes[i], nodes + count, 0};
        if (!expand(&e, diag)) {
            return false;
        }
        count += e.count;
    }
    g->nodes = nodes;
    g->node_count = count;
    return true;
}
