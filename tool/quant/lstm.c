/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM as TensorFlow Lite has it in integers: a scale for each matrix, the hidden state on the
 * output's scale, the cell state in 16 bits with a power of two. What the cell holds is seen by going through the steps once
 * more: the hidden state before a step is the output of the step before.
 */
#include <math.h>

#include "build.h"

enum { GATES = 4, IN_WEIGHTS = 1, STATE_WEIGHTS = 5, BIAS = 12, HIDDEN = 18, CELL = QUANT_LSTM_CELL, INPUTS = 24 };

/*** States ***/

static int32_t add_state(struct graph *g, const struct node *n, const char *what)
{
    const int32_t index = ir_add_tensor(g), units = ir_out(g, n, 0)->dim[2];
    const struct tensor *in = ir_in(g, n, 0);
    g->tensors[index] = (struct tensor){.name = arena_printf(g->arena, "%s/%s", n->name, what),
                                        .type = TYPE_F32,
                                        .rank = 2,
                                        .dim = {in->dim[n->attr.time_major ? 1 : 0], units},
                                        .is_state = true};
    return index;
}

void quant_give_states(struct graph *g)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (n->op != OP_UNIDIRECTIONAL_SEQUENCE_LSTM || ir_in(g, n, HIDDEN) != NULL) {
            continue;
        }
        int32_t *in = ARENA_ARRAY(g->arena, INPUTS, int32_t);
        for (int k = 0; k < INPUTS; k++) {
            in[k] = k < n->in_count ? n->in[k] : NO_TENSOR;
        }
        in[HIDDEN] = add_state(g, n, "hidden");
        in[CELL] = add_state(g, n, "cell");
        n->in = in;
        n->in_count = INPUTS;
        n->attr.resets = true;
    }
}

/*** What the cell state was ***/

struct walk {
    const struct graph *g;
    const struct node *n;
    const float *x, *h; /* of the step; h NULL: 0 */
    int32_t unit;
};

static float dot(const struct tensor *weights, int32_t row, const float *x)
{
    const int32_t count = weights->dim[1];
    const float *w = (const float *)weights->data + (int64_t)row * count;
    float sum = 0;
    for (int32_t i = 0; i < count && x != NULL; i++) {
        sum += w[i] * x[i];
    }
    return sum;
}

/* A gate before its activation. */
static float gate(const struct walk *w, int index)
{
    const struct tensor *bias = ir_in(w->g, w->n, BIAS + index);
    return (bias != NULL ? ((const float *)bias->data)[w->unit] : 0) +
           dot(ir_in(w->g, w->n, IN_WEIGHTS + index), w->unit, w->x) +
           dot(ir_in(w->g, w->n, STATE_WEIGHTS + index), w->unit, w->h);
}

static float logistic(float x) { return 1 / (1 + expf(-x)); }

void quant_look_at_cells(const struct graph *g, const struct node *n, const float *in, const float *out,
                         struct quant_stat *cell)
{
    const bool time_major = n->attr.time_major;
    const struct tensor *x = ir_in(g, n, 0);
    const int32_t batches = x->dim[time_major ? 1 : 0], steps = x->dim[time_major ? 0 : 1], depth = x->dim[2];
    const int32_t units = ir_out(g, n, 0)->dim[2];
    for (int32_t at = 0; at < batches * units; at++) {
        struct walk w = {.g = g, .n = n, .unit = at % units};
        float c = 0;
        for (int32_t step = 0; step < steps; step++) {
            const int64_t row =
                time_major ? (int64_t)step * batches + at / units : (int64_t)(at / units) * steps + step;
            w.x = in + row * depth;
            c = logistic(gate(&w, 1)) * c + logistic(gate(&w, 0)) * tanhf(gate(&w, 2));
            c = n->attr.cell_clip > 0 ? fmaxf(fminf(c, n->attr.cell_clip), -n->attr.cell_clip) : c;
            cell->low = fminf(cell->low, c);
            cell->high = fmaxf(cell->high, c);
            w.h = out + row * units;
        }
    }
    cell->is_seen = true;
}

/* Whether input k is what lstm.c expects there. */
static bool is_plain(const struct tensor *t, int k)
{
    const bool is_matrix = k < IN_WEIGHTS + 2 * GATES, is_bias = k >= BIAS && k < BIAS + GATES;
    const bool is_state = k == HIDDEN || k == CELL;
    if (t == NULL) {
        return !is_matrix && !is_state;
    }
    const bool has_role = is_state ? t->is_state : (is_matrix || is_bias) && t->data != NULL;
    return has_role && t->type == TYPE_F32 && ir_count(t) > 0;
}

bool quant_is_plain_lstm(const struct graph *g, const struct node *n)
{
    bool plain = n->in_count > CELL;
    for (int k = 1; k < n->in_count; k++) {
        plain = plain && is_plain(ir_in(g, n, k), k);
    }
    return plain;
}

/*** As integers ***/

static void set_quant(struct build *b, struct tensor *t, enum type type, struct quant_params p)
{
    t->type = type;
    t->quant = build_one_scale(b, p);
}

/* A matrix with one scale, which is returned. */
static float set_matrix(struct build *b, struct node *n, int k)
{
    struct tensor t = *ir_in(b->out, n, k);
    const float *values = t.data;
    float most = 0;
    for (int64_t i = 0; i < ir_count(&t); i++) {
        most = fmaxf(most, fabsf(values[i]));
    }
    const float scale = quant_weight_scale(most, 8);
    int8_t *q = ARENA_ARRAY(b->out->arena, ir_count(&t), int8_t);
    for (int64_t i = 0; i < ir_count(&t); i++) {
        q[i] = (int8_t)quant_weight_to_int(values[i], scale, 8);
    }
    t.data = q;
    set_quant(b, &t, TYPE_S8, (struct quant_params){scale, 0});
    build_set_input(b, n, k, &t);
    return scale;
}

/* The power of two that holds half as much again as was seen. The kernels' shifts end at 2^-15. */
static float cell_scale(const struct quant_stat *seen)
{
    const float most = 1.5F * fmaxf(-seen->low, seen->high) / INT16_MAX;
    return ldexpf(1, (int)fmaxf(ceilf(log2f(fmaxf(most, 0x1p-15F))), -15));
}

/* Zeros where there is none: TensorFlow Lite Micro reads each. */
static void set_bias(struct build *b, struct node *n, int k, double unit)
{
    const struct tensor *old = ir_in(b->out, n, k);
    const int32_t count = ir_out(b->out, n, 0)->dim[2];
    double *bias = ARENA_ARRAY(b->plan->g->arena, count, double);
    for (int32_t i = 0; i < count && old != NULL; i++) {
        bias[i] = (double)((const float *)old->data)[i];
    }
    build_bias(b, n, k, bias, count, &unit, 1);
}

void build_lstm(struct build *b, struct node *n, struct quant_params input)
{
    const int32_t hidden = n->in[HIDDEN], cell = n->in[CELL];
    for (int g = 0; g < GATES; g++) {
        const double unit = (double)input.scale * (double)set_matrix(b, n, IN_WEIGHTS + g);
        set_matrix(b, n, STATE_WEIGHTS + g);
        set_bias(b, n, BIAS + g, unit);
    }
    set_quant(b, &b->out->tensors[hidden], b->type, build_params(b, n->out[0]));
    set_quant(b, &b->out->tensors[cell], TYPE_S16, (struct quant_params){cell_scale(&b->plan->stats[cell]), 0});
}
