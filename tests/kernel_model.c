/* SPDX-License-Identifier: MIT
 *
 * Writes a model of many random operators side by side, for `mote verify` to hold the kernels of a core against the
 * portable ones: shapes at the limits of loops that take several pixels, channels or inputs at once, borders, weights
 * and zero points at the ends of their range, outputs that do and do not saturate.
 *
 *     kernel_model FAMILY SEED COUNT FILE      FAMILY: one of `families`, or any
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/ir/ir.h"
#include "../tool/write/write.h"

enum { MOST_NODES = 1000, PORTS = 24, MEMORY_LIMIT = 1 << 28 };

static uint32_t random_state;
static enum type type; /* of activations */

static int32_t pick(int32_t low, int32_t high)
{
    random_state = random_state * 1664525 + 1013904223;
    return low + (int32_t)((random_state >> 8) % (uint32_t)(high - low + 1));
}

#define PICK_OF(...) \
    ((const int32_t[]){__VA_ARGS__}[pick(0, (int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)) - 1)])

/*** Tensors ***/

static struct quant make_quant(struct arena *arena, float scale, int32_t zero)
{
    return (struct quant){1, 0, arena_copy(arena, &scale, sizeof scale), arena_copy(arena, &zero, sizeof zero)};
}

static int32_t add_tensor(struct graph *g, enum type of, int32_t rank, const int32_t dim[])
{
    const int32_t t = ir_add_tensor(g);
    g->tensors[t].name = arena_printf(g->arena, "t%d", t);
    g->tensors[t].type = of;
    g->tensors[t].rank = rank;
    memcpy(g->tensors[t].dim, dim, (size_t)rank * sizeof dim[0]);
    return t;
}

static int32_t pick_zero(void)
{
    const int32_t zero = PICK_OF(-128, -128, 0, 127, pick(-128, 127));
    return type == TYPE_S16 ? 0 : type == TYPE_U8 ? zero + 128 : zero;
}

static int32_t add_input(struct graph *g, struct node *n, int32_t rank, const int32_t dim[])
{
    const int32_t t = add_tensor(g, type, rank, dim);
    g->tensors[t].quant = make_quant(g->arena, 0.01F * (float)pick(1, 20), pick_zero());
    g->inputs[g->input_count++] = t;
    n->in[n->in_count++] = t;
    return t;
}

/* How large weights are: all, the ends of the range, small ones, few. -128 is rare in files, but legal. */
static int8_t pick_weight(int how)
{
    switch (how) {
    case 0:
        return (int8_t)PICK_OF(-127, 127, -128);
    case 1:
        return (int8_t)pick(-9, 9);
    case 2:
        return (int8_t)(pick(0, 7) == 0 ? pick(-127, 127) : 0);
    default:
        return (int8_t)pick(-127, 127);
    }
}

/* How a filter's zero point lies, if it has one: in the middle, near it, at an end. */
static int32_t pick_weight_zero(void) { return PICK_OF(128, 128, pick(118, 138), pick(60, 200), 0, 255); }

/* A filter with a scale for each index of `axis`, or with one. */
static int32_t add_filter(struct graph *g, struct node *n, int32_t rank, const int32_t dim[], int axis)
{
    const int32_t t = add_tensor(g, type == TYPE_U8 ? TYPE_U8 : TYPE_S8, rank, dim);
    struct tensor *filter = &g->tensors[t];
    const int64_t count = ir_count(filter);
    int8_t *data = ARENA_ARRAY(g->arena, count, int8_t);
    const int how = pick(0, 7), middle = type == TYPE_U8 ? 128 : 0;
    for (int64_t i = 0; i < count; i++) {
        data[i] = (int8_t)(pick_weight(how) + middle);
    }
    filter->data = data;
    const int32_t scales = pick(0, 2) == 0 || axis < 0 || type == TYPE_U8 ? 1 : dim[axis];
    float *scale = ARENA_ARRAY(g->arena, scales, float);
    int32_t *zero = ARENA_ARRAY(g->arena, scales, int32_t);
    for (int32_t i = 0; i < scales; i++) {
        scale[i] = 0.001F * (float)pick(1, 30);
        zero[i] = type == TYPE_U8 ? pick_weight_zero() : 0;
    }
    filter->quant = (struct quant){scales, scales > 1 ? axis : 0, scale, zero};
    n->in[n->in_count++] = t;
    return t;
}

