/* SPDX-License-Identifier: MIT
 *
 * Layers of a list as nodes. One-dimensional inputs, [time, channels], are images of width 1 for convolution and
 * pooling.
 */
#include <string.h>

#include "net.h"

static const float norm_epsilon = 0.001F;

static const struct tensor *at(const struct net *b) { return &b->graph->tensors[b->at]; }

static char *name_of(struct net *b, const char *text, int32_t number)
{
    return arena_printf(b->graph->arena, "%s%d", text, number);
}

static int32_t or_else(int32_t value, int32_t otherwise) { return value > 0 ? value : otherwise; }

void net_reshape(struct net *b, const char *name, int32_t rank, const int32_t dim[])
{
    const int32_t in[2] = {b->at, net_integers(b, name, rank, dim)};
    b->at = net_node(b, OP_RESHAPE, name, NULL, in, 2, 1);
}

void net_flatten(struct net *b)
{
    if (at(b)->rank != 2) {
        net_reshape(b, "flatten", 2, (int32_t[]){1, (int32_t)ir_count(at(b))});
    }
}

/* [1, height, width, channels], whatever it was. */
static void make_image(struct net *b)
{
    const struct tensor *t = at(b);
    if (!b->failed && t->rank < 4) {
        const int32_t h = t->rank > 1 ? t->dim[1] : 1;
        net_reshape(b, "image", 4, t->rank == 3 ? (int32_t[]){1, h, 1, t->dim[2]} : (int32_t[]){1, h, 1, 1});
    }
}

void net_dense(struct net *b, const char *name, int32_t units, enum activation activation)
{
    const int32_t inputs = ir_dim(at(b), -1);
    const struct attr attr = {.activation = activation, .keep_num_dims = at(b)->rank > 2};
    const int32_t in[3] = {b->at,
                           net_weights(b, arena_printf(b->graph->arena, "%s/weights", name), 2,
                                       (int32_t[]){units, inputs}, activation == ACT_NONE ? 2 * inputs : inputs),
                           net_floats(b, arena_printf(b->graph->arena, "%s/bias", name), 1, &units, 0)};
    b->at = net_node(b, OP_FULLY_CONNECTED, name, &attr, in, 3, 1);
}

void net_global_pool(struct net *b)
{
    if (!b->failed && at(b)->rank > 2) {
        const int32_t rank = at(b)->rank, axes[] = {1, 2};
        const int32_t in[2] = {b->at, net_integers(b, "axes", rank == 3 ? 1 : 2, axes)};
        b->at = net_node(b, OP_MEAN, "pool", NULL, in, 2, 1);
    }
}

void net_centre(struct net *b)
{
    make_image(b);
    if (b->failed) {
        return;
    }
    const int32_t time = at(b)->dim[1], values = b->at;
    const struct attr attr = {.padding = PADDING_VALID, .stride_h = 1, .stride_w = 1, .filter_h = time, .filter_w = 1};
    net_unary(b, OP_AVERAGE_POOL_2D, "mean", &attr);
    b->at = net_node(b, OP_SUB, "centred", NULL, (int32_t[]){values, b->at}, 2, 1);
}

void net_dropout(struct net *b, float rate)
{
    if (rate > 0) {
        net_unary(b, OP_DROPOUT, "dropout", &(struct attr){.alpha = rate});
    }
}

void net_head(struct net *b, int32_t classes, float dropout)
{
    net_global_pool(b);
    net_dropout(b, dropout);
    net_dense(b, "scores", classes, ACT_NONE);
    net_unary(b, OP_SOFTMAX, "classes", &(struct attr){.beta = 1});
}

/*** Activations ***/

static enum op activation_of(const struct train_layer *l)
{
    return l->is_linear ? OP_COUNT : l->activation != 0 ? l->activation : OP_RELU;
}

static enum activation fused(enum op op) { return op == OP_RELU ? ACT_RELU : op == OP_RELU6 ? ACT_RELU6 : ACT_NONE; }

/* What is not fused follows as a node of its own. */
static void add_activation(struct net *b, enum op op, const char *name)
{
    if (op != OP_COUNT && fused(op) == ACT_NONE) {
        net_unary(b, op, arena_printf(b->graph->arena, "%s/activation", name), NULL);
    }
}

/*** Convolutions ***/

static void add_norm(struct net *b, const char *name, enum activation activation)
{
    const int32_t channels = ir_dim(at(b), -1);
    const struct attr attr = {.epsilon = norm_epsilon, .activation = activation};
    const int32_t in[5] = {b->at, net_floats(b, "gamma", 1, &channels, 1), net_floats(b, "beta", 1, &channels, 0),
                           net_floats(b, "mean", 1, &channels, 0), net_floats(b, "variance", 1, &channels, 1)};
    b->at = net_node(b, OP_BATCH_NORM, arena_printf(b->graph->arena, "%s/norm", name), &attr, in, 5, 1);
}

