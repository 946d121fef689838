/* SPDX-License-Identifier: MIT
 *
 * Padding in the terms of TensorFlow Lite: rows and columns round the input of a filter become SAME where they are just
 * that, else a PAD before it, or a SLICE behind a transposed one, whose padding is cut off. What reads models of other
 * kinds leaves such padding in the options.
 */
#include <string.h>

#include "../ir/shape.h"
#include "work.h"

static bool is_padded(const struct attr *a) { return (a->pad_top | a->pad_bottom | a->pad_left | a->pad_right) != 0; }

struct extent {
    int32_t in, out, window, stride, dilation, before;
};

/* Whether SAME puts the windows to the same places. Behind the last row both have zeros. */
static bool is_same(struct extent e)
{
    return shape_window(PADDING_SAME, e.in, e.window, e.stride, e.dilation) == e.out &&
           shape_window_pad(PADDING_SAME, e.in, e.window, e.stride, e.dilation) == e.before;
}

static bool can_be_same(const struct graph *g, const struct node *n)
{
    const struct attr *a = &n->attr;
    const struct tensor *in = ir_in(g, n, 0), *out = ir_out(g, n, 0), *w = ir_in(g, n, 1);
    const bool is_pool = w == NULL;
    const int32_t h = is_pool ? a->filter_h : w->dim[1], width = is_pool ? a->filter_w : w->dim[2];
    const int32_t dilation_h = is_pool ? 1 : a->dilation_h, dilation_w = is_pool ? 1 : a->dilation_w;
    return is_same((struct extent){in->dim[1], out->dim[1], h, a->stride_h, dilation_h, a->pad_top}) &&
           is_same((struct extent){in->dim[2], out->dim[2], width, a->stride_w, dilation_w, a->pad_left});
}

/* Values that are never less than 0, which PAD puts round them. */
static bool is_positive(const struct graph *g, int32_t tensor)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (n->out_count > 0 && n->out[0] == tensor) {
            return n->op == OP_RELU || n->op == OP_RELU6 || n->op == OP_LOGISTIC || n->attr.activation == ACT_RELU ||
                   n->attr.activation == ACT_RELU6;
        }
    }
    return false;
}

static int32_t add_list(struct graph *g, const char *name, int32_t columns, const int32_t values[])
{
    const int32_t index = ir_add_tensor(g);
    struct tensor *t = &g->tensors[index];
    t->name = name;
    t->type = TYPE_S32;
    t->rank = columns > 1 ? 2 : 1;
    t->dim[0] = 4;
    t->dim[1] = columns > 1 ? columns : 0;
    t->data = arena_copy(g->arena, values, (size_t)(4 * columns) * sizeof *values);
    return index;
}

/* A PAD of the node's input, in `pad`; or one that mirrors. */
static void make_pad(struct graph *g, struct node *n, enum op op, struct node *pad)
{
    enum { SYMMETRIC = 1 };
    struct attr *a = &n->attr;
    const int32_t list[8] = {0, 0, a->pad_top, a->pad_bottom, a->pad_left, a->pad_right, 0, 0};
    const int32_t from = n->in[0], pads = add_list(g, "pads", 2, list), to = ir_add_tensor(g);
    struct tensor *t = &g->tensors[to];
    *t = g->tensors[from];
    t->name = arena_printf(g->arena, "%s_padded", t->name);
    t->dim[1] += a->pad_top + a->pad_bottom;
    t->dim[2] += a->pad_left + a->pad_right;
    *pad = (struct node){.op = op, .name = t->name, .index = n->index, .in_count = 2, .out_count = 1};
    pad->attr.mode = op == OP_MIRROR_PAD ? SYMMETRIC : 0;
    pad->in = arena_copy(g->arena, (const int32_t[]){from, pads}, 2 * sizeof from);
    pad->out = arena_copy(g->arena, &to, sizeof to);
    n->in[0] = to;
    a->padding = PADDING_VALID;
    a->pad_top = a->pad_bottom = a->pad_left = a->pad_right = 0;
}