static void add_bias(struct graph *g, struct node *n, int32_t channels)
{
    const int32_t most = 1 << PICK_OF(1, 8, 12, 16, 20);
    int32_t *data = ARENA_ARRAY(g->arena, channels, int32_t);
    int64_t *wide = ARENA_ARRAY(g->arena, channels, int64_t);
    for (int32_t i = 0; i < channels; i++) {
        data[i] = pick(-most, most);
        wide[i] = data[i];
    }
    const bool is_wide = type == TYPE_S16 && (n->op == OP_UNIDIRECTIONAL_SEQUENCE_LSTM || pick(0, 3) > 0);
    const int32_t t = add_tensor(g, is_wide ? TYPE_S64 : TYPE_S32, 1, &channels);
    g->tensors[t].data = is_wide ? (void *)wide : data;
    n->in[n->in_count++] = t;
}

/* The output's scale is such that sums of `depth` products fill its range, more or less; now and then far from it. */
static void add_output(struct graph *g, struct node *n, double scale)
{
    const int32_t t = add_tensor(g, type, 1, (int32_t[]){1});
    const double far = pick(0, 4) == 0 ? ldexp(1, pick(type == TYPE_S16 ? -4 : -9, 9)) : ldexp(1, pick(-2, 2));
    g->tensors[t].quant = make_quant(g->arena, (float)(scale * far), pick_zero());
    n->out[n->out_count++] = t;
    g->outputs[g->output_count++] = t;
}

static void add_sums(struct graph *g, struct node *n, int64_t depth)
{
    const int input = n->op == OP_TRANSPOSE_CONV ? 2 : 0;
    const struct quant *in = &g->tensors[n->in[input]].quant, *filter = &g->tensors[n->in[1]].quant;
    add_output(g, n, (double)in->scale[0] * (double)filter->scale[0] * 40 * sqrt((double)depth));
}

/*** Operators ***/

static enum activation pick_activation(void)
{
    return (enum activation)PICK_OF(ACT_NONE, ACT_RELU, ACT_RELU, ACT_RELU6);
}

static void make_conv(struct graph *g, struct node *n)
{
    const int32_t kind = pick(0, 4); /* 1x1, square, all of the image, any */
    const int32_t h = kind == 0 ? pick(1, 2) : pick(1, 5), w = PICK_OF(1, 2, 3, 4, 5, 7, 9);
    const int32_t kh = kind == 0 ? 1 : kind == 1 ? 3 : kind == 2 ? h : pick(1, 6);
    const int32_t kw = kind == 0 ? 1 : kind == 1 ? 3 : kind == 2 ? w : pick(1, 5);
    const int32_t c = PICK_OF(1, 2, 3, 4, 5, 6, 8, 12, 16, 17, 20), o = PICK_OF(1, 2, 3, 4, 5, 6, 7, 8, 9, 17);
    const int32_t groups = c % 2 == 0 && o % 2 == 0 && type != TYPE_U8 && pick(0, 5) == 0 ? 2 : 1;
    const bool is_inside = kh <= h && kw <= w;
    n->op = OP_CONV_2D;
    n->attr = (struct attr){.padding = kind == 2 || (is_inside && pick(0, 1) == 0) ? PADDING_VALID : PADDING_SAME,
                            .stride_h = pick(1, 2),
                            .stride_w = PICK_OF(1, 1, 2, 3),
                            .dilation_h = 1,
                            .dilation_w = 1,
                            .activation = pick_activation()};
    if (n->attr.stride_w == 1 && n->attr.padding == PADDING_SAME && pick(0, 5) == 0) {
        n->attr.dilation_w = pick(2, 3);
    }
    add_input(g, n, 4, (int32_t[]){1, h, w, c});
    add_filter(g, n, 4, (int32_t[]){o, kh, kw, c / groups}, 0);
    add_bias(g, n, o);
    add_sums(g, n, (int64_t)kh * kw * c / groups);
}

