/* SPDX-License-Identifier: MIT
 *
 * Normalisation and softmax of ONNX.
 */
#include <math.h>
#include <string.h>

#include "onnx.h"

/* By constants, a factor and a bias for each channel, which other passes fold into the operator before. */
void onnx_convert_batch_norm(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    if (onnx_int(o, "training_mode", 0) != 0 || rank < 1) {
        onnx_fail(o, "is in training mode, or its input is a scalar; export the model for inference");
        return;
    }
    const float epsilon = onnx_float(o, "epsilon", 1e-5F);
    const int32_t spread = onnx_unary(o, OP_SQRT, onnx_affine(o, onnx_in(o, 4), 1, epsilon));
    const int32_t factor = onnx_binary(o, OP_DIV, onnx_in(o, 1), spread);
    const int32_t bias = onnx_binary(o, OP_SUB, onnx_in(o, 2), onnx_binary(o, OP_MUL, onnx_in(o, 3), factor));
    const int32_t y = onnx_binary(o, OP_MUL, x, onnx_channels(o, factor, rank));
    onnx_out(o, 0, onnx_binary(o, OP_ADD, y, onnx_channels(o, bias, rank)));
}

int32_t onnx_normalise(struct onnx *o, int32_t x, const bool over[], float epsilon)
{
    const int32_t centred = onnx_binary(o, OP_SUB, x, onnx_reduce(o, OP_MEAN, x, over, true));
    const int32_t variance = onnx_reduce(o, OP_MEAN, onnx_unary(o, OP_SQUARE, centred), over, true);
    return onnx_binary(o, OP_MUL, centred, onnx_unary(o, OP_RSQRT, onnx_affine(o, variance, 1, epsilon)));
}

void onnx_convert_instance_norm(struct onnx *o)
{
    static const bool spatial[IR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    const int32_t y = onnx_normalise(o, x, spatial, onnx_float(o, "epsilon", 1e-5F));
    const int32_t scaled = onnx_binary(o, OP_MUL, y, onnx_channels(o, onnx_in(o, 1), rank));
    onnx_out(o, 0, onnx_binary(o, OP_ADD, scaled, onnx_channels(o, onnx_in(o, 2), rank)));
}

/* [N, groups * k, ...] as [N, groups, k * ...]. Up to version 20 factors and biases are one for each group. */
void onnx_convert_group_norm(struct onnx *o)
{
    static const bool last[IR_MAX_RANK] = {false, false, true};
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    const int64_t groups = onnx_int(o, "num_groups", 1);
    int64_t dim[IR_MAX_RANK];
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = t.dim[d];
    }
    if (t.rank < 2 || groups < 1 || t.dim[1] % groups != 0 || groups > INT32_MAX) {
        onnx_fail(o, "has %lld groups of %d channels", (long long)groups, ir_dim(&t, 1));
        return;
    }
    int32_t factor = onnx_in(o, 1), bias = onnx_in(o, 2);
    int32_t y = onnx_reshape(o, x, 3, (int64_t[]){t.dim[0], groups, -1});
    y = onnx_normalise(o, y, last, onnx_float(o, "epsilon", 1e-5F));
    if (onnx_opset(o) < 21) {
        y = onnx_binary(o, OP_MUL, y, onnx_channels(o, factor, 3));
        onnx_out(o, 0, onnx_reshape(o, onnx_binary(o, OP_ADD, y, onnx_channels(o, bias, 3)), t.rank, dim));
        return;
    }
    y = onnx_binary(o, OP_MUL, onnx_reshape(o, y, t.rank, dim), onnx_channels(o, factor, t.rank));
    onnx_out(o, 0, onnx_binary(o, OP_ADD, y, onnx_channels(o, bias, t.rank)));
}

