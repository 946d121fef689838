/* SPDX-License-Identifier: MIT
 *
 * Operators of ONNX Runtime's own, com.microsoft: what its quantiser and its optimiser write into files. Those on
 * quantised values are taken apart into operators on floats between conversions, as onnx_quant.c has them.
 */
#include <string.h>

#include "onnx_image.h"
#include "onnx_quant.h"

/* Input i with its scale and zero point behind it. */
static int32_t real_in(struct onnx *o, int i)
{
    return onnx_dequantize(o, onnx_in(o, i), onnx_in(o, i + 1), onnx_in(o, i + 2), 1);
}

/* The result in steps of the scale that is input i. */
static void put_quantised(struct onnx *o, int32_t y, int i)
{
    const int32_t zero = onnx_in(o, i + 1);
    onnx_out(o, 0, onnx_quantize(o, y, onnx_in(o, i), zero, 1, onnx_type_of_zero(o, zero)));
}

void onnx_convert_qlinear_binary(struct onnx *o)
{
    put_quantised(o, onnx_binary(o, onnx_op(o), real_in(o, 0), real_in(o, 3)), 6);
}

void onnx_convert_qlinear_unary(struct onnx *o)
{
    const struct attr attr = {.alpha = onnx_float(o, "alpha", 0.01F)};
    const int32_t x = real_in(o, 0);
    put_quantised(o, onnx_emit(o, onnx_op(o), onnx_op(o) == OP_LEAKY_RELU ? &attr : NULL, &x, 1), 3);
}

/* Along one axis, or as before version 13 along all from it on. */
void onnx_convert_qlinear_softmax(struct onnx *o)
{
    const int32_t x = real_in(o, 0), rank = onnx_tensor(o, x)->rank;
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", -1), rank);
    if (onnx_int(o, "opset", 13) < 13 && axis != rank - 1) {
        onnx_fail(o, "flattens its input from axis %d on; want the last axis", axis);
        return;
    }
    const int32_t moved = onnx_move_axis(o, x, axis, rank - 1);
    const int32_t y = onnx_emit(o, OP_SOFTMAX, &(struct attr){.beta = 1}, &moved, 1);
    put_quantised(o, onnx_move_axis(o, y, rank - 1, axis), 3);
}

static bool is_channels_last(struct onnx *o)
{
    if (onnx_int(o, "channels_last", 0) != 0) {
        onnx_fail(o, "has channels_last; export it with channels in the second dim");
    }
    return onnx_failed(o);
}

void onnx_convert_qlinear_reduce_mean(struct onnx *o)
{
    const int32_t x = real_in(o, 0), rank = onnx_tensor(o, x)->rank;
    int64_t axes[IR_MAX_RANK];
    const int count = onnx_list(o, "axes", axes, IR_MAX_RANK);
    bool over[IR_MAX_RANK];
    for (int32_t d = 0; d < IR_MAX_RANK; d++) {
        over[d] = count <= 0;
    }
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        over[onnx_axis(o, axes[i], rank)] = true;
    }
    put_quantised(o, onnx_reduce(o, OP_MEAN, x, over, onnx_int(o, "keepdims", 1) != 0), 3);
}

void onnx_convert_qlinear_where(struct onnx *o)
{
    put_quantised(o, onnx_select(o, onnx_in(o, 0), real_in(o, 1), real_in(o, 4)), 7);
}

void onnx_convert_qlinear_global_pool(struct onnx *o)
{
    static const bool spatial[IR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    if (!is_channels_last(o)) {
        put_quantised(o, onnx_reduce(o, OP_MEAN, real_in(o, 0), spatial, true), 3);
    }
}

void onnx_convert_qlinear_pool(struct onnx *o)
{
    if (!is_channels_last(o)) {
        put_quantised(o, onnx_pool(o, real_in(o, 0), true, NULL), 3);
    }
}

/* Scale and zero point of the result come first. */
void onnx_convert_qlinear_concat(struct onnx *o)
{
    enum { MOST = 64 };
    int32_t part[MOST];
    const int count = (onnx_in_count(o) - 2) / 3;
    if (count < 1 || count > MOST || onnx_in_count(o) != 2 + 3 * count) {
        onnx_fail(o, "has %d inputs, want 2 and 3 for each of up to %d", onnx_in_count(o), MOST);
        return;
    }
    for (int i = 0; i < count; i++) {
        part[i] = real_in(o, 2 + 3 * i);
    }
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 0), onnx_tensor(o, part[0])->rank);
    put_quantised(o, onnx_concat(o, part, count, axis), 0);
}

