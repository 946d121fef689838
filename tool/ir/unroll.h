/* SPDX-License-Identifier: MIT
 *
 * A recurrent layer as operators that every stage knows, step by step. What depends on the inputs alone is one dense
 * layer over all steps. With W x as that of the inputs, U h as that of the state, each with its bias:
 *
 *     RNN    h = new(W x + U h)
 *     GRU    z, r = gate(W x + U h);  n = new(Wn x + Un (r * h)), or new(Wn x + r * (Un h));  h = n + z * (h - n)
 *     LSTM   i, o, f = gate(W x + U h + P c);  c = f * c + i * new(Wn x + Un h);  h = o * out(c)
 *
 * Whoever has a graph under way unrolls into it: readers, passes and training give functions that make their nodes.
 */
#ifndef IR_UNROLL_H
#define IR_UNROLL_H

#include "ir.h"

enum { UNROLL_MOST_STEPS = 1024 }; /* each becomes some ten operators */

enum unroll_cell { UNROLL_RNN, UNROLL_GRU, UNROLL_LSTM };
enum unroll_activation { UNROLL_GATE, UNROLL_NEW, UNROLL_OUT };

struct unroll_maker {
    void *context;
    struct graph *graph;
    /* A node of floats, its shapes inferred: the first of its outputs, the others follow. After an error, whatever. */
    int32_t (*node)(void *context, enum op op, const struct attr *attr, const int32_t in[], int32_t in_count,
                    int32_t out_count);
    /* A constant int32: a scalar if `count` is 0, else [count]. */
    int32_t (*integers)(void *context, int32_t count, const int32_t values[]);
    int32_t (*activate)(void *context, enum unroll_activation which, int32_t x);
    /* `now` for sequences that go on in a step, `ended` (NO_TENSOR: 0) for the others. NULL: all are as long. */
    int32_t (*running)(void *context, int32_t step, int32_t now, int32_t ended);
};

/* Tensors; biases may be NO_TENSOR. */
struct unroll_weights {
    int32_t in, bias;          /* [parts * units, inputs], [parts * units] */
    int32_t state, state_bias; /* [parts * units, units], [parts * units] */
};

struct unroll_layer {
    enum unroll_cell cell;
    int32_t steps, batch, inputs, units;
    bool reversed;               /* goes from the last step to the first */
    bool resets_after;           /* GRU: r * (Un h) */
    int32_t x;                   /* [steps, batch, inputs] */
    struct unroll_weights gates; /* GRU: z, r; LSTM: i, o, f, one behind the other */
    struct unroll_weights fresh; /* of what is new */
    int32_t peepholes;           /* LSTM: [3 * units], or NO_TENSOR */
    int32_t h, c;                /* at first, [batch, units]; NO_TENSOR: 0 */
};

struct unroll_made {
    const int32_t *h; /* [steps]: the state after each, [batch, units], with 0 where a sequence has ended */
    int32_t last_h, last_c;
};

/* The nodes of a layer of 1 to UNROLL_MOST_STEPS steps. `h` is in the graph's arena. */
struct unroll_made unroll(const struct unroll_maker *maker, const struct unroll_layer *layer);

#endif
