/* SPDX-License-Identifier: MIT */
#include "unroll.h"

struct unrolling {
    const struct unroll_maker *maker;
    const struct unroll_layer *layer;
    int32_t axis[2]; /* constants 0 and 1 */
};

/*** Operators, where NO_TENSOR stands for 0 ***/

static int32_t node(const struct unrolling *u, enum op op, int32_t x, int32_t y)
{
    return u->maker->node(u->maker->context, op, NULL, (int32_t[]){x, y}, 2, 1);
}

static int32_t add(const struct unrolling *u, int32_t x, int32_t y)
{
    return x == NO_TENSOR ? y : y == NO_TENSOR ? x : node(u, OP_ADD, x, y);
}

static int32_t multiply(const struct unrolling *u, int32_t x, int32_t y)
{
    return x == NO_TENSOR || y == NO_TENSOR ? NO_TENSOR : node(u, OP_MUL, x, y);
}

static int32_t activate(const struct unrolling *u, enum unroll_activation which, int32_t x)
{
    return u->maker->activate(u->maker->context, which, x);
}

/* The first of `count` equal parts along an axis; the others follow. */
static int32_t split(const struct unrolling *u, int32_t x, int32_t axis, int32_t count)
{
    const struct unroll_maker *m = u->maker;
    if (count == 1) {
        return x;
    }
    return m->node(m->context, OP_SPLIT, NULL, (int32_t[]){u->axis[axis], x}, 2, count);
}

static int32_t dense(const struct unrolling *u, int32_t x, int32_t weights, int32_t bias)
{
    const struct unroll_maker *m = u->maker;
    const bool is_constant = bias != NO_TENSOR && m->graph->tensors[bias].data != NULL;
    const int32_t y =
        m->node(m->context, OP_FULLY_CONNECTED, NULL, (int32_t[]){x, weights, bias}, is_constant ? 3 : 2, 1);
    return is_constant ? y : add(u, y, bias);
}

/* What the state adds to the parts. */
static int32_t of_state(const struct unrolling *u, const struct unroll_weights *w, int32_t h)
{
    return h == NO_TENSOR ? w->state_bias : dense(u, h, w->state, w->state_bias);
}

/* What the inputs add, step after step. */
static int32_t of_inputs(const struct unrolling *u, const struct unroll_weights *w)
{
    const struct unroll_layer *l = u->layer;
    const struct unroll_maker *m = u->maker;
    const int32_t shape = m->integers(m->context, 2, (int32_t[]){l->steps * l->batch, l->inputs});
    const int32_t all = m->node(m->context, OP_RESHAPE, NULL, (int32_t[]){l->x, shape}, 2, 1);
    return split(u, dense(u, all, w->in, w->bias), 0, l->steps);
}

/*** A step of each kind; `gates` and `fresh`: what the inputs add ***/

static int32_t step_gru(const struct unrolling *u, int32_t gates, int32_t fresh, int32_t h)
{
    const struct unroll_layer *l = u->layer;
    const int32_t sums = add(u, gates, of_state(u, &l->gates, h));
    const int32_t z = split(u, activate(u, UNROLL_GATE, sums), 1, 2), r = z + 1;
    const int32_t inner =
        l->resets_after ? multiply(u, r, of_state(u, &l->fresh, h)) : of_state(u, &l->fresh, multiply(u, r, h));
    const int32_t n = activate(u, UNROLL_NEW, add(u, fresh, inner));
    return h == NO_TENSOR ? node(u, OP_SUB, n, multiply(u, z, n)) : add(u, n, multiply(u, z, node(u, OP_SUB, h, n)));
}

static int32_t step_lstm(const struct unrolling *u, int32_t gates, int32_t fresh, int32_t h, int32_t *c)
{
    enum { IN, OUT, FORGET, PARTS };
    const struct unroll_layer *l = u->layer;
    const int32_t n = activate(u, UNROLL_NEW, add(u, fresh, of_state(u, &l->fresh, h)));
    const int32_t sums = add(u, gates, of_state(u, &l->gates, h));
    if (l->peepholes == NO_TENSOR) {
        const int32_t part = split(u, activate(u, UNROLL_GATE, sums), 1, PARTS);
        *c = add(u, multiply(u, part + FORGET, *c), multiply(u, part + IN, n));
        return multiply(u, part + OUT, activate(u, UNROLL_OUT, *c));
    }
    const int32_t part = split(u, sums, 1, PARTS), hole = split(u, l->peepholes, 0, PARTS);
    const int32_t i = activate(u, UNROLL_GATE, add(u, part + IN, multiply(u, hole + IN, *c)));
    const int32_t f = activate(u, UNROLL_GATE, add(u, part + FORGET, multiply(u, hole + FORGET, *c)));
    *c = add(u, multiply(u, f, *c), multiply(u, i, n));
    const int32_t o = activate(u, UNROLL_GATE, add(u, part + OUT, multiply(u, hole + OUT, *c)));
    return multiply(u, o, activate(u, UNROLL_OUT, *c));
}

static int32_t running(const struct unrolling *u, int32_t step, int32_t now, int32_t ended)
{
    const struct unroll_maker *m = u->maker;
    return m->running == NULL || now == NO_TENSOR ? now : m->running(m->context, step, now, ended);
}

struct unroll_made unroll(const struct unroll_maker *maker, const struct unroll_layer *l)
{
    const struct unrolling u = {maker,
                                l,
                                {maker->integers(maker->context, 0, &(int32_t){0}),
                                 maker->integers(maker->context, 0, &(int32_t){1})}};
    const int32_t gates = l->cell == UNROLL_RNN ? NO_TENSOR : of_inputs(&u, &l->gates);
    const int32_t fresh = of_inputs(&u, &l->fresh);
    int32_t *all = ARENA_ARRAY(maker->graph->arena, l->steps, int32_t), h = l->h, c = l->c;
    for (int32_t i = 0; i < l->steps; i++) {
        const int32_t t = l->reversed ? l->steps - 1 - i : i, h_before = h, c_before = c;
        if (l->cell == UNROLL_LSTM) {
            h = step_lstm(&u, gates + t, fresh + t, h, &c);
        } else if (l->cell == UNROLL_GRU) {
            h = step_gru(&u, gates + t, fresh + t, h);
        } else {
            h = activate(&u, UNROLL_NEW, add(&u, fresh + t, of_state(&u, &l->fresh, h)));
        }
        all[t] = running(&u, t, h, NO_TENSOR);
        h = running(&u, t, h, h_before);
        c = running(&u, t, c, c_before);
    }
    return (struct unroll_made){all, h, c};
}