static int32_t turned(struct onnx *o, int32_t x, const char *attribute)
{
    const int32_t rank = onnx_tensor(o, x)->rank;
    return onnx_int(o, attribute, 0) != 0 && rank > 1 ? onnx_move_axis(o, x, rank - 1, rank - 2) : x;
}

/* alpha * a * b + c, whose scale is the product of both; without a scale for the result, of floats. */
void onnx_convert_qgemm(struct onnx *o)
{
    const int32_t b_scale = onnx_in(o, 4);
    const int64_t axis = onnx_int(o, "transB", 0) != 0 ? 0 : 1;
    const int32_t a = turned(o, real_in(o, 0), "transA");
    const int32_t b = turned(o, onnx_dequantize(o, onnx_in(o, 3), b_scale, onnx_in(o, 5), axis), "transB");
    const float alpha = onnx_float(o, "alpha", 1);
    int32_t y = onnx_affine(o, onnx_matmul(o, a, b), alpha, 0);
    if (onnx_in(o, 6) != NO_TENSOR) {
        const int32_t c = onnx_dequantize_bias(o, onnx_in(o, 6), onnx_in(o, 1), b_scale);
        y = onnx_binary(o, OP_ADD, y, onnx_affine(o, c, alpha, 0));
    }
    if (onnx_in(o, 7) == NO_TENSOR) {
        onnx_out(o, 0, y);
    } else {
        put_quantised(o, y, 7);
    }
}

/* a in floats, where ONNX Runtime would round it to 8 bits. */
void onnx_convert_dynamic_matmul(struct onnx *o)
{
    const int32_t b = onnx_in(o, 1), rank = onnx_tensor(o, b)->rank, bias = onnx_in(o, 4);
    const int32_t y = onnx_matmul(o, onnx_in(o, 0), onnx_dequantize(o, b, onnx_in(o, 2), onnx_in(o, 3), rank - 1));
    onnx_out(o, 0, bias == NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, bias));
}

/* a * b in steps of both scales, and a bias of floats. Inputs: a, b, their scales, their zero points, the bias. */
void onnx_convert_matmul_to_float(struct onnx *o)
{
    const int32_t a = onnx_in(o, 0), b = onnx_in(o, 1), bias = onnx_in(o, 6);
    const int32_t x = onnx_dequantize(o, a, onnx_in(o, 2), onnx_in(o, 4), onnx_tensor(o, a)->rank - 2);
    const int32_t y =
        onnx_matmul(o, x, onnx_dequantize(o, b, onnx_in(o, 3), onnx_in(o, 5), onnx_tensor(o, b)->rank - 1));
    onnx_out(o, 0, bias == NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, bias));
}

/*** What the optimiser joins ***/

static int32_t activated(struct onnx *o, int32_t y)
{
    static const struct {
        const char *name;
        enum op op;
    } all[] = {{"Relu", OP_RELU}, {"Sigmoid", OP_LOGISTIC}, {"Tanh", OP_TANH}, {"LeakyRelu", OP_LEAKY_RELU}};
    const char *name = onnx_text(o, "activation", "");
    int32_t count;
    const float *params = onnx_floats(o, "activation_params", &count);
    if (strcmp(name, "Clip") == 0 && count == 2) {
        y = onnx_binary(o, OP_MAXIMUM, y, onnx_real(o, params[0]));
        return onnx_binary(o, OP_MINIMUM, y, onnx_real(o, params[1]));
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (strcmp(name, all[i].name) == 0) {
            const struct attr attr = {
                .alpha = count > 0 ? params[0]
                                   : onnx_float(o, "leaky_relu_alpha", onnx_float(o, "activation_alpha", 0.01F))};
            return onnx_emit(o, all[i].op, all[i].op == OP_LEAKY_RELU ? &attr : NULL, &y, 1);
        }
    }
    return *name == '\0' ? y : onnx_fail(o, "has the activation %.20s, which mote lacks here", name);
}

