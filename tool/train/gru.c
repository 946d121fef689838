/* SPDX-License-Identifier: MIT
 *
 * A gated recurrent unit, unrolled over time into operators that every stage knows. What depends on the inputs alone is
 * one dense layer over all steps. For x [time, channels], with h = 0 at first:
 *
 *     r, z = logistic(Wr x + Ur h), logistic(Wz x + Uz h);  c = tanh(Wc x + r * (Uc h));  h = c + z * (h - c)
 */
#include "net.h"

enum { MOST_STEPS = 1024 }; /* each becomes some ten operators */

struct gru {
    const char *name;
    int32_t units;
    int32_t gates, candidate; /* weights of h */
    int32_t axis;
};

static int32_t binary(struct net *b, enum op op, const char *name, int32_t x, int32_t y)
{
    return net_node(b, op, name, NULL, (int32_t[]){x, y}, 2, 1);
}

static int32_t unary(struct net *b, enum op op, const char *name, int32_t x)
{
    return net_node(b, op, name, NULL, &x, 1, 1);
}

/* The two gates of a step, [1, 2 * units], as two tensors. */
static int32_t split(struct net *b, const struct gru *g, int32_t x)
{
    return net_node(b, OP_SPLIT, g->name, &(struct attr){.num = 2}, (int32_t[]){g->axis, x}, 2, 2);
}

/* The state after a step whose share of the inputs is `gates` and `candidate`; `h` before, NO_TENSOR: 0. */
static int32_t add_step(struct net *b, const struct gru *g, int32_t gates, int32_t candidate, int32_t h)
{
    if (h != NO_TENSOR) {
        const int32_t u = net_node(b, OP_FULLY_CONNECTED, g->name, NULL, (int32_t[]){h, g->gates}, 2, 1);
        gates = binary(b, OP_ADD, g->name, gates, u);
    }
    const int32_t r = split(b, g, unary(b, OP_LOGISTIC, g->name, gates)), z = r + 1;
    if (h == NO_TENSOR) {
        const int32_t c = unary(b, OP_TANH, g->name, candidate);
        return binary(b, OP_SUB, g->name, c, binary(b, OP_MUL, g->name, z, c));
    }
    const int32_t uh = net_node(b, OP_FULLY_CONNECTED, g->name, NULL, (int32_t[]){h, g->candidate}, 2, 1);
    const int32_t sum = binary(b, OP_ADD, g->name, candidate, binary(b, OP_MUL, g->name, r, uh));
    const int32_t c = unary(b, OP_TANH, g->name, sum);
    const int32_t rest = binary(b, OP_SUB, g->name, h, c);
    return binary(b, OP_ADD, g->name, c, binary(b, OP_MUL, g->name, z, rest));
}

static int32_t recurrent_weights(struct net *b, const char *name, int32_t rows, int32_t units)
{
    return net_weights(b, name, 2, (int32_t[]){rows, units}, 2 * units);
}

void net_gru(struct net *b, const char *name, int32_t units)
{
    const struct tensor *in = &b->graph->tensors[b->at];
    const int32_t count = (int32_t)ir_count(in), steps = in->rank > 2 ? in->dim[1] : 1;
    if (b->failed || steps > MOST_STEPS) {
        b->failed = b->failed || !diag_fail(b->diag,
                                            "%s has %d steps, want at most %d: pool before it, or take longer "
                                            "frames",
                                            name, steps, MOST_STEPS);
        return;
    }
    net_reshape(b, name, 2, (int32_t[]){steps, count / steps});
    const int32_t x = b->at;
    struct gru g = {.name = name, .units = units};
    net_dense(b, name, 2 * units, ACT_NONE);
    const int32_t gates = b->at;
    b->at = x;
    net_dense(b, name, units, ACT_NONE);
    const int32_t candidate = b->at;
    g.gates = recurrent_weights(b, "gates", 2 * units, units);
    g.candidate = recurrent_weights(b, "candidate", units, units);
    g.axis = net_integers(b, "axis", 1, (int32_t[]){1});
    b->graph->tensors[g.axis].rank = 0;
    int32_t gate_steps = gates, candidate_steps = candidate;
    if (steps > 1) {
        const int32_t axis = net_integers(b, "axis", 1, (int32_t[]){0});
        b->graph->tensors[axis].rank = 0;
        const struct attr attr = {.num = steps};
        gate_steps = net_node(b, OP_SPLIT, name, &attr, (int32_t[]){axis, gates}, 2, steps);
        candidate_steps = net_node(b, OP_SPLIT, name, &attr, (int32_t[]){axis, candidate}, 2, steps);
    }
    int32_t h = NO_TENSOR;
    for (int32_t i = 0; i < steps && !b->failed; i++) {
        h = add_step(b, &g, gate_steps + i, candidate_steps + i, h);
    }
    b->at = h != NO_TENSOR ? h : b->at;
}
