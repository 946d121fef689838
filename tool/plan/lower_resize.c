/* SPDX-License-Identifier: MIT
 *
 * RESIZE_BILINEAR. Source: TensorFlow Lite, reference_ops::ComputeInterpolationValues and
 * ComputeInterpolationValuesInteger.
 */
#include <math.h>

#include "lower_copy.h"

/* Where the output indices of one axis lie: between input `first` and the next one, at `weight` from it. */
struct between {
    int32_t *first;
    int32_t *weight;     /* in units of 2^-10 */
    float *weight_float; /* the same as float */
};

static void place_integer(const struct attr *a, int32_t in, int32_t out, struct between *b)
{
    const int64_t one = 1 << 10;
    const bool corners = a->align_corners && out > 1;
    const int64_t from = corners ? in - 1 : in, to = corners ? out - 1 : out;
    const int64_t scale = (one * from + to / 2) / to;
    for (int32_t o = 0; o < out; o++) {
        const int64_t at = o * scale + (a->half_pixel_centers ? scale / 2 - one / 2 : 0);
        const int64_t first = at < 0 ? 0 : at / one < in ? at / one : in - 1;
        const int64_t next = (at + one - 1) / one;
        b->first[o] = (int32_t)first;
        b->weight[o] = next > first && next < in ? (int32_t)(at - one * first) : 0;
    }
}

static void place_float(const struct attr *a, int32_t in, int32_t out, struct between *b)
{
    const bool corners = a->align_corners && out > 1;
    const float scale = corners ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    for (int32_t o = 0; o < out; o++) {
        const float at = a->half_pixel_centers ? ((float)o + 0.5F) * scale - 0.5F : (float)o * scale;
        const float first = fminf(fmaxf(floorf(at), 0), (float)(in - 1)), next = ceilf(at);
        b->first[o] = first < (float)in ? (int32_t)first : in - 1;
        b->weight_float[o] = next > first && next < (float)in ? at - first : 0;
    }
}

static struct between place(struct lower *l, int32_t in, int32_t out, bool is_float)
{
    struct between b = {lower_alloc(l, (size_t)out, sizeof *b.first), lower_alloc(l, (size_t)out, sizeof *b.weight),
                        lower_alloc(l, (size_t)out, sizeof *b.weight_float)};
    (is_float ? place_float : place_integer)(&l->node->attr, in, out, &b);
    return b;
}

bool lower_resize_bilinear(struct lower *l)
{
    static const struct {
        enum type type;
        enum kernel kernel;
        bool is_float;
    } kernels[] = {
        {TYPE_S8, KERNEL_resize_bilinear_s8, false},
        {TYPE_S16, KERNEL_resize_bilinear_s16, false},
        {TYPE_U8, KERNEL_resize_bilinear_u8, true},
        {TYPE_F32, KERNEL_resize_bilinear_f32, true},
    };
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    size_t k = 0;
    while (k < COUNT_OF(kernels) && kernels[k].type != in->type) {
        k++;
    }
    if (k == COUNT_OF(kernels) || out->type != in->type) {
        return lower_no_kernel(l, "int8, uint8, int16 and float32");
    }
    if (ir_count(out) == 0) {
        return true;
    }
    const struct between rows = place(l, in->dim[1], out->dim[1], kernels[k].is_float);
    const struct between columns = place(l, in->dim[2], out->dim[2], kernels[k].is_float);
    for (int32_t x = 0; x < out->dim[2]; x++) {
        columns.first[x] *= in->dim[3];
    }
    struct mote_resize_bilinear *p = lower_kernel(l, kernels[k].kernel);
    p->out_w = out->dim[2];
    p->channels = out->dim[3];
    p->image_rows = out->dim[1];
    p->column = columns.first;
    p->y_weight = kernels[k].is_float ? (void *)rows.weight_float : rows.weight;
    p->x_weight = kernels[k].is_float ? (void *)columns.weight_float : columns.weight;
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, (struct lower_window){2, 0, 1, 0, rows.first});
    return true;
}