/* One convolution of any kind, with its normalisation and activation. */
static void add_conv(struct net *b, enum op op, const char *name, const struct train_layer *l)
{
    make_image(b);
    if (b->failed) {
        return;
    }
    const bool is_flat = at(b)->dim[2] == 1; /* one-dimensional: the kernel has no width */
    const int32_t channels = at(b)->dim[3], h = l->kernel_h, w = is_flat ? 1 : l->kernel_w;
    const bool is_depthwise = op == OP_DEPTHWISE_CONV_2D;
    const int32_t filters = is_depthwise ? channels * or_else(l->filters / channels, 1) : l->filters;
    const enum op activation = activation_of(l);
    const struct attr attr = {.padding = l->padding,
                              .stride_h = l->stride_h,
                              .stride_w = is_flat ? 1 : l->stride_w,
                              .dilation_h = 1,
                              .dilation_w = 1,
                              .depth_multiplier = is_depthwise ? filters / channels : 0,
                              .activation = l->no_norm ? fused(activation) : ACT_NONE};
    const int32_t dim[4] = {is_depthwise ? 1 : filters, h, w, is_depthwise ? filters : channels};
    const int32_t in[3] = {b->at,
                           net_weights(b, arena_printf(b->graph->arena, "%s/filter", name), 4, dim,
                                       is_depthwise ? h * w : h * w * channels),
                           l->no_norm ? net_floats(b, arena_printf(b->graph->arena, "%s/bias", name), 1, &filters, 0)
                                      : NO_TENSOR};
    b->at = net_node(b, op, name, &attr, in, l->no_norm ? 3 : 2, 1);
    if (!l->no_norm && !b->failed) {
        add_norm(b, name, fused(activation));
    }
    add_activation(b, activation, name);
}

/* A copy of `l` for a part of a block. */
static struct train_layer part(const struct train_layer *l, int32_t filters, int32_t kernel, int32_t stride,
                               bool is_linear)
{
    struct train_layer p = *l;
    p.filters = filters;
    p.kernel_h = p.kernel_w = kernel;
    p.stride_h = p.stride_w = stride;
    p.is_linear = is_linear;
    return p;
}

static struct train_layer pointwise(const struct train_layer *l) { return part(l, l->filters, 1, 1, l->is_linear); }

/* Depthwise by the kernel, then 1x1 across channels. */
static void add_separable(struct net *b, const char *name, const struct train_layer *l)
{
    struct train_layer spatial = *l;
    spatial.filters = 0;
    const struct train_layer across = pointwise(l);
    add_conv(b, OP_DEPTHWISE_CONV_2D, arena_printf(b->graph->arena, "%s/depthwise", name), &spatial);
    add_conv(b, OP_CONV_2D, arena_printf(b->graph->arena, "%s/pointwise", name), &across);
}

/* Adds `shortcut`, of the same shape. */
static void join(struct net *b, const char *name, int32_t shortcut, enum op activation)
{
    const struct attr attr = {.activation = fused(activation)};
    const int32_t in[2] = {b->at, shortcut};
    b->at = net_node(b, OP_ADD, arena_printf(b->graph->arena, "%s/add", name), &attr, in, 2, 1);
    add_activation(b, activation, name);
}

/* Two convolutions, and the input past them, by a 1x1 convolution where its shape is another. */
static void add_residual(struct net *b, const char *name, const struct train_layer *l)
{
    make_image(b);
    if (b->failed) {
        return;
    }
    struct arena *a = b->graph->arena;
    const int32_t start = b->at;
    struct train_layer first = *l, second = *l, side = *l;
    second.stride_h = second.stride_w = 1;
    second.is_linear = side.is_linear = true;
    side.kernel_h = side.kernel_w = 1;
    int32_t shortcut = start;
    if (l->stride_h > 1 || l->stride_w > 1 || at(b)->dim[3] != l->filters) {
        add_conv(b, OP_CONV_2D, arena_printf(a, "%s/shortcut", name), &side);
        shortcut = b->at;
        b->at = start;
    }
    add_conv(b, OP_CONV_2D, arena_printf(a, "%s/first", name), &first);
    add_conv(b, OP_CONV_2D, arena_printf(a, "%s/second", name), &second);
    join(b, name, shortcut, activation_of(l));
}

/* MobileNetV2's: more channels, depthwise, fewer channels without activation; the input past them where it fits. */
static void add_bottleneck(struct net *b, const char *name, const struct train_layer *l)
{
    make_image(b);
    if (b->failed) {
        return;
    }
    struct arena *a = b->graph->arena;
    const int32_t start = b->at, channels = at(b)->dim[3], expansion = or_else(l->expansion, 6);
    const struct train_layer wide = part(l, channels * expansion, 1, 1, false),
                             narrow = part(l, l->filters, 1, 1, true);
    struct train_layer spatial = *l;
    spatial.filters = 0;
    spatial.is_linear = false;
    if (expansion > 1) {
        add_conv(b, OP_CONV_2D, arena_printf(a, "%s/expand", name), &wide);
    }
    add_conv(b, OP_DEPTHWISE_CONV_2D, arena_printf(a, "%s/depthwise", name), &spatial);
    add_conv(b, OP_CONV_2D, arena_printf(a, "%s/project", name), &narrow);
    if (l->stride_h == 1 && l->stride_w == 1 && channels == l->filters) {
        join(b, name, start, OP_COUNT);
    }
}

