/* SPDX-License-Identifier: MIT
 *
 * Recurrent layers step by step (ir/unroll.h), with activations of any kind. A step that does not count leaves the state
 * as it was.
 */
#include "keras_rnn.h"

#ifdef HAVE_KERAS

#include <string.h>

struct steps {
    struct keras_layer *l;
    const struct keras_sequence *s;
    int32_t masks;     /* of the first step, the others follow; NO_TENSOR: all count */
    int32_t step, put; /* the one at hand; what was put out last */
};

/*** Masks ***/

int32_t keras_step_masks(struct keras_layer *l, int32_t mask)
{
    const int32_t steps = keras_tensor(l, mask)->dim[1], axis = 1;
    if (steps == 1) {
        return mask;
    }
    const int32_t in[] = {keras_add_ints(l, 0, &axis), mask};
    return keras_add_many(l, OP_SPLIT, TYPE_BOOL, 2, in, steps, NULL);
}

/* Of each step the output is asked for first, then the states. */
static int32_t keep_running(void *context, int32_t step, int32_t now, int32_t ended)
{
    struct steps *u = context;
    const bool is_output = u->step != step;
    u->step = step;
    if (u->l->k->diag->failed) {
        return NO_TENSOR;
    }
    const int32_t y = keras_where(u->l, u->masks + step, now, is_output && !u->s->zeroes ? u->put : ended);
    u->put = is_output ? y : u->put;
    return y;
}

/*** Nodes ***/

static int32_t make_node(void *context, enum op op, const struct attr *attr, const int32_t in[], int32_t in_count,
                         int32_t out_count)
{
    const struct steps *u = context;
    return keras_add_many(u->l, op, TYPE_F32, in_count, in, out_count, attr);
}

static int32_t make_integers(void *context, int32_t count, const int32_t values[])
{
    const struct steps *u = context;
    return keras_add_ints(u->l, count, values);
}

int32_t keras_step_activation(struct keras_layer *l, const char *key, const char *absent, int32_t x)
{
    return keras_get(l->config, key) != NULL ? keras_activated(l, key, x) : keras_activated_as(l, absent, x);
}

static int32_t make_activation(void *context, enum unroll_activation which, int32_t x)
{
    const struct steps *u = context;
    return which == UNROLL_GATE ? keras_step_activation(u->l, "recurrent_activation", "sigmoid", x)
                                : keras_step_activation(u->l, "activation", "tanh", x);
}

/*** Weights ***/

/* Gates in the order that is asked for, from the order of Keras: rows of `width` values. */
static int32_t pick(struct keras_layer *l, const struct keras_cell *c, const float *from, int32_t width,
                    const int32_t gates[], int32_t count)
{
    if (from == NULL) {
        return NO_TENSOR;
    }
    const size_t gate = (size_t)c->units * (size_t)width;
    float *to = arena_array(l->k->arena, (size_t)count * gate, sizeof *to);
    for (int32_t i = 0; i < count; i++) {
        memcpy(to + (size_t)i * gate, from + (size_t)gates[i] * gate, gate * sizeof *to);
    }
    const int32_t dim[] = {count * c->units, width};
    return keras_add_floats(l, width > 1 || from != c->bias ? 2 : 1, dim, to);
}

static struct unroll_weights weights(struct keras_layer *l, const struct keras_cell *c, const int32_t gates[],
                                     int32_t count)
{
    const float *state_bias = c->bias != NULL && c->resets_after ? c->bias + c->gates * c->units : NULL;
    struct unroll_weights w = {.in = pick(l, c, c->kernel, c->depth, gates, count),
                               .bias = pick(l, c, c->bias, 1, gates, count),
                               .state = pick(l, c, c->state_kernel, c->units, gates, count),
                               .state_bias = pick(l, c, state_bias, 1, gates, count)};
    const int32_t biases[] = {w.bias, w.state_bias};
    for (size_t i = 0; i < COUNT_OF(biases); i++) {
        if (biases[i] != NO_TENSOR) {
            l->k->g->tensors[biases[i]].rank = 1;
        }
    }
    return w;
}

/*** The layer ***/

/* [batch, steps, depth] from outputs [batch, units] of all steps, in the order in which they were made. */
static int32_t pack_steps(struct keras_layer *l, const struct keras_sequence *s, const int32_t h[], int32_t steps)
{
    int32_t *in = ARENA_ARRAY(l->k->arena, steps, int32_t);
    for (int32_t i = 0; i < steps; i++) {
        in[i] = h[s->backwards ? steps - 1 - i : i];
    }
    return keras_add(l, OP_PACK, steps, in, &(struct attr){.axis = 1});
}

int32_t keras_steps(struct keras_layer *l, const struct keras_sequence *s, const struct keras_cell *c)
{
    static const int32_t lstm[] = {0, 3, 1, 2}, plain[] = {0, 1, 2}; /* i, o, f and what is new of i, f, new, o */
    const struct tensor x = *keras_tensor(l, s->x);
    const int32_t batch = x.dim[0], steps = x.dim[1], *order = c->kind == UNROLL_LSTM ? lstm : plain;
    if (steps < 1 || steps > UNROLL_MOST_STEPS) {
        return keras_fail(l,
                          "goes over %d steps, which a layer with a mask, a state or activations of its own does "
                          "one by one, want at most %d",
                          steps, UNROLL_MOST_STEPS);
    }
    struct steps u = {.l = l, .s = s, .masks = NO_TENSOR, .step = -1, .put = NO_TENSOR};
    if (s->mask != NO_TENSOR) {
        const struct tensor *mask = keras_tensor(l, s->mask);
        if (mask->rank != 2 || mask->dim[0] != batch || mask->dim[1] != steps) {
            return keras_fail(l, "has a mask of other steps");
        }
        u.masks = keras_step_masks(l, s->mask);
    }
    struct unroll_layer layer = {.cell = c->kind,
                                 .steps = steps,
                                 .batch = batch,
                                 .inputs = c->depth,
                                 .units = c->units,
                                 .reversed = s->backwards,
                                 .resets_after = c->resets_after,
                                 .x = s->x,
                                 .peepholes = NO_TENSOR,
                                 .h = s->first[0],
                                 .c = c->kind == UNROLL_LSTM ? s->first[1] : NO_TENSOR};
    if (c->gates > 1) {
        layer.gates = weights(l, c, order, c->gates - 1);
    }
    layer.fresh = weights(l, c, order + c->gates - 1, 1);
    if (batch > 1) {
        layer.x = KERAS_ADD(l, OP_TRANSPOSE, NULL, s->x, keras_add_ints(l, 3, (int32_t[]){1, 0, 2}));
    }
    if (l->k->diag->failed) {
        return NO_TENSOR;
    }
    const struct unroll_maker maker = {
        &u, l->k->g, make_node, make_integers, make_activation, u.masks != NO_TENSOR ? keep_running : NULL};
    const struct unroll_made made = unroll(&maker, &layer);
    if (s->gives_state && !l->k->diag->failed) {
        keras_add_output(l, made.last_h);
        if (c->kind == UNROLL_LSTM) {
            keras_add_output(l, made.last_c);
        }
    }
    return l->k->diag->failed ? NO_TENSOR
           : s->keeps         ? pack_steps(l, s, made.h, steps)
                              : made.h[s->backwards ? 0 : steps - 1];
}

#endif
