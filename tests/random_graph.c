/* SPDX-License-Identifier: MIT */
#include "random_graph.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NODES = 256, PORTS = 3 };

static uint32_t random_state;
static enum type type; /* of all activations */

static int32_t pick(int32_t low, int32_t high)
{
    random_state = random_state * 1664525 + 1013904223;
    return low + (int32_t)((random_state >> 8) % (uint32_t)(high - low + 1));
}

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

static int32_t add_activation(struct graph *g)
{
    const int32_t t = add_tensor(g, type, 4, (int32_t[]){1, 1, 1, 1});
    if (type == TYPE_S8) {
        g->tensors[t].quant = make_quant(g->arena, 0.0625F, pick(0, 1) * pick(-3, 3));
    }
    return t;
}

static int32_t add_numbers(struct graph *g, int32_t rank, const int32_t dim[], const int32_t *values)
{
    const int32_t t = add_tensor(g, TYPE_S32, rank, dim);
    g->tensors[t].data = arena_copy(g->arena, values, (size_t)ir_size(&g->tensors[t]));
    return t;
}

/* A filter for output channels along `axis`, a third of which have none but zeros. */
static int32_t add_filter(struct graph *g, const int32_t dim[4], int axis)
{
    const int32_t t = add_tensor(g, type, 4, dim);
    struct tensor *filter = &g->tensors[t];
    const int64_t count = ir_count(filter), inner = axis == 0 ? count / dim[0] : 1;
    bool *is_zero = ARENA_ARRAY(g->arena, dim[axis], bool);
    for (int32_t c = 0; c < dim[axis]; c++) {
        is_zero[c] = pick(0, 2) == 0;
    }
    int8_t *data = ARENA_ARRAY(g->arena, count, int8_t);
    float *real = ARENA_ARRAY(g->arena, count, float);
    for (int64_t i = 0; i < count; i++) {
        data[i] = (int8_t)(is_zero[i / inner % dim[axis]] ? 0 : pick(-8, 8));
        real[i] = (float)data[i] / 16;
    }
    filter->data = type == TYPE_S8 ? (void *)data : real;
    if (type == TYPE_S8) {
        filter->quant = make_quant(g->arena, 0.0625F, 0);
    }
    return t;
}

static int32_t add_bias(struct graph *g, int32_t channels)
{
    int32_t *data = ARENA_ARRAY(g->arena, channels, int32_t);
    float *real = ARENA_ARRAY(g->arena, channels, float);
    for (int32_t i = 0; i < channels; i++) {
        data[i] = pick(-300, 300);
        real[i] = pick(0, 1) == 0 ? 0 : (float)data[i] / 256;
    }
    const int32_t t = add_numbers(g, 1, &channels, data);
    if (type == TYPE_F32) {
        g->tensors[t].type = TYPE_F32;
        g->tensors[t].data = real;
    }
    return t;
}

/*** Nodes; input 0 is there already, outputs come later ***/

typedef void make_node(struct graph *g, struct node *n, int32_t in);

static void add_window(struct node *n, const struct tensor *in, int32_t *size)
{
    const int32_t dilation = pick(1, 5) / 5 + 1;
    n->attr = (struct attr){.padding = pick(0, 3) > 0 ? PADDING_SAME : PADDING_VALID,
                            .stride_h = pick(1, 5) / 3 + 1,
                            .stride_w = pick(1, 2),
                            .dilation_h = dilation,
                            .dilation_w = 1,
                            .activation = pick(0, 2) == 0 ? ACT_RELU : ACT_NONE};
    *size = in->dim[1] > 6 && in->dim[2] > 6 ? pick(1, 3) : 1;
}

static void make_conv(struct graph *g, struct node *n, int32_t in)
{
    int32_t size;
    n->op = OP_CONV_2D;
    add_window(n, &g->tensors[in], &size);
    const int32_t channels = pick(1, 9);
    n->in[n->in_count++] = add_filter(g, (int32_t[]){channels, size, size, g->tensors[in].dim[3]}, 0);
    if (pick(0, 2) > 0) {
        n->in[n->in_count++] = add_bias(g, channels);
    }
}

static void make_depthwise(struct graph *g, struct node *n, int32_t in)
{
    int32_t size;
    n->op = OP_DEPTHWISE_CONV_2D;
    add_window(n, &g->tensors[in], &size);
    const int32_t channels = g->tensors[in].dim[3] * (pick(0, 5) / 5 + 1);
    n->in[n->in_count++] = add_filter(g, (int32_t[]){1, size, size, channels}, 3);
    if (pick(0, 2) > 0) {
        n->in[n->in_count++] = add_bias(g, channels);
    }
}

