/* SPDX-License-Identifier: MIT
 *
 * A PAD with what stands for 0 goes into the convolutions that read it, which leave out the taps outside of their
 * image: 0 times a weight adds nothing, so the sums are the same. If all its readers are such convolutions; else
 * both the padded image and the image would have to be kept.
 */
#include <string.h>

#include "../ir/shape.h"
#include "wires.h"

/* top, bottom, left, right */
enum { SIDES = 4 };

/* What the node pads with is the zero point, bit for bit. */
static bool pads_with_zero(const struct graph *g, const struct node *n)
{
    const struct tensor *in = ir_in(g, n, 0), *value = ir_in(g, n, 2);
    const int32_t zero = in->type == TYPE_F32 ? 0 : ir_zero_point(in);
    if (value == NULL) { /* other types are padded with 0 */
        return in->type == TYPE_F32 || in->type == TYPE_S8 || in->type == TYPE_U8 || zero == 0;
    }
    return value->data != NULL && value->type == in->type && ir_count(value) == 1 &&
           memcmp(value->data, &zero, (size_t)ir_type_bits(in->type) / 8) == 0;
}

static bool find_pads(const struct graph *g, const struct node *n, int32_t pads[SIDES])
{
    const struct tensor *in = ir_in(g, n, 0), *list = ir_in(g, n, 1), *out = ir_out(g, n, 0);
    if (in->rank != 4 || in->is_state || in->type != out->type || !same_quant(in, out) || in->quant.count > 1 ||
        !pads_with_zero(g, n)) {
        return false;
    }
    for (int i = 0; i < 8; i++) {
        const int64_t pad = ir_const_int(list, i);
        if (i >= 2 && i < 6) {
            pads[i - 2] = (int32_t)pad;
        } else if (pad != 0) {
            return false;
        }
    }
    return true;
}

/* So that no window lies in the padding alone: what is before the input is less than its reach. */
static bool is_short(int64_t before, int64_t after, int32_t size, int32_t dilation)
{
    const int64_t reach = (int64_t)(size - 1) * dilation + 1;
    return before < reach && after < reach;
}

/* The convolution may take the pads of its input besides its own. */
static bool may_take(const struct graph *g, const struct node *n, const int32_t pads[SIDES])
{
    if (n->op != OP_CONV_2D && n->op != OP_DEPTHWISE_CONV_2D) {
        return false;
    }
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    const struct attr *a = &n->attr;
    const int32_t h = filter->dim[1], w = filter->dim[2];
    const int32_t in_h = in->dim[1] + a->pad_top + a->pad_bottom, in_w = in->dim[2] + a->pad_left + a->pad_right;
    /* SAME puts as much or one more behind as before. */
    const int64_t own_h = shape_window_pad(a->padding, in_h, h, a->stride_h, a->dilation_h);
    const int64_t own_w = shape_window_pad(a->padding, in_w, w, a->stride_w, a->dilation_w);
    const int32_t more = a->padding == PADDING_SAME ? 1 : 0;
    return is_short(pads[0] + a->pad_top + own_h, pads[1] + a->pad_bottom + own_h + more, h, a->dilation_h) &&
           is_short(pads[2] + a->pad_left + own_w, pads[3] + a->pad_right + own_w + more, w, a->dilation_w);
}

static void take(struct node *n, int32_t source, const int32_t pads[SIDES])
{
    n->in[0] = source;
    n->attr.pad_top += pads[0];
    n->attr.pad_bottom += pads[1];
    n->attr.pad_left += pads[2];
    n->attr.pad_right += pads[3];
}

/*** Readers ***/

/* The nodes that read each tensor as input 0: [tensor] first, [node] next. */
struct readers {
    int32_t *first, *next;
};

static void add_reader(struct readers *r, int32_t tensor, int32_t node)
{
    r->next[node] = r->first[tensor];
    r->first[tensor] = node;
}

static struct readers find_readers(const struct graph *g)
{
    struct readers r = {ARENA_ARRAY(g->arena, g->tensor_count, int32_t), ARENA_ARRAY(g->arena, g->node_count, int32_t)};
    for (int32_t t = 0; t < g->tensor_count; t++) {
        r.first[t] = NO_NODE;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (n->in_count > 0 && n->in[0] != NO_TENSOR) {
            add_reader(&r, n->in[0], i);
        }
    }
    return r;
}

/* Folds the PAD into all its readers, or into none. */
static void fold(struct wires *w, struct readers *r, const struct node *pad, const int32_t pads[SIDES])
{
    struct graph *g = w->g;
    int32_t count = 0;
    for (int32_t i = r->first[pad->out[0]]; i != NO_NODE; i = r->next[i]) {
        if (w->is_dropped[i]) {
            continue;
        }
        if (!may_take(g, &g->nodes[i], pads)) {
            return;
        }
        count++;
    }
    if (count == 0 || count != w->readers[pad->out[0]]) { /* an output of the graph, or another input of a node */
        return;
    }
    for (int32_t i = r->first[pad->out[0]], next; i != NO_NODE; i = next) {
        next = r->next[i];
        if (!w->is_dropped[i]) {
            take(&g->nodes[i], pad->in[0], pads);
            add_reader(r, pad->in[0], i);
        }
    }
    w->readers[pad->in[0]] += count - 1;
    w->is_dropped[pad - g->nodes] = true;
}

bool pass_fold_padding(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)evaluate;
    (void)diag;
    struct wires w;
    wires_init(&w, g);
    struct readers r = find_readers(g);
    for (int32_t i = g->node_count - 1; i >= 0; i--) { /* so that of two PADs both go */
        const struct node *n = &g->nodes[i];
        int32_t pads[SIDES];
        if ((n->op == OP_PAD || n->op == OP_PADV2) && find_pads(g, n, pads)) {
            fold(&w, &r, n, pads);
        }
    }
    wires_apply(&w);
    return true;
}