static void add_pool(struct net *b, enum op op, const char *name, const struct train_layer *l, int32_t kernel_h,
                     int32_t kernel_w)
{
    make_image(b);
    if (b->failed) {
        return;
    }
    const bool is_flat = at(b)->dim[2] == 1;
    const struct attr attr = {.padding = l->padding,
                              .filter_h = kernel_h,
                              .filter_w = is_flat ? 1 : kernel_w,
                              .stride_h = or_else(l->stride_h, kernel_h),
                              .stride_w = is_flat ? 1 : or_else(l->stride_w, kernel_w)};
    net_unary(b, op, name, &attr);
}

/*** Any ***/

/* Defaults for what is 0. */
static struct train_layer complete(const struct train_layer *layer)
{
    struct train_layer l = *layer;
    const bool is_pool = l.kind == TRAIN_MAX_POOL || l.kind == TRAIN_AVERAGE_POOL;
    l.kernel_h = or_else(l.kernel_h, is_pool ? 2 : 3);
    l.kernel_w = or_else(l.kernel_w, l.kernel_h);
    l.stride_h = or_else(l.stride_h, is_pool ? l.kernel_h : 1);
    l.stride_w = or_else(l.stride_w, layer->stride_h > 0 ? l.stride_h : is_pool ? l.kernel_w : 1);
    return l;
}

static bool check_layer(const struct train_layer *l, int32_t number, const char *name, struct diag *diag)
{
    enum { MOST_FILTERS = 1 << 16, MOST_EXPANSION = 64 }; /* so that no product overflows */
    const bool needs_filters = l->kind == TRAIN_CONV || l->kind == TRAIN_SEPARABLE || l->kind == TRAIN_RESIDUAL ||
                               l->kind == TRAIN_BOTTLENECK || l->kind == TRAIN_DENSE || l->kind == TRAIN_GRU;
    if (l->filters < (needs_filters ? 1 : 0) || l->filters > MOST_FILTERS) {
        return diag_fail(diag, "layer %d, %s: filters is %d, want 1 to %d", number, name, l->filters, MOST_FILTERS);
    }
    return (l->expansion >= 0 && l->expansion <= MOST_EXPANSION) ||
           diag_fail(diag, "layer %d, %s: expansion is %d, want at most %d", number, name, l->expansion,
                     MOST_EXPANSION);
}

void net_layer(struct net *b, const struct train_layer *layer, int32_t number)
{
    static const char *const names[] = {
#define LAYER(name, text) [TRAIN_##name] = text,
#include "layer.def"
#undef LAYER
    };
    const struct train_layer l = complete(layer);
    const char *name = name_of(b, names[l.kind], number);
    if (b->failed || !check_layer(&l, number, name, b->diag)) {
        b->failed = true;
        return;
    }
    switch (l.kind) {
    case TRAIN_CONV:
        add_conv(b, OP_CONV_2D, name, &l);
        return;
    case TRAIN_DEPTHWISE:
        add_conv(b, OP_DEPTHWISE_CONV_2D, name, &l);
        return;
    case TRAIN_SEPARABLE:
        add_separable(b, name, &l);
        return;
    case TRAIN_RESIDUAL:
        add_residual(b, name, &l);
        return;
    case TRAIN_BOTTLENECK:
        add_bottleneck(b, name, &l);
        return;
    case TRAIN_DENSE:
        net_flatten(b);
        net_dense(b, name, l.filters, fused(activation_of(&l)));
        add_activation(b, activation_of(&l), name);
        return;
    case TRAIN_GRU:
        net_gru(b, name, l.filters);
        return;
    case TRAIN_MAX_POOL:
        add_pool(b, OP_MAX_POOL_2D, name, &l, l.kernel_h, l.kernel_w);
        return;
    case TRAIN_AVERAGE_POOL:
        add_pool(b, OP_AVERAGE_POOL_2D, name, &l, l.kernel_h, l.kernel_w);
        return;
    case TRAIN_GLOBAL_POOL:
        net_global_pool(b);
        return;
    case TRAIN_FLATTEN:
        net_flatten(b);
        return;
    case TRAIN_DROPOUT:
        net_dropout(b, l.rate > 0 ? l.rate : 0.2F);
        return;
    default:
        net_unary(b, activation_of(&l) == OP_COUNT ? OP_RELU : activation_of(&l), name, NULL);
    }
}

void net_map_head(struct net *b, int32_t classes)
{
    const struct train_layer look = complete(&(struct train_layer){.filters = 32, .kernel_h = 1}),
                             tell = complete(&(struct train_layer){
                                 .filters = classes, .kernel_h = 1, .is_linear = true, .no_norm = true});
    add_conv(b, OP_CONV_2D, "cells", &look);
    add_conv(b, OP_CONV_2D, "scores", &tell);
    net_unary(b, OP_SOFTMAX, "classes", &(struct attr){.beta = 1});
}
