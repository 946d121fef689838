/* SPDX-License-Identifier: MIT
 *
 * Convolutions of three dimensions: slice by slice along the depth.
 */
#include "../../mote/kernel/conv3d.h"

#include "../ir/shape.h"
#include "lower.h"

static struct mote_axis3d make_axis(enum padding padding, int32_t in, int32_t out, int32_t filter, int32_t stride,
                                    int32_t dilation)
{
    return (struct mote_axis3d){in,     out,      filter,
                                stride, dilation, shape_window_pad(padding, in, filter, stride, dilation)};
}

static struct lower_lines slices(const struct tensor *t)
{
    return (struct lower_lines){t->dim[0], t->dim[1], t->dim[2] * t->dim[3] * t->dim[4] * (int32_t)sizeof(float)};
}

static struct mote_conv3d *begin(struct lower *l, enum kernel kernel, const struct tensor *in, int bias_input)
{
    const struct tensor *filter = lower_in(l, 1), *bias = lower_in(l, bias_input), *out = lower_out(l, 0);
    if (in->type != TYPE_F32 || filter->type != TYPE_F32 || out->type != TYPE_F32) {
        lower_no_kernel(l, "float32");
        return NULL;
    }
    if (filter->data == NULL ||
        (bias != NULL && (bias->data == NULL || bias->type != TYPE_F32 || ir_count(bias) != out->dim[4]))) {
        ir_fail(l->node, l->diag, "want a constant filter and bias that fit; convert with frozen weights");
        return NULL;
    }
    struct mote_conv3d *p = lower_kernel(l, kernel);
    p->in_c = in->dim[4];
    p->out_c = out->dim[4];
    p->filter_d = filter->dim[0];
    p->filter = filter->data;
    p->bias = bias != NULL ? bias->data : NULL;
    lower_activation_range_f32(l->node->attr.activation, &p->low, &p->high);
    return p;
}

bool lower_conv3d(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    struct mote_conv3d *p = begin(l, KERNEL_conv3d_f32, in, 2);
    if (p == NULL) {
        return false;
    }
    p->h = make_axis(a->padding, in->dim[2], out->dim[2], filter->dim[1], a->stride_h, a->dilation_h);
    p->w = make_axis(a->padding, in->dim[3], out->dim[3], filter->dim[2], a->stride_w, a->dilation_w);
    const int32_t pad = shape_window_pad(a->padding, in->dim[1], filter->dim[0], a->stride_d, a->dilation_d);
    lower_out_view(l, 0, slices(out));
    lower_in_view(
        l, 0, slices(in),
        (struct lower_window){.count = filter->dim[0], .stride = a->stride_d, .dilation = a->dilation_d, .pad = pad});
    return true;
}

/* The input slices that reach output slice z are those from ceil((z + pad - filter_d + 1) / stride) on. */
bool lower_transpose_conv3d(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    const struct tensor *filter = lower_in(l, 1), *in = lower_in(l, 2), *out = lower_out(l, 0);
    struct mote_conv3d *p = begin(l, KERNEL_transpose_conv3d_f32, in, 3);
    if (p == NULL) {
        return false;
    }
    /* The padding of the convolution that makes the input from the output. */
    p->h = make_axis(a->padding, out->dim[2], in->dim[2], filter->dim[1], a->stride_h, a->dilation_h);
    p->w = make_axis(a->padding, out->dim[3], in->dim[3], filter->dim[2], a->stride_w, a->dilation_w);
    p->h.in = in->dim[2];
    p->h.out = out->dim[2];
    p->w.in = in->dim[3];
    p->w.out = out->dim[3];
    p->stride_d = a->stride_d;
    p->out_d = out->dim[1];
    p->pad_d = shape_window_pad(a->padding, out->dim[1], filter->dim[0], a->stride_d, 1);
    p->rows = (p->filter_d + a->stride_d - 1) / a->stride_d;
    int32_t *first = lower_alloc(l, (size_t)p->out_d, sizeof *first);
    for (int32_t z = 0; z < p->out_d; z++) {
        const int32_t reach = z + p->pad_d - p->filter_d + 1;
        first[z] = reach >= 0 ? (reach + p->stride_d - 1) / p->stride_d : -(-reach / p->stride_d);
    }
    lower_out_view(l, 0, slices(out));
    lower_in_view(l, 2, slices(in), (struct lower_window){.count = p->rows, .dilation = 1, .lines = first});
    return true;
}