/* The same bytes with height and width exchanged, or as they were. */
static void make_view(struct graph *g, struct node *n, int32_t in)
{
    const int32_t *dim = g->tensors[in].dim;
    const int h = pick(0, 2) == 0 ? 1 : 2;
    n->op = OP_RESHAPE;
    n->attr.list = arena_copy(g->arena, (int32_t[]){dim[0], dim[h], dim[3 - h], dim[3]}, 4 * sizeof dim[0]);
    n->attr.list_count = 4;
}

static void make_transpose(struct graph *g, struct node *n, int32_t in)
{
    (void)in;
    n->op = OP_TRANSPOSE;
    n->in[n->in_count++] = add_numbers(g, 1, (int32_t[]){4}, (int32_t[]){0, 2, 1, 3});
}

static void make_pad(struct graph *g, struct node *n, int32_t in)
{
    (void)in;
    n->op = OP_PAD;
    const int32_t pads[] = {0, 0, pick(0, 1), pick(0, 1), pick(0, 1), pick(0, 1), 0, pick(0, 5) / 5};
    n->in[n->in_count++] = add_numbers(g, 2, (int32_t[]){4, 2}, pads);
}

static void make_pool(struct graph *g, struct node *n, int32_t in)
{
    n->op = pick(0, 1) == 0 ? OP_MAX_POOL_2D : OP_AVERAGE_POOL_2D;
    add_window(n, &g->tensors[in], &n->attr.filter_h);
    const int32_t size = g->tensors[in].dim[1] > 3 && g->tensors[in].dim[2] > 3 ? pick(1, 3) : 1;
    n->attr.filter_h = n->attr.filter_w = size;
    n->attr.dilation_h = n->attr.dilation_w = 0;
}

static void make_sum(struct graph *g, struct node *n, int32_t in)
{
    n->op = OP_ADD;
    n->attr.activation = pick(0, 2) == 0 ? ACT_RELU6 : ACT_NONE;
    n->in[n->in_count++] = in;
    for (int32_t t = g->tensor_count - 1; t >= 0; t--) { /* the latest tensor of the same shape, else itself */
        const struct tensor *other = &g->tensors[t];
        if (t != in && other->data == NULL && other->type == type && other->rank == 4 && t != n->out[0] &&
            memcmp(other->dim, g->tensors[in].dim, sizeof other->dim) == 0) {
            n->in[1] = t;
            return;
        }
    }
}

static void make_unary(struct graph *g, struct node *n, int32_t in)
{
    static const enum op ops[] = {OP_RELU, OP_RELU, OP_RELU6, OP_ABS, OP_HARD_SWISH};
    (void)g;
    (void)in;
    n->op = ops[pick(0, COUNT_OF(ops) - 1)];
}

static make_node *const makers[] = {make_conv,      make_conv, make_conv,      make_conv, make_depthwise,
                                    make_depthwise, make_view, make_transpose, make_pad,  make_pool,
                                    make_sum,       make_sum,  make_unary,     make_unary};

/* Pooling and, mostly, activations keep the quantisation. */
static void copy_quant(struct graph *g, const struct node *n)
{
    const bool is_pool = n->op == OP_MAX_POOL_2D || n->op == OP_AVERAGE_POOL_2D;
    const bool is_other = n->op == OP_CONV_2D || n->op == OP_DEPTHWISE_CONV_2D || n->op == OP_ADD;
    if (is_pool || (!is_other && pick(0, 3) > 0)) {
        g->tensors[n->out[0]].quant = g->tensors[n->in[0]].quant;
    }
}

/* An operator on a random earlier tensor; a convolution in place of what does not fit. */
static int32_t add_node(struct graph *g, const int32_t *activations, int32_t count)
{
    const int32_t in = activations[pick(count > 3 ? count - 3 : 0, count - 1)];
    struct node *n = &g->nodes[g->node_count];
    struct diag diag = {0};
    *n = (struct node){.index = g->node_count++, .in_count = 1, .out_count = 1};
    n->in = ARENA_ARRAY(g->arena, PORTS, int32_t);
    n->out = ARENA_ARRAY(g->arena, 1, int32_t);
    n->in[0] = in;
    n->out[0] = add_activation(g);
    n->name = g->tensors[n->out[0]].name;
    makers[pick(0, COUNT_OF(makers) - 1)](g, n, in);
    copy_quant(g, n);
    if (!ir_infer(g, n, &diag)) {
        abort();
    }
    return n->out[0];
}

static bool is_read(const struct graph *g, int32_t tensor)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].in_count; k++) {
            if (g->nodes[i].in[k] == tensor) {
                return true;
            }
        }
    }
    return false;
}

