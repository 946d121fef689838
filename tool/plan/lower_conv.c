/* SPDX-License-Identifier: MIT
 *
 * Convolutions.
 */
#include "../../mote/kernel/conv.h"

#include "../ir/shape.h"
#include "lower_mac.h"

/* The ports of a convolution: output lines, the window of input lines, and the filter if it is not constant. */
static void add_ports(struct lower *l, int32_t filter_h)
{
    const struct tensor *in = lower_in(l, 0);
    const struct attr *a = &l->node->attr;
    const int32_t pad = shape_window_pad(a->padding, in->dim[1], filter_h, a->stride_h, a->dilation_h);
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, (struct lower_window){filter_h, a->stride_h, a->dilation_h, pad, NULL});
    if (lower_in(l, 1)->data == NULL) {
        lower_in_whole(l, 1);
    }
}

bool lower_conv2d(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    struct mote_conv2d *p = lower_mac(l, &(struct mac){in, filter, lower_in(l, 2), out, MAC_CONV2D, out->dim[3],
                                                       ir_count(filter) / out->dim[3]});
    if (p == NULL) {
        return false;
    }
    p->in_w = in->dim[2];
    p->in_c = in->dim[3];
    p->out_w = out->dim[2];
    p->out_c = out->dim[3];
    p->filter_h = filter->dim[1];
    p->filter_w = filter->dim[2];
    p->filter_c = filter->dim[3];
    p->stride_w = a->stride_w;
    p->dilation_w = a->dilation_w;
    p->pad_w = shape_window_pad(a->padding, in->dim[2], p->filter_w, a->stride_w, a->dilation_w);
    p->filter = filter->data;
    add_ports(l, p->filter_h);
    return true;
}

bool lower_depthwise(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    struct mote_depthwise *p = lower_mac(l, &(struct mac){in, filter, lower_in(l, 2), out, MAC_DEPTHWISE,
                                                          out->dim[3], ir_count(filter) / out->dim[3]});
    if (p == NULL) {
        return false;
    }
    p->in_w = in->dim[2];
    p->in_c = in->dim[3];
    p->out_w = out->dim[2];
    p->out_c = out->dim[3];
    p->filter_h = filter->dim[1];
    p->filter_w = filter->dim[2];
    p->multiplier = p->out_c / p->in_c;
    p->stride_w = a->stride_w;
    p->dilation_w = a->dilation_w;
    p->pad_w = shape_window_pad(a->padding, in->dim[2], p->filter_w, a->stride_w, a->dilation_w);
    p->filter = filter->data;
    add_ports(l, p->filter_h);
    return true;
}