static void make_transpose_conv(struct graph *g, struct node *n)
{
    const int32_t h = pick(1, 4), w = PICK_OF(1, 2, 3, 5), kh = pick(1, 4), kw = PICK_OF(1, 2, 3, 4);
    const int32_t c = PICK_OF(1, 3, 4, 5, 8, 17), o = PICK_OF(1, 2, 3, 4, 5, 8, 9);
    const int32_t stride_h = pick(1, 3), stride_w = pick(1, 3);
    const bool is_same = pick(0, 1) == 0;
    const int32_t out[4] = {1, is_same ? h * stride_h : (h - 1) * stride_h + kh,
                            is_same ? w * stride_w : (w - 1) * stride_w + kw, o};
    n->op = OP_TRANSPOSE_CONV;
    n->attr = (struct attr){.padding = is_same ? PADDING_SAME : PADDING_VALID,
                            .stride_h = stride_h,
                            .stride_w = stride_w,
                            .activation = pick_activation()};
    const int32_t shape = add_tensor(g, TYPE_S32, 1, (int32_t[]){4});
    g->tensors[shape].data = arena_copy(g->arena, out, sizeof out);
    n->in[n->in_count++] = shape;
    add_filter(g, n, 4, (int32_t[]){o, kh, kw, c}, 0);
    add_input(g, n, 4, (int32_t[]){1, h, w, c});
    add_bias(g, n, o);
    add_sums(g, n, (int64_t)kh * kw * c / stride_h / stride_w + 1);
}

static void make_depthwise(struct graph *g, struct node *n)
{
    const int32_t kind = pick(0, 3); /* 3x3, mostly; one column; any */
    const int32_t h = pick(1, 5), w = kind == 1 ? 1 : PICK_OF(1, 2, 3, 4, 5, 5, 5, 6, 6, 6, 7, 9, 12);
    const int32_t kh = kind < 1    ? pick(1, 7)
                       : kind == 1 ? pick(2, 9)
                                   : 3,
                  kw = kind < 1    ? pick(1, 4)
                       : kind == 1 ? 1
                                   : 3;
    const int32_t multiplier = pick(0, 4) > 0 ? 1 : pick(2, 5), c = PICK_OF(1, 2, 3, 4, 5, 6, 8, 9, 16, 17, 20);
    n->op = OP_DEPTHWISE_CONV_2D;
    n->attr =
        (struct attr){.padding = kh <= h && kw <= w ? (enum padding)PICK_OF(PADDING_SAME, PADDING_VALID) : PADDING_SAME,
                      .stride_h = PICK_OF(1, 1, 2),
                      .dilation_h = 1,
                      .dilation_w = 1,
                      .depth_multiplier = multiplier,
                      .activation = pick_activation()};
    n->attr.stride_w = n->attr.stride_h;
    if (n->attr.stride_h == 1 && n->attr.padding == PADDING_SAME && pick(0, 5) == 0) {
        n->attr.dilation_h = pick(1, 3);
        n->attr.dilation_w = pick(1, 3);
    }
    add_input(g, n, 4, (int32_t[]){1, h, w, c});
    add_filter(g, n, 4, (int32_t[]){1, kh, kw, c * multiplier}, 3);
    add_bias(g, n, c * multiplier);
    add_sums(g, n, kh * kw);
}

static void make_dense(struct graph *g, struct node *n)
{
    const int32_t depth = PICK_OF(1, 2, 3, 4, 5, 8, 12, 16, 17, 33, 64, 100, 301, 2048),
                  out = PICK_OF(1, 2, 3, 4, 5, 6, 7, 8, 9, 18);
    n->op = OP_FULLY_CONNECTED;
    n->attr = (struct attr){.activation = pick_activation()};
    add_input(g, n, 2, (int32_t[]){pick(1, 2), depth});
    add_filter(g, n, 2, (int32_t[]){out, depth}, type == TYPE_S16 ? -1 : 0);
    add_bias(g, n, out);
    add_sums(g, n, depth);
}

static void make_binary(struct graph *g, struct node *n)
{
    const int32_t dim[4] = {1, pick(1, 3), PICK_OF(1, 2, 3, 5, 8), PICK_OF(1, 2, 3, 4, 5, 7, 8, 16, 17)};
    n->op = (enum op)PICK_OF(OP_ADD, OP_ADD, OP_SUB, OP_MUL);
    n->attr = (struct attr){.activation = pick_activation()};
    add_input(g, n, 4, dim);
    const int32_t other = add_input(g, n, 4, dim);
    if (pick(0, 5) == 0) {
        g->tensors[other].quant.scale = g->tensors[n->in[0]].quant.scale;
    }
    const double a = (double)g->tensors[n->in[0]].quant.scale[0], b = (double)g->tensors[other].quant.scale[0];
    add_output(g, n, n->op == OP_MUL ? a * b * 40 : a + b);
}