/* Whether each window that reaches into the padding also has what mirrors there, so that its maximum stays. */
static bool can_mirror(const struct graph *g, const struct node *n)
{
    const struct attr *a = &n->attr;
    const struct tensor *in = ir_in(g, n, 0);
    const int32_t h = a->pad_top > a->pad_bottom ? a->pad_top : a->pad_bottom;
    const int32_t w = a->pad_left > a->pad_right ? a->pad_left : a->pad_right;
    return 2 * h <= a->filter_h && 2 * w <= a->filter_w && h <= in->dim[1] && w <= in->dim[2];
}

/*** Transposed ***/

static bool can_be_same_transposed(const struct graph *g, const struct node *n)
{
    const struct attr *a = &n->attr;
    const struct tensor *in = ir_in(g, n, 2), *out = ir_out(g, n, 0), *w = ir_in(g, n, 1);
    return is_same((struct extent){out->dim[1], in->dim[1], w->dim[1], a->stride_h, 1, a->pad_top}) &&
           is_same((struct extent){out->dim[2], in->dim[2], w->dim[2], a->stride_w, 1, a->pad_left});
}

/* The whole product, and a SLICE of it, in `slice`. */
static void make_slice(struct graph *g, struct node *n, struct node *slice)
{
    struct attr *a = &n->attr;
    const int32_t from = n->out[0], to = ir_add_tensor(g);
    struct tensor *t = &g->tensors[to];
    *t = g->tensors[from];
    t->name = arena_printf(g->arena, "%s_whole", t->name);
    const int32_t begin[4] = {0, a->pad_top, a->pad_left, 0}, size[4] = {t->dim[0], t->dim[1], t->dim[2], t->dim[3]};
    t->dim[1] += a->pad_top;
    t->dim[2] += a->pad_left;
    const int32_t whole[4] = {t->dim[0], t->dim[1], t->dim[2], t->dim[3]};
    n->in[0] = add_list(g, "shape", 1, whole);
    n->out = arena_copy(g->arena, &to, sizeof to);
    a->pad_top = a->pad_bottom = a->pad_left = a->pad_right = 0;
    *slice = (struct node){.op = OP_SLICE, .name = n->name, .index = n->index, .in_count = 3, .out_count = 1};
    const int32_t in[] = {to, add_list(g, "begin", 1, begin), add_list(g, "size", 1, size)};
    slice->in = arena_copy(g->arena, in, sizeof in);
    slice->out = arena_copy(g->arena, &from, sizeof from);
}

static void clear_pads(struct attr *a)
{
    a->padding = PADDING_SAME;
    a->pad_top = a->pad_bottom = a->pad_left = a->pad_right = 0;
}

void quant_spell_padding(struct graph *g)
{
    struct node *nodes = ARENA_ARRAY(g->arena, 2 * g->node_count, struct node);
    int32_t count = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const bool is_filter = n->op == OP_CONV_2D || n->op == OP_DEPTHWISE_CONV_2D;
        const bool is_max = n->op == OP_MAX_POOL_2D, is_pool = is_max || n->op == OP_AVERAGE_POOL_2D;
        if (!is_padded(&n->attr) || n->attr.padding != PADDING_VALID) {
            nodes[count++] = *n;
            continue;
        }
        if (n->op == OP_TRANSPOSE_CONV) {
            if (can_be_same_transposed(g, n)) {
                clear_pads(&n->attr);
                nodes[count++] = *n;
            } else {
                make_slice(g, n, &nodes[count + 1]);
                nodes[count] = *n;
                count += 2;
            }
            continue;
        }
        if ((is_filter || is_pool) && can_be_same(g, n)) {
            clear_pads(&n->attr);
        } else if (is_filter || (is_max && is_positive(g, n->in[0]))) {
            make_pad(g, n, OP_PAD, &nodes[count++]);
        } else if (is_max && can_mirror(g, n)) {
            make_pad(g, n, OP_MIRROR_PAD, &nodes[count++]);
        }
        nodes[count++] = *n;
    }
    g->nodes = nodes;
    g->node_count = count;
}