struct graph random_graph(struct arena *arena, uint32_t seed, int32_t nodes)
{
    random_state = seed * 2654435761U + 1;
    type = pick(0, 4) == 0 ? TYPE_F32 : TYPE_S8;
    struct graph g = {.arena = arena, .name = "random"};
    int32_t activations[MOST_NODES + 1];
    int32_t count = 0;
    g.nodes = ARENA_ARRAY(arena, MOST_NODES, struct node);
    g.inputs = ARENA_ARRAY(arena, 1, int32_t);
    g.outputs = ARENA_ARRAY(arena, MOST_NODES, int32_t);
    activations[count++] = g.inputs[g.input_count++] = add_activation(&g);
    const int32_t dim[4] = {pick(1, 6) / 6 + 1, pick(1, 24), pick(1, 12), pick(1, 4)};
    memcpy(g.tensors[g.inputs[0]].dim, dim, sizeof dim);
    nodes = nodes > 0 ? nodes : pick(1, 20);
    for (int32_t i = 0; i < nodes; i++) {
        activations[count] = add_node(&g, activations, count);
        count++;
    }
    for (int32_t i = 1; i < count; i++) { /* what nobody reads is an output, the last one, and some others */
        if (!is_read(&g, activations[i]) || i == count - 1 || pick(0, 7) == 0) {
            g.outputs[g.output_count++] = activations[i];
        }
    }
    return g;
}

/* A node with one activation as output, of one or two inputs. */
static struct node *add_fixed(struct graph *g, enum op op, int32_t in, int32_t other)
{
    struct node *n = &g->nodes[g->node_count];
    *n = (struct node){.op = op, .index = g->node_count++, .in_count = 2, .out_count = 1};
    n->in = arena_copy(g->arena, (int32_t[]){in, other}, 2 * sizeof in);
    n->out = ARENA_ARRAY(g->arena, 1, int32_t);
    n->out[0] = add_activation(g);
    n->name = g->tensors[n->out[0]].name;
    n->attr = (struct attr){.padding = PADDING_SAME, .stride_h = 2, .stride_w = 2, .dilation_h = 1, .dilation_w = 1};
    n->attr.keep_dims = true;
    return n;
}

static int32_t infer(struct graph *g, struct node *n)
{
    struct diag diag = {0};
    if (!ir_infer(g, n, &diag)) {
        abort();
    }
    return n->out[0];
}

/* One input of these dims, room for nodes and one output. */
static struct graph begin_graph(struct arena *arena, const char *name, enum type of, int32_t nodes,
                                const int32_t dim[4])
{
    struct graph g = {.arena = arena, .name = name};
    random_state = 1;
    type = of;
    g.nodes = ARENA_ARRAY(arena, nodes, struct node);
    g.inputs = ARENA_ARRAY(arena, 1, int32_t);
    g.outputs = ARENA_ARRAY(arena, 1, int32_t);
    g.inputs[g.input_count++] = add_activation(&g);
    memcpy(g.tensors[g.inputs[0]].dim, dim, 4 * sizeof *dim);
    return g;
}

struct graph planes_graph(struct arena *arena)
{
    struct graph g = begin_graph(arena, "planes", TYPE_F32, 5, (int32_t[]){1, 3, 64, 64});
    const int32_t in = g.inputs[0];
    const int32_t order = add_numbers(&g, 1, (int32_t[]){4}, (int32_t[]){0, 2, 3, 1});
    const int32_t pixels = infer(&g, add_fixed(&g, OP_TRANSPOSE, in, order));
    const int32_t filter = add_filter(&g, (int32_t[]){16, 3, 3, 3}, 0);
    const int32_t whole = infer(&g, add_fixed(&g, OP_CONV_2D, pixels, filter));
    const int32_t axes = add_numbers(&g, 1, (int32_t[]){2}, (int32_t[]){1, 2});
    const int32_t mean = infer(&g, add_fixed(&g, OP_MEAN, whole, axes));
    const int32_t times = infer(&g, add_fixed(&g, OP_MUL, whole, mean));
    g.outputs[g.output_count++] = infer(&g, add_fixed(&g, OP_MEAN, times, axes));
    return g;
}

struct graph dense_graph(struct arena *arena, int32_t inputs, int32_t outputs)
{
    struct graph g = begin_graph(arena, "dense", TYPE_S8, 1, (int32_t[]){1, 1, 1, inputs});
    const int32_t in = g.inputs[0];
    const int32_t filter = add_filter(&g, (int32_t[]){outputs, 1, 1, inputs}, 0);
    float *scales = ARENA_ARRAY(arena, outputs, float);
    for (int32_t o = 0; o < outputs; o++) {
        scales[o] = (float)pick(1, 8) / 128;
    }
    g.tensors[filter].quant = (struct quant){outputs, 0, scales, ARENA_ARRAY(arena, outputs, int32_t)};
    g.outputs[g.output_count++] = infer(&g, add_fixed(&g, OP_CONV_2D, in, filter));
    return g;
}