/* What is added comes in front of the activation. */
void onnx_convert_fused_conv(struct onnx *o)
{
    const int32_t y = onnx_conv(o, onnx_in(o, 0), onnx_in(o, 1), onnx_in(o, 2)), sum = onnx_in(o, 3);
    onnx_out(o, 0, activated(o, sum == NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, sum)));
}

void onnx_convert_fused_gemm(struct onnx *o) { onnx_out(o, 0, activated(o, onnx_gemm(o))); }

void onnx_convert_fused_matmul(struct onnx *o)
{
    if (onnx_int(o, "transBatchA", 0) != 0 || onnx_int(o, "transBatchB", 0) != 0) {
        onnx_fail(o, "turns batches, which mote lacks");
        return;
    }
    const int32_t a = turned(o, onnx_in(o, 0), "transA"), b = turned(o, onnx_in(o, 1), "transB");
    onnx_out(o, 0, activated(o, onnx_affine(o, onnx_matmul(o, a, b), onnx_float(o, "alpha", 1), 0)));
}

/* FastGelu is the form with tanh, BiasGelu the exact one; both add a bias first. */
void onnx_convert_bias_gelu(struct onnx *o)
{
    const int32_t bias = onnx_in(o, 1);
    const int32_t x = bias == NO_TENSOR ? onnx_in(o, 0) : onnx_binary(o, OP_ADD, onnx_in(o, 0), bias);
    const struct attr attr = {.approximate = strcmp(onnx_name(o), "FastGelu") == 0};
    onnx_out(o, 0, onnx_emit(o, OP_GELU, &attr, &x, 1));
}

/* x * sigmoid(alpha * x): QuickGelu, Swish */
void onnx_convert_quick_gelu(struct onnx *o)
{
    const float alpha = onnx_float(o, "alpha", strcmp(onnx_name(o), "Swish") == 0 ? 1 : 1.702F);
    const int32_t x = onnx_in(o, 0), scaled = onnx_affine(o, x, alpha, 0);
    onnx_out(o, 0, onnx_binary(o, OP_MUL, x, onnx_unary(o, OP_LOGISTIC, scaled)));
}

/* The norm of a sum, along the last axis. Output 3 is the sum. */
void onnx_convert_skip_layer_norm(struct onnx *o)
{
    const int32_t beta = onnx_in(o, 3), bias = onnx_in(o, 4);
    int32_t sum = onnx_binary(o, OP_ADD, onnx_in(o, 0), onnx_in(o, 1));
    sum = bias == NO_TENSOR ? sum : onnx_binary(o, OP_ADD, sum, bias);
    bool last[IR_MAX_RANK] = {false};
    last[onnx_axis(o, -1, onnx_tensor(o, sum)->rank)] = true;
    int32_t y = onnx_normalise(o, sum, last, onnx_float(o, "epsilon", 1e-12F));
    y = onnx_binary(o, OP_MUL, y, onnx_in(o, 2));
    onnx_out(o, 0, beta == NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, beta));
    onnx_out(o, 3, sum);
}

/* Without a mean, and without a bias behind it. */
void onnx_convert_skip_rms_norm(struct onnx *o)
{
    const int32_t bias = onnx_in(o, 3);
    int32_t sum = onnx_binary(o, OP_ADD, onnx_in(o, 0), onnx_in(o, 1)), inverse;
    sum = bias == NO_TENSOR ? sum : onnx_binary(o, OP_ADD, sum, bias);
    bool last[IR_MAX_RANK] = {false};
    last[onnx_axis(o, -1, onnx_tensor(o, sum)->rank)] = true;
    const int32_t y = onnx_normalise_rms(o, sum, last, onnx_float(o, "epsilon", 1e-12F), &inverse);
    onnx_out(o, 0, onnx_binary(o, OP_MUL, y, onnx_in(o, 2)));
    onnx_out(o, 3, sum);
}
