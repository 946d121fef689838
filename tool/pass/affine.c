/* SPDX-License-Identifier: MIT
 *
 * Constant factors and summands for each channel, as batch normalisation leaves them, go into the weights and the bias
 * of the operator before, floats alone. A bias where there was none gives the same bits; a factor, or a bias more,
 * rounds in another place.
 */
#include <string.h>

#include "wires.h"

/* The dim of the filter that numbers the channels of the output; -1: the operator has no filter. */
static int32_t channel_dim(enum op op)
{
    switch (op) {
    case OP_CONV_2D:
    case OP_FULLY_CONNECTED:
    case OP_TRANSPOSE_CONV:
        return 0;
    case OP_DEPTHWISE_CONV_2D:
        return 3;
    default:
        return -1;
    }
}

static int bias_input(enum op op) { return op == OP_TRANSPOSE_CONV ? 3 : 2; }

/* One value, or one for each channel. */
static bool is_for_channels(const struct tensor *t, int32_t channels)
{
    return t->data != NULL && t->type == TYPE_F32 &&
           (ir_count(t) == 1 || (ir_count(t) == channels && ir_dim(t, -1) == channels));
}

static bool may_take(const struct graph *g, const struct node *n)
{
    const int32_t dim = channel_dim(n->op);
    const struct tensor *filter = dim >= 0 ? ir_in(g, n, 1) : NULL;
    const struct tensor *bias = dim >= 0 ? ir_in(g, n, bias_input(n->op)) : NULL, *out = ir_out(g, n, 0);
    if (filter == NULL || filter->data == NULL || filter->type != TYPE_F32 || out->type != TYPE_F32 ||
        n->attr.activation != ACT_NONE || filter->rank <= dim) {
        return false;
    }
    const int32_t channels = filter->dim[dim];
    return ir_dim(out, -1) == channels && (bias == NULL || is_for_channels(bias, channels)) &&
           (bias == NULL || ir_count(bias) == channels);
}

static float value_at(const struct tensor *t, int32_t channel)
{
    return ((const float *)t->data)[ir_count(t) == 1 ? 0 : channel];
}

/* A constant like tensor `like` with these values. */
static int32_t add_constant(struct graph *g, int32_t like, int32_t rank, const int32_t dim[], const float *values)
{
    const char *name = g->tensors[like].name;
    const int32_t index = ir_add_tensor(g);
    g->tensors[index] = (struct tensor){.name = name, .type = TYPE_F32, .rank = rank, .data = values};
    memcpy(g->tensors[index].dim, dim, (size_t)rank * sizeof dim[0]);
    return index;
}

static void scale_filter(struct graph *g, struct node *n, const struct tensor *factor, int32_t channels)
{
    const struct tensor filter = *ir_in(g, n, 1);
    const int64_t count = ir_count(&filter), inner = channel_dim(n->op) == 0 ? count / channels : 1;
    float *values = ARENA_ARRAY(g->arena, count, float);
    for (int64_t i = 0; i < count; i++) {
        values[i] = ((const float *)filter.data)[i] * value_at(factor, (int32_t)(i / inner % channels));
    }
    n->in[1] = add_constant(g, n->in[1], filter.rank, filter.dim, values);
}

/* The bias of n after `by`: bias * constant, bias + constant or bias - constant. */
static void set_bias(struct graph *g, struct node *n, enum op by, const struct tensor *constant, int32_t like,
                     int32_t channels)
{
    const int at = bias_input(n->op);
    const struct tensor *bias = ir_in(g, n, at);
    if (bias == NULL && by == OP_MUL) {
        return;
    }
    float *values = ARENA_ARRAY(g->arena, channels, float);
    for (int32_t c = 0; c < channels; c++) {
        const float x = value_at(constant, c), term = by == OP_SUB ? -x : x;
        values[c] = bias == NULL ? term : by == OP_MUL ? value_at(bias, c) * x : value_at(bias, c) + term;
    }
    int32_t *in = ARENA_ARRAY(g->arena, at + 1, int32_t);
    for (int i = 0; i < at; i++) {
        in[i] = i < n->in_count ? n->in[i] : NO_TENSOR;
    }
    in[at] = add_constant(g, bias != NULL ? n->in[at] : like, 1, &channels, values);
    n->in = in;
    n->in_count = at + 1;
}

/* The input of a MUL, ADD or SUB that is a constant for each channel; -1: none. */
static int find_constant(const struct graph *g, const struct node *n)
{
    const struct tensor *out = ir_out(g, n, 0);
    if ((n->op != OP_MUL && n->op != OP_ADD && n->op != OP_SUB) || out->type != TYPE_F32 || out->rank < 1 ||
        ir_count(out) == 0) {
        return -1;
    }
    for (int i = n->op == OP_SUB; i < 2; i++) {
        if (is_for_channels(ir_in(g, n, i), ir_dim(out, -1)) && ir_in(g, n, 1 - i)->data == NULL) {
            return i;
        }
    }
    return -1;
}

bool pass_fold_affine(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)evaluate;
    (void)diag;
    struct wires w;
    wires_init(&w, g);
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const int k = find_constant(g, n);
        const int32_t from = k >= 0 ? wires_in(&w, n, 1 - k) : NO_TENSOR;
        struct node *writer = wires_writer(&w, from);
        if (writer == NULL || w.readers[from] != 1 || w.is_output[from] || !may_take(g, writer) ||
            !same_shape(&g->tensors[from], ir_out(g, n, 0))) {
            continue;
        }
        const struct tensor constant = *ir_in(g, n, k);
        const enum activation activation = n->attr.activation;
        const int32_t channels = ir_dim(ir_out(g, n, 0), -1);
        if (!wires_absorb(&w, n, from)) {
            continue;
        }
        if (n->op == OP_MUL) {
            scale_filter(g, writer, &constant, channels);
        }
        set_bias(g, writer, n->op, &constant, n->in[k], channels);
        writer->attr.activation = activation;
    }
    wires_apply(&w);
    return true;
}
