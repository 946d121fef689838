/* SPDX-License-Identifier: MIT
 *
 * A gated recurrent unit, unrolled over time (ir/unroll.h). For x [time, channels], with h = 0 at first:
 *
 *     z, r = logistic(W x + U h);  n = tanh(Wn x + r * (Un h));  h = n + z * (h - n)
 */
#include "../ir/unroll.h"
#include "net.h"

struct maker {
    struct net *net;
    const char *name;
};

static int32_t make_node(void *context, enum op op, const struct attr *attr, const int32_t in[], int32_t in_count,
                         int32_t out_count)
{
    const struct maker *m = context;
    return net_node(m->net, op, m->name, attr, in, in_count, out_count);
}

static int32_t make_integers(void *context, int32_t count, const int32_t values[])
{
    const struct maker *m = context;
    const int32_t tensor = net_integers(m->net, m->name, count > 0 ? count : 1, values);
    m->net->graph->tensors[tensor].rank = count > 0;
    return tensor;
}

static int32_t make_activation(void *context, enum unroll_activation which, int32_t x)
{
    return make_node(context, which == UNROLL_GATE ? OP_LOGISTIC : OP_TANH, NULL, &x, 1, 1);
}

static struct unroll_weights make_weights(struct net *b, const char *name, int32_t rows, int32_t inputs, int32_t units)
{
    struct arena *arena = b->graph->arena;
    return (struct unroll_weights){
        net_weights(b, arena_printf(arena, "%s/weights", name), 2, (int32_t[]){rows, inputs}, 2 * inputs),
        net_floats(b, arena_printf(arena, "%s/bias", name), 1, &rows, 0),
        net_weights(b, arena_printf(arena, "%s/state", name), 2, (int32_t[]){rows, units}, 2 * units), NO_TENSOR};
}

void net_gru(struct net *b, const char *name, int32_t units)
{
    struct maker m = {b, name};
    const struct unroll_maker maker = {&m, b->graph, make_node, make_integers, make_activation, NULL};
    const struct tensor *in = &b->graph->tensors[b->at];
    const int32_t count = (int32_t)ir_count(in), steps = in->rank > 2 ? in->dim[1] : 1;
    if (b->failed || steps > UNROLL_MOST_STEPS) {
        b->failed = b->failed || !diag_fail(b->diag,
                                            "%s has %d steps, want at most %d: pool before it, or take longer "
                                            "frames",
                                            name, steps, UNROLL_MOST_STEPS);
        return;
    }
    const int32_t inputs = count / steps;
    const struct unroll_layer layer = {.cell = UNROLL_GRU,
                                       .steps = steps,
                                       .batch = 1,
                                       .inputs = inputs,
                                       .units = units,
                                       .resets_after = true,
                                       .x = b->at,
                                       .gates = make_weights(b, "gates", 2 * units, inputs, units),
                                       .fresh = make_weights(b, "candidate", units, inputs, units),
                                       .peepholes = NO_TENSOR,
                                       .h = NO_TENSOR,
                                       .c = NO_TENSOR};
    b->at = unroll(&maker, &layer).last_h;
}
