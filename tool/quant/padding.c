/* SPDX-License-Identifier: MIT
 *
 * Padding in the terms of TensorFlow Lite: rows and columns round the input of a filter become SAME where they are just
 * that, else a PAD before it. What reads models of other kinds leaves such padding in the options.
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

static int32_t add_pads(struct graph *g, const struct attr *a)
{
    const int32_t pads[8] = {0, 0, a->pad_top, a->pad_bottom, a->pad_left, a->pad_right, 0, 0};
    const int32_t index = ir_add_tensor(g);
    struct tensor *t = &g->tensors[index];
    t->name = "pads";
    t->type = TYPE_S32;
    t->rank = 2;
    t->dim[0] = 4;
    t->dim[1] = 2;
    t->data = arena_copy(g->arena, pads, sizeof pads);
    return index;
}

/* A PAD of the node's input, in `pad`. */
static void make_pad(struct graph *g, struct node *n, struct node *pad)
{
    struct attr *a = &n->attr;
    const int32_t from = n->in[0], pads = add_pads(g, a), to = ir_add_tensor(g);
    struct tensor *t = &g->tensors[to];
    *t = g->tensors[from];
    t->name = arena_printf(g->arena, "%s_padded", t->name);
    t->dim[1] += a->pad_top + a->pad_bottom;
    t->dim[2] += a->pad_left + a->pad_right;
    *pad = (struct node){.op = OP_PAD, .name = t->name, .index = n->index, .in_count = 2, .out_count = 1};
    pad->in = arena_copy(g->arena, (const int32_t[]){from, pads}, 2 * sizeof from);
    pad->out = arena_copy(g->arena, &to, sizeof to);
    n->in[0] = to;
    a->padding = PADDING_VALID;
    a->pad_top = a->pad_bottom = a->pad_left = a->pad_right = 0;
}

void quant_spell_padding(struct graph *g)
{
    struct node *nodes = ARENA_ARRAY(g->arena, 2 * g->node_count, struct node);
    int32_t count = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const bool is_filter = n->op == OP_CONV_2D || n->op == OP_DEPTHWISE_CONV_2D;
        const bool is_pool = n->op == OP_MAX_POOL_2D || n->op == OP_AVERAGE_POOL_2D;
        if (is_padded(&n->attr) && n->attr.padding == PADDING_VALID && (is_filter || is_pool)) {
            if (can_be_same(g, n)) {
                n->attr.padding = PADDING_SAME;
                n->attr.pad_top = n->attr.pad_bottom = n->attr.pad_left = n->attr.pad_right = 0;
            } else if (is_filter || (n->op == OP_MAX_POOL_2D && is_positive(g, n->in[0]))) {
                make_pad(g, n, &nodes[count++]);
            }
        }
        nodes[count++] = *n;
    }
    g->nodes = nodes;
    g->node_count = count;
}
