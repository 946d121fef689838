/* SPDX-License-Identifier: MIT
 *
 * Convolutions.
 */
#include "../../mote/kernel/conv.h"

#include "../ir/shape.h"
#include "lower_mac.h"

/* The input ports of a convolution: the window of input lines, and the filter if it is not constant. */
static void add_inputs(struct lower *l, int32_t in, struct lower_window window)
{
    lower_in_lines(l, in, window);
    if (lower_in(l, 1)->data == NULL) {
        lower_in_weights(l, 1);
    }
}

static struct lower_window window(struct lower *l, int32_t filter_h)
{
    const struct attr *a = &l->node->attr;
    const int32_t in_h = lower_in(l, 0)->dim[1] + a->pad_top + a->pad_bottom;
    const int32_t pad = a->pad_top + shape_window_pad(a->padding, in_h, filter_h, a->stride_h, a->dilation_h);
    return (struct lower_window){filter_h, a->stride_h, a->dilation_h, pad, NULL};
}

static int32_t pad_w(struct lower *l, int32_t filter_w)
{
    const struct attr *a = &l->node->attr;
    const int32_t in_w = lower_in(l, 0)->dim[2] + a->pad_left + a->pad_right;
    return a->pad_left + shape_window_pad(a->padding, in_w, filter_w, a->stride_w, a->dilation_w);
}

bool lower_conv2d(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    const int32_t out_c = out->dim[3];
    const int64_t depth = ir_count(filter) / out_c;
    const enum mac_loops loops = lower_mac_has_offset(l, filter) ? MAC_CONV2D_OFFSET : MAC_CONV2D;
    struct mote_conv2d *p = lower_mac(l, &(struct mac){in, filter, lower_in(l, 2), out, loops, out_c, depth});
    if (p == NULL) {
        return false;
    }
    p->in_w = in->dim[2];
    p->in_c = in->dim[3];
    p->out_w = out->dim[2];
    p->out_c = out_c;
    p->filter_h = filter->dim[1];
    p->filter_w = filter->dim[2];
    p->filter_c = filter->dim[3];
    p->stride_w = a->stride_w;
    p->dilation_w = a->dilation_w;
    p->pad_w = pad_w(l, p->filter_w);
    p->filter = filter->data;
    const struct lower_window w = window(l, p->filter_h);
    const struct lower_lines lines = lower_lines(in);
    lower_out_lines(l, 0);
    if (in->dim[0] == 1 && out->dim[1] == 1 && w.dilation == 1 && w.count - w.pad >= lines.lines &&
        lower_mac_folded(l, w.pad, lines.lines, lines.line_bytes)) {
        return true;
    }
    add_inputs(l, 0, w);
    return true;
}

bool lower_depthwise(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    const int32_t out_c = out->dim[3];
    const int64_t depth = ir_count(filter) / out_c;
    const enum mac_loops loops = lower_mac_has_offset(l, filter) ? MAC_DEPTHWISE_OFFSET : MAC_DEPTHWISE;
    struct mote_depthwise *p = lower_mac(l, &(struct mac){in, filter, lower_in(l, 2), out, loops, out_c, depth});
    if (p == NULL) {
        return false;
    }
    p->in_w = in->dim[2];
    p->in_c = in->dim[3];
    p->out_w = out->dim[2];
    p->out_c = out_c;
    p->filter_h = filter->dim[1];
    p->filter_w = filter->dim[2];
    p->multiplier = out_c / p->in_c;
    p->stride_w = a->stride_w;
    p->dilation_w = a->dilation_w;
    p->pad_w = pad_w(l, p->filter_w);
    p->filter = filter->data;
    lower_out_lines(l, 0);
    add_inputs(l, 0, window(l, p->filter_h));
    return true;
}

/* For each output line the first input line that reaches it, through its last tap. */
static const int32_t *first_lines(struct lower *l, const struct mote_transpose_conv *p)
{
    int32_t *lines = lower_alloc(l, (size_t)p->out_h, sizeof *lines);
    for (int32_t v = 0; v < p->out_h; v++) {
        const int32_t low = (v + p->pad_h) % p->stride_h;
        const int32_t tap = low < p->filter_h ? low + (p->filter_h - 1 - low) / p->stride_h * p->stride_h : low;
        lines[v] = (v + p->pad_h - tap) / p->stride_h;
    }
    return lines;
}

static bool lower_transposed(struct lower *l, int32_t input, const struct tensor *bias, int32_t pad_h, int32_t pad_w)
{
    const struct tensor *in = lower_in(l, input), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const int32_t out_c = out->dim[3];
    const int64_t depth = ir_count(filter) / out_c;
    struct mote_transpose_conv *p =
        lower_mac(l, &(struct mac){in, filter, bias, out, MAC_TRANSPOSE_CONV, out_c, depth});
    if (p == NULL) {
        return false;
    }
    p->in_w = in->dim[2];
    p->in_c = in->dim[3];
    p->out_h = out->dim[1];
    p->out_w = out->dim[2];
    p->out_c = out_c;
    p->filter_h = filter->dim[1];
    p->filter_w = filter->dim[2];
    p->stride_h = l->node->attr.stride_h;
    p->stride_w = l->node->attr.stride_w;
    p->rows = (p->filter_h + p->stride_h - 1) / p->stride_h;
    p->pad_h = pad_h;
    p->pad_w = pad_w;
    p->filter = filter->data;
    lower_out_lines(l, 0);
    add_inputs(l, input, (struct lower_window){p->rows, 1, 1, 0, first_lines(l, p)});
    return true;
}

bool lower_transpose_conv(struct lower *l)
{
    const struct tensor *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    const int32_t pad_h = shape_window_pad(a->padding, out->dim[1], filter->dim[1], a->stride_h, 1);
    const int32_t pad_w = shape_window_pad(a->padding, out->dim[2], filter->dim[2], a->stride_w, 1);
    return lower_transposed(l, 2, lower_in(l, 3), a->pad_top + pad_h, a->pad_left + pad_w);
}

bool lower_transpose_conv_bias(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1);
    const struct attr *a = &l->node->attr;
    const int32_t cut_h = shape_transposed_cut(a->padding, in->dim[1], filter->dim[1], a->stride_h);
    const int32_t cut_w = shape_transposed_cut(a->padding, in->dim[2], filter->dim[2], a->stride_w);
    return lower_transposed(l, 0, lower_in(l, 2), cut_h / 2, cut_w / 2);
}
