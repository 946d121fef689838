/* SPDX-License-Identifier: MIT
 *
 * Pooling.
 */
#include "../../mote/kernel/pool.h"

#include <math.h>

#include "../ir/shape.h"
#include "lower.h"

static const struct pool_kernel {
    enum op op;
    enum type type;
    enum kernel kernel;
    bool has_sums; /* of int32, not of the elements' type */
} kernels[] = {
    {OP_AVERAGE_POOL_2D, TYPE_S8, KERNEL_average_pool_s8, true},
    {OP_AVERAGE_POOL_2D, TYPE_U8, KERNEL_average_pool_u8, true},
    {OP_AVERAGE_POOL_2D, TYPE_S16, KERNEL_average_pool_s16, true},
    {OP_AVERAGE_POOL_2D, TYPE_F32, KERNEL_average_pool_f32, false},
    {OP_MAX_POOL_2D, TYPE_S8, KERNEL_max_pool_s8, false},
    {OP_MAX_POOL_2D, TYPE_U8, KERNEL_max_pool_u8, false},
    {OP_MAX_POOL_2D, TYPE_S16, KERNEL_max_pool_s16, false},
    {OP_MAX_POOL_2D, TYPE_F32, KERNEL_max_pool_f32, false},
    {OP_L2_POOL_2D, TYPE_F32, KERNEL_l2_pool_f32, false},
};

static const struct pool_kernel *find_kernel(enum op op, const struct tensor *in, const struct tensor *out)
{
    for (size_t i = 0; i < COUNT_OF(kernels); i++) {
        if (kernels[i].op == op && kernels[i].type == in->type && kernels[i].type == out->type) {
            return &kernels[i];
        }
    }
    return NULL;
}

/* Pooling does not rescale. */
static bool check_same_quant(struct lower *l, const struct tensor *in, const struct tensor *out)
{
    if (fabsf(ir_scale(in) - ir_scale(out)) > 1e-6F || ir_zero_point(in) != ir_zero_point(out)) {
        return ir_fail(l->node, l->diag, "input has scale %g, zero point %d, output %g, %d: want the same",
                       (double)ir_scale(in), ir_zero_point(in), (double)ir_scale(out), ir_zero_point(out));
    }
    return true;
}

/* An average's sums stay below 2^31. */
static bool check_sums(struct lower *l, const struct tensor *in)
{
    const int64_t h = l->node->attr.filter_h < in->dim[1] ? l->node->attr.filter_h : in->dim[1];
    const int64_t w = l->node->attr.filter_w < in->dim[2] ? l->node->attr.filter_w : in->dim[2];
    const int value_bits = in->type == TYPE_U8 ? 8 : ir_type_bits(in->type) - 1;
    if (h * w > INT32_MAX >> value_bits) {
        return ir_fail(l->node, l->diag, "a window of %lldx%lld %s values is too large for 32-bit sums", (long long)h,
                       (long long)w, ir_type_text(in->type));
    }
    return true;
}

bool lower_pool(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    const struct pool_kernel *k = find_kernel(l->node->op, in, out);
    if (k == NULL) {
        return lower_no_kernel(l, l->node->op == OP_L2_POOL_2D ? "float32" : "int8, uint8, int16, float32");
    }
    if (a->activation < ACT_NONE || a->activation > ACT_RELU6) {
        return ir_fail(l->node, l->diag, "has fused activation %d; mote has NONE, RELU, RELU_N1_TO_1, RELU6",
                       (int)a->activation);
    }
    struct mote_pool *p = lower_kernel(l, k->kernel);
    if (k->type != TYPE_F32) {
        if (!lower_quantised(l, in, "input") || !lower_quantised(l, out, "output") || !check_same_quant(l, in, out)) {
            return false;
        }
        lower_activation_range(a->activation, out, &p->low, &p->high);
    }
    lower_activation_range_f32(a->activation, &p->real_low, &p->real_high);
    if (k->has_sums && !check_sums(l, in)) {
        return false;
    }
    p->in_w = in->dim[2];
    p->out_w = out->dim[2];
    p->channels = in->dim[3];
    p->filter_h = a->filter_h;
    p->filter_w = a->filter_w;
    p->stride_w = a->stride_w;
    const int32_t in_h = in->dim[1] + a->pad_top + a->pad_bottom, in_w = in->dim[2] + a->pad_left + a->pad_right;
    p->pad_w = a->pad_left + shape_window_pad(a->padding, in_w, a->filter_w, a->stride_w, 1);
    const int32_t pad_h = a->pad_top + shape_window_pad(a->padding, in_h, a->filter_h, a->stride_h, 1);
    lower_out_lines(l, 0);
    if (in->dim[0] == 1 && out->dim[1] == 1 && in->dim[1] > 1) {
        p->folded = a->filter_h - pad_h < in->dim[1] ? a->filter_h - pad_h : in->dim[1];
        lower_in_folded(l, 0, lower_lines(in));
        l->step->rows = l->step->image_rows = p->folded;
        lower_accumulator(l, k->has_sums ? (size_t)out->dim[2] * (size_t)out->dim[3] * sizeof(int32_t) : 0);
    } else {
        lower_in_lines(l, 0, (struct lower_window){a->filter_h, a->stride_h, 1, pad_h, NULL});
    }
    return true;
}