/* Over all dims from `axis` on; further outputs are the mean and the inverse of the deviation. */
void onnx_convert_layer_norm(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", -1), rank), bias = onnx_in(o, 2);
    bool over[IR_MAX_RANK];
    for (int32_t d = 0; d < IR_MAX_RANK; d++) {
        over[d] = d >= axis;
    }
    const int32_t mean = onnx_reduce(o, OP_MEAN, x, over, true), centred = onnx_binary(o, OP_SUB, x, mean);
    const int32_t variance = onnx_reduce(o, OP_MEAN, onnx_unary(o, OP_SQUARE, centred), over, true);
    const int32_t inverse = onnx_unary(o, OP_RSQRT, onnx_affine(o, variance, 1, onnx_float(o, "epsilon", 1e-5F)));
    const int32_t y = onnx_binary(o, OP_MUL, onnx_binary(o, OP_MUL, centred, inverse), onnx_in(o, 1));
    onnx_out(o, 0, bias == NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, bias));
    onnx_out(o, 1, mean);
    onnx_out(o, 2, inverse);
}

int32_t onnx_normalise_rms(struct onnx *o, int32_t x, const bool over[], float epsilon, int32_t *inverse)
{
    const int32_t mean = onnx_reduce(o, OP_MEAN, onnx_unary(o, OP_SQUARE, x), over, true);
    *inverse = onnx_unary(o, OP_RSQRT, onnx_affine(o, mean, 1, epsilon));
    return onnx_binary(o, OP_MUL, x, *inverse);
}

/* Over all dims from `axis` on, without a mean. */
void onnx_convert_rms_norm(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", -1), rank);
    bool over[IR_MAX_RANK];
    for (int32_t d = 0; d < IR_MAX_RANK; d++) {
        over[d] = d >= axis;
    }
    int32_t inverse;
    const int32_t y = onnx_normalise_rms(o, x, over, onnx_float(o, "epsilon", 1e-5F), &inverse);
    onnx_out(o, 0, onnx_binary(o, OP_MUL, y, onnx_in(o, 1)));
    onnx_out(o, 1, inverse);
}

void onnx_convert_mvn(struct onnx *o)
{
    int64_t axes[IR_MAX_RANK] = {0, 2, 3};
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    const int listed = onnx_list(o, "axes", axes, IR_MAX_RANK), count = listed < 0 ? 3 : listed;
    bool over[IR_MAX_RANK] = {false};
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        over[onnx_axis(o, axes[i], rank)] = true;
    }
    const int32_t centred = onnx_binary(o, OP_SUB, x, onnx_reduce(o, OP_MEAN, x, over, true));
    const int32_t variance = onnx_reduce(o, OP_MEAN, onnx_unary(o, OP_SQUARE, centred), over, true);
    const int32_t spread = onnx_affine(o, onnx_unary(o, OP_SQRT, variance), 1, 1e-9F);
    onnx_out(o, 0, onnx_binary(o, OP_DIV, centred, spread));
}

/* x / (sum of |x|^p)^(1/p) along an axis, p 1 or 2 */
void onnx_convert_lp_norm(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    bool over[IR_MAX_RANK] = {false};
    over[onnx_axis(o, onnx_int(o, "axis", -1), rank)] = true;
    const bool is_one = onnx_int(o, "p", 2) == 1;
    const int32_t sum = onnx_reduce(o, OP_SUM, onnx_unary(o, is_one ? OP_ABS : OP_SQUARE, x), over, true);
    onnx_out(o, 0, onnx_binary(o, OP_DIV, x, is_one ? sum : onnx_unary(o, OP_SQRT, sum)));
}

/* x / (bias + alpha / size * sum of squares of `size` channels)^beta, on the last dim here. An even size takes one more
 * channel behind than before, which mote's operator does not: by a sum of slices. */