/* What keeps the quantisation of its input. */
static void keep_quant(struct graph *g, struct node *n)
{
    add_output(g, n, 1);
    g->tensors[n->out[0]].quant = g->tensors[n->in[0]].quant;
}

static void make_pool(struct graph *g, struct node *n)
{
    const int32_t kh = pick(1, 4), kw = pick(1, 4), h = pick(1, 6), w = pick(1, 7);
    n->op = (enum op)PICK_OF(OP_AVERAGE_POOL_2D, OP_MAX_POOL_2D);
    n->attr =
        (struct attr){.padding = kh <= h && kw <= w ? (enum padding)PICK_OF(PADDING_SAME, PADDING_VALID) : PADDING_SAME,
                      .stride_h = pick(1, 2),
                      .stride_w = pick(1, 3),
                      .filter_h = kh,
                      .filter_w = kw,
                      .activation = pick_activation()};
    add_input(g, n, 4, (int32_t[]){1, h, w, PICK_OF(1, 2, 3, 4, 5, 8, 17)});
    keep_quant(g, n);
}

static void make_mean(struct graph *g, struct node *n)
{
    const int32_t dim[4] = {1, pick(1, 4), pick(1, 5), PICK_OF(1, 2, 3, 4, 5, 8, 17)};
    const int32_t count = pick(1, 2), first = pick(1, 4 - count), axes[2] = {first, first + 1};
    n->op = (enum op)PICK_OF(OP_MEAN, OP_MEAN, OP_SUM);
    n->attr = (struct attr){.keep_dims = true};
    add_input(g, n, 4, dim);
    const int32_t list = add_tensor(g, TYPE_S32, 1, &count);
    g->tensors[list].data = arena_copy(g->arena, axes, sizeof axes);
    n->in[n->in_count++] = list;
    add_output(g, n, (double)g->tensors[n->in[0]].quant.scale[0] * (n->op == OP_SUM ? 8 : 1));
}

static void make_softmax(struct graph *g, struct node *n)
{
    n->op = OP_SOFTMAX;
    n->attr = (struct attr){.beta = (float)PICK_OF(1, 1, 1, 3, 20) / (float)PICK_OF(1, 1, 1, 7, 100)};
    add_input(g, n, 2, (int32_t[]){pick(1, 3), PICK_OF(1, 2, 3, 4, 10, 12, 33, 300)});
    add_output(g, n, 1);
    struct tensor *out = &g->tensors[n->out[0]];
    const bool is_wide = type == TYPE_S8 && pick(0, 3) == 0;
    out->type = is_wide ? TYPE_S16 : type;
    out->quant = is_wide            ? make_quant(g->arena, 1.0F / 65536, -32768)
                 : type == TYPE_S16 ? make_quant(g->arena, 1.0F / 32768, 0)
                                    : make_quant(g->arena, 1.0F / 256, type == TYPE_S8 ? -128 : 0);
}

/* int8 or int16, of few units, mostly saturated somewhere; the state stays from one invoke to the next. */
static void make_lstm(struct graph *g, struct node *n)
{
    enum { GATES = 4, LEFT_OUT = 3 };
    const int32_t in_count = PICK_OF(1, 3, 4, 5, 8, 17), units = PICK_OF(1, 2, 3, 4, 5, 8), batches = pick(1, 2);
    n->op = OP_UNIDIRECTIONAL_SEQUENCE_LSTM;
    n->attr = (struct attr){.activation = ACT_TANH, .resets = pick(0, 1), .time_major = pick(0, 1)};
    n->attr.cell_clip = pick(0, 2) == 0 ? 1 : 0;
    const int32_t steps = pick(1, 3);
    add_input(g, n, 3,
              n->attr.time_major ? (int32_t[]){steps, batches, in_count} : (int32_t[]){batches, steps, in_count});
    const float coarse = pick(0, 5) == 0 ? 64 : 1;
    g->tensors[n->in[0]].quant =
        make_quant(g->arena, ldexpf(coarse, type == TYPE_S16 ? -pick(11, 15) : -pick(6, 9)), pick_zero());
    for (int k = 0; k < 2 * GATES; k++) {
        const int32_t filter = add_filter(g, n, 2, (int32_t[]){units, k < GATES ? in_count : units}, -1);
        g->tensors[filter].quant = make_quant(g->arena, 0.0005F * (float)pick(1, 20), 0);
    }
    for (int k = 0; k < LEFT_OUT; k++) {
        n->in[n->in_count++] = NO_TENSOR;
    }
    for (int k = 0; k < GATES; k++) {
        add_bias(g, n, units);
    }
    n->in[n->in_count++] = NO_TENSOR;
    n->in[n->in_count++] = NO_TENSOR;
    const struct quant hidden = make_quant(g->arena, ldexpf(1, type == TYPE_S16 ? -15 : -7), pick_zero());
    for (int k = 0; k < 2; k++) {
        const int32_t state = add_tensor(g, k == 0 ? type : TYPE_S16, 2, (int32_t[]){batches, units});
        g->tensors[state].is_state = true;
        g->tensors[state].quant = k == 0 ? hidden : make_quant(g->arena, ldexpf(1, -pick(8, 15)), 0);
        n->in[n->in_count++] = state;
    }
    while (n->in_count < PORTS) {
        n->in[n->in_count++] = NO_TENSOR;
    }
    add_output(g, n, 1);
    g->tensors[n->out[0]].quant = hidden;
}

