/* SPDX-License-Identifier: MIT
 *
 * Convolutions.
 */
#include "../../mote/kernel/conv.h"

#include "../ir/shape.h"
#include "lower.h"

/* One multiplier for each filter: scale of input and filter over that of the output. */
static void fill_multipliers(struct lower *l, int32_t count, const int32_t **multiplier, const int32_t **shift)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    int32_t *m = lower_alloc(l, (size_t)count, sizeof *m);
    int32_t *s = lower_alloc(l, (size_t)count, sizeof *s);
    for (int32_t i = 0; i < count; i++) {
        const double scale = (double)filter->quant.scale[filter->quant.count > 1 ? i : 0];
        lower_multiplier((double)ir_scale(in) * scale / (double)ir_scale(out), &m[i], &s[i]);
    }
    *multiplier = m;
    *shift = s;
}

bool lower_conv2d(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *bias = lower_in(l, 2), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    if (in->type != TYPE_S8 || filter->type != TYPE_S8) {
        return lower_no_kernel(l, "int8 with int8 weights");
    }
    struct mote_conv2d *p = lower_kernel(l, KERNEL_conv2d_s8);
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
    p->bias = bias != NULL ? bias->data : NULL;
    p->in_offset = -ir_zero_point(in);
    p->out_offset = ir_zero_point(out);
    fill_multipliers(l, p->out_c, &p->multiplier, &p->shift);
    lower_activation_range(a->activation, out, &p->low, &p->high);

    const int32_t pad_h = shape_window_pad(a->padding, in->dim[1], p->filter_h, a->stride_h, a->dilation_h);
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, (struct lower_window){p->filter_h, a->stride_h, a->dilation_h, pad_h, NULL});
    return true;
}