void onnx_convert_lrn(struct onnx *o)
{
    enum { MAX_SIZE = 64 };
    const int32_t in = onnx_in(o, 0), rank = onnx_tensor(o, in)->rank, channels = ir_dim(onnx_tensor(o, in), 1);
    const int64_t size = onnx_int(o, "size", 1);
    const float alpha = onnx_float(o, "alpha", 1e-4F), beta = onnx_float(o, "beta", 0.75F);
    const float bias = onnx_float(o, "bias", 1);
    if (size < 1 || rank < 2 || (size % 2 == 0 && size > MAX_SIZE) || size > INT32_MAX) {
        onnx_fail(o, "sums %lld channels of an input of %d dims", (long long)size, rank);
        return;
    }
    const int32_t x = onnx_move_axis(o, in, 1, rank - 1);
    int32_t y;
    if (size % 2 == 1) {
        const struct attr attr = {.radius = (int32_t)(size / 2),
                                  .bias = bias,
                                  .alpha = alpha / (float)size,
                                  .beta = beta};
        y = onnx_emit(o, OP_LOCAL_RESPONSE_NORMALIZATION, &attr, &x, 1);
    } else {
        const int64_t before = (size - 1) / 2;
        int32_t pads[2 * IR_MAX_RANK] = {0}, sum = NO_TENSOR;
        pads[2 * rank - 2] = (int32_t)before;
        pads[2 * rank - 1] = (int32_t)(size - 1 - before);
        const int32_t list = onnx_const(o, TYPE_S32, 2, (int32_t[]){rank, 2}, pads);
        const int32_t padded =
            onnx_emit(o, OP_PADV2, NULL, (int32_t[]){onnx_unary(o, OP_SQUARE, x), list, onnx_real(o, 0)}, 3);
        for (int64_t k = 0; k < size; k++) {
            const int32_t part = onnx_slice(o, padded, rank - 1, k, channels);
            sum = sum == NO_TENSOR ? part : onnx_binary(o, OP_ADD, sum, part);
        }
        const int32_t base = onnx_affine(o, sum, alpha / (float)size, bias);
        y = onnx_binary(o, OP_MUL, x, onnx_binary(o, OP_POW, base, onnx_real(o, -beta)));
    }
    onnx_out(o, 0, onnx_move_axis(o, y, rank - 1, 1));
}

/*** Softmax ***/

/* Before version 13 all dims from `axis` on are one. */
static int32_t along_axis(struct onnx *o, int32_t x, int32_t (*convert)(struct onnx *o, int32_t x))
{
    const struct tensor t = *onnx_tensor(o, x);
    const bool flattens = onnx_opset(o) < 13;
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", flattens ? 1 : -1), t.rank > 0 ? t.rank : 1);
    int64_t dim[IR_MAX_RANK], before = 1;
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = t.dim[d];
        before *= d < axis ? t.dim[d] : 1;
    }
    if (flattens && axis != t.rank - 1) {
        const int64_t behind = before > 0 ? ir_count(&t) / before : 0;
        const int32_t flat = onnx_reshape(o, x, 2, (int64_t[]){before, behind});
        return onnx_reshape(o, convert(o, flat), t.rank, dim);
    }
    const int32_t last = t.rank > 0 ? t.rank - 1 : 0;
    return onnx_move_axis(o, convert(o, onnx_move_axis(o, x, axis, last)), last, axis);
}

static int32_t softmax(struct onnx *o, int32_t x)
{
    return onnx_emit(o, onnx_op(o), &(struct attr){.beta = onnx_op(o) == OP_SOFTMAX ? 1.0F : 0.0F}, &x, 1);
}

void onnx_convert_softmax(struct onnx *o) { onnx_out(o, 0, along_axis(o, onnx_in(o, 0), softmax)); }

/* 1 at the first maximum, else 0. */
static int32_t hardmax(struct onnx *o, int32_t x)
{
    const int32_t depth = ir_dim(onnx_tensor(o, x), -1), last = onnx_number(o, TYPE_S32, -1);
    const int32_t at = onnx_typed(o, OP_ARG_MAX, &(struct attr){.type = TYPE_S32}, TYPE_S32, (int32_t[]){x, last}, 2);
    const int32_t in[] = {at, onnx_number(o, TYPE_S32, depth), onnx_real(o, 1), onnx_real(o, 0)};
    return onnx_typed(o, OP_ONE_HOT, &(struct attr){.axis = -1}, TYPE_F32, in, 4);
}

void onnx_convert_hardmax(struct onnx *o) { onnx_out(o, 0, along_axis(o, onnx_in(o, 0), hardmax)); }