static const struct family {
    const char *name;
    enum type type;
    void (*make)(struct graph *g, struct node *n);
} families[] = {
    {"conv", TYPE_S8, make_conv},          {"depthwise", TYPE_S8, make_depthwise},
    {"dense", TYPE_S8, make_dense},        {"transpose_conv", TYPE_S8, make_transpose_conv},
    {"binary", TYPE_S8, make_binary},      {"mean", TYPE_S8, make_mean},
    {"binary16", TYPE_S16, make_binary},   {"pool", TYPE_S8, make_pool},
    {"pool_u8", TYPE_U8, make_pool},       {"softmax", TYPE_S8, make_softmax},
    {"softmax16", TYPE_S16, make_softmax}, {"lstm", TYPE_S8, make_lstm},
    {"lstm16", TYPE_S16, make_lstm},       {"softmax_u8", TYPE_U8, make_softmax},
    {"conv16", TYPE_S16, make_conv},       {"depthwise16", TYPE_S16, make_depthwise},
    {"dense16", TYPE_S16, make_dense},     {"transpose_conv16", TYPE_S16, make_transpose_conv},
    {"conv_u8", TYPE_U8, make_conv},       {"depthwise_u8", TYPE_U8, make_depthwise},
    {"dense_u8", TYPE_U8, make_dense},
};

static const struct family *find_family(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        if (strcmp(families[i].name, name) == 0) {
            return &families[i];
        }
    }
    return NULL;
}

static void add_node(struct graph *g, const struct family *family)
{
    struct node *n = &g->nodes[g->node_count];
    struct diag diag = {0};
    *n = (struct node){.index = g->node_count++};
    n->in = ARENA_ARRAY(g->arena, PORTS, int32_t);
    n->out = ARENA_ARRAY(g->arena, 1, int32_t);
    type = family->type;
    family->make(g, n);
    n->name = g->tensors[n->out[0]].name;
    if (!ir_infer(g, n, &diag)) {
        fprintf(stderr, "%s: %s\n", family->name, diag.text);
        exit(1);
    }
}

static void add_nodes(struct graph *g, const struct family *family, int32_t count)
{
    g->nodes = ARENA_ARRAY(g->arena, count, struct node);
    g->inputs = ARENA_ARRAY(g->arena, 2 * count, int32_t);
    g->outputs = ARENA_ARRAY(g->arena, count, int32_t);
    while (g->node_count < count) {
        add_node(g, family != NULL ? family : &families[pick(0, COUNT_OF(families) - 1)]);
    }
}

int main(int argc, char **argv)
{
    const struct family *family = argc == 5 ? find_family(argv[1]) : NULL;
    const int count = argc == 5 ? atoi(argv[3]) : 0;
    if (count < 1 || count > MOST_NODES || (family == NULL && strcmp(argv[1], "any") != 0)) {
        fprintf(stderr, "usage: kernel_model FAMILY|any SEED COUNT FILE\n");
        return 2;
    }
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, MEMORY_LIMIT);
    random_state = (uint32_t)atoi(argv[2]) * 2654435761U + 1;
    struct graph g = {.arena = &arena, .name = "kernels"};
    add_nodes(&g, family, count);
    const struct file file = write_tflite(&g, &arena);
    const bool ok = write_has_tflite(&g, &diag) && file_write(argv[4], file.data, file.size, &diag);
    if (!ok) {
        fprintf(stderr, "%s\n", diag.text);
    }
    arena_free(&arena);
    return !ok;
}
