/* SPDX-License-Identifier: MIT
 *
 * Nodes that hand on the elements of their input, all of them and in their order, or of one that a PACK before it joined
 * with others. Where type, shape and quantisation stay, the node goes; where the shape changes, it becomes a RESHAPE of
 * what the RESHAPEs before it read.
 */
#include "../ir/shape.h"
#include "wires.h"

enum { NO_INPUT = -1 };

/* Does the permutation leave the order of all axes of more than 1? */
static bool keeps_axes(const struct tensor *in, const struct tensor *permutation)
{
    int64_t last = -1;
    for (int64_t d = 0; d < in->rank; d++) {
        const int64_t p = ir_const_int(permutation, d), from = p < 0 ? p + in->rank : p;
        if (in->dim[from] > 1 && from < last) {
            return false;
        }
        last = in->dim[from] > 1 ? from : last;
    }
    return true;
}

/* The input that the one box takes whole. */
static int find_whole(struct graph *g, struct node *n)
{
    struct shape_box box;
    struct diag ignored = {0};
    if (n->out_count != 1 || !shape_find_box(g, n, 0, &box, &ignored)) {
        return NO_INPUT;
    }
    const struct tensor *in = ir_in(g, n, box.input);
    for (int d = 0; d < in->rank; d++) {
        if (box.count[d] != in->dim[d] || (box.step[d] != 1 && box.count[d] > 1)) {
            return NO_INPUT;
        }
    }
    return box.input;
}

/* The input whose elements, byte for byte, are those of output 0. */
static int find_input(struct graph *g, struct node *n)
{
    const struct tensor *in = ir_in(g, n, 0), *out = n->out_count > 0 ? ir_out(g, n, 0) : NULL;
    const struct attr *a = &n->attr;
    if (in == NULL || out == NULL || ir_count(out) == 0) {
        return NO_INPUT;
    }
    bool is_same;
    switch (n->op) {
    case OP_RESHAPE:
    case OP_SQUEEZE:
    case OP_EXPAND_DIMS:
        is_same = true;
        break;
    case OP_TRANSPOSE:
        is_same = keeps_axes(in, ir_in(g, n, 1));
        break;
    case OP_SLICE:
    case OP_STRIDED_SLICE:
    case OP_SPLIT:
    case OP_SPLIT_V:
    case OP_UNPACK:
    case OP_REVERSE_V2:
        return find_whole(g, n);
    case OP_CONCATENATION:
    case OP_PACK:
        is_same = n->in_count == 1 && a->activation == ACT_NONE && same_quant(in, out);
        break;
    case OP_PAD: /* what makes an output of the same shape, makes the same output */
    case OP_PADV2:
    case OP_MIRROR_PAD:
    case OP_TILE:
    case OP_BROADCAST_TO:
    case OP_SPACE_TO_DEPTH:
    case OP_DEPTH_TO_SPACE:
    case OP_SPACE_TO_BATCH_ND:
    case OP_BATCH_TO_SPACE_ND:
        is_same = same_shape(in, out);
        break;
    case OP_QUANTIZE:
        is_same = same_quant(in, out) && in->quant.count == 1 && ir_type_bits(in->type) <= 16;
        break;
    case OP_CAST:
        is_same = true; /* if the type is */
        break;
    case OP_MAX_POOL_2D:
    case OP_AVERAGE_POOL_2D: /* floats would lose their infinities */
        is_same = in->type != TYPE_F32 && a->filter_h == 1 && a->filter_w == 1 && a->activation == ACT_NONE &&
                  in->quant.count == 1 && same_kind(in, out);
        break;
    default:
        is_same = false;
    }
    return is_same ? 0 : NO_INPUT;
}

/* What a PACK joined and the node takes out again, one part of it whole; NO_TENSOR: it does not. */
static int32_t find_part(const struct wires *w, struct node *n)
{
    struct shape_box box;
    struct diag ignored = {0};
    const struct node *pack = wires_writer(w, wires_in(w, n, 0));
    if ((n->op != OP_SLICE && n->op != OP_STRIDED_SLICE) || pack == NULL || pack->op != OP_PACK ||
        !shape_find_box(w->g, n, 0, &box, &ignored)) {
        return NO_TENSOR;
    }
    const struct tensor *in = ir_in(w->g, n, 0), *out = ir_out(w->g, n, 0);
    const int32_t axis = pack->attr.axis < 0 ? pack->attr.axis + in->rank : pack->attr.axis;
    for (int d = 0; d < in->rank; d++) {
        if (box.count[d] != (d == axis ? 1 : in->dim[d]) || (box.step[d] != 1 && box.count[d] > 1)) {
            return NO_TENSOR;
        }
    }
    const int32_t part = wires_in(w, pack, box.begin[axis]);
    return w->g->tensors[part].type == out->type && same_quant(&w->g->tensors[part], out) ? part : NO_TENSOR;
}

/* Past the RESHAPEs before it, which stay only for others. */
static int32_t find_source(const struct wires *w, int32_t tensor)
{
    const struct node *n = wires_writer(w, tensor);
    if (n != NULL && n->op == OP_RESHAPE && !w->is_dropped[n - w->g->nodes]) {
        const int32_t source = wires_in(w, n, 0);
        return w->g->tensors[source].is_state ? tensor : source;
    }
    return tensor;
}

static void make_reshape(struct graph *g, struct node *n, int32_t source)
{
    const struct tensor *out = ir_out(g, n, 0);
    n->op = OP_RESHAPE;
    n->in[0] = source;
    n->in_count = 1;
    n->attr = (struct attr){.list = arena_copy(g->arena, out->dim, sizeof out->dim), .list_count = out->rank};
}

bool pass_remove_identities(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)evaluate;
    (void)diag;
    struct wires w;
    wires_init(&w, g);
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const int k = find_input(g, n);
        const bool hands_on = k != NO_INPUT && n->in[k] != NO_TENSOR && ir_in(g, n, k)->type == ir_out(g, n, 0)->type;
        const int32_t direct = hands_on ? wires_in(&w, n, k) : find_part(&w, n);
        if (direct == NO_TENSOR) {
            continue;
        }
        const int32_t source = find_source(&w, direct);
        const struct tensor *out = ir_out(g, n, 0);
        if ((same_kind(&g->tensors[source], out) && wires_bypass(&w, n, source)) ||
            (same_kind(&g->tensors[direct], out) && wires_bypass(&w, n, direct))) {
            continue;
        }
        if (out->rank > 0 && !g->tensors[source].is_state) {
            make_reshape(g, n, source);
        }
    }
    wires_apply(&w);
    return true;
}
