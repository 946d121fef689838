/* SPDX-License-Identifier: MIT
 *
 * Element-wise operators with one input, of ONNX. What mote has no operator for is put together from others.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "onnx.h"

/* Computes in float or a wide integer, and returns to the type of the input. */
static int32_t in_wide(struct onnx *o, int32_t x, enum op op)
{
    const enum type type = onnx_tensor(o, x)->type, wide = onnx_wide_type(type);
    /* Where mote has no kernel for integers, float holds those of 32 bits that matter; larger ones are refused. */
    return wide == type ? onnx_unary(o, op, x) : onnx_cast(o, onnx_unary(o, op, onnx_cast(o, x, wide)), type);
}

void onnx_convert_unary(struct onnx *o) { onnx_out(o, 0, in_wide(o, onnx_in(o, 0), onnx_op(o))); }

/* ABS, NEG, SIGN of int64 as int32 would lose bits: by arithmetic that there is. */
void onnx_convert_sign(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const enum op op = onnx_op(o);
    if (onnx_tensor(o, x)->type != TYPE_S64) {
        onnx_out(o, 0, in_wide(o, x, op));
        return;
    }
    const int32_t zero = onnx_number(o, TYPE_S64, 0), negative = onnx_binary(o, OP_SUB, zero, x);
    if (op == OP_ABS) {
        onnx_out(o, 0, onnx_binary(o, OP_MAXIMUM, x, negative));
    } else if (op == OP_SIGN) {
        const int32_t low = onnx_binary(o, OP_MAXIMUM, x, onnx_number(o, TYPE_S64, -1));
        onnx_out(o, 0, onnx_binary(o, OP_MINIMUM, low, onnx_number(o, TYPE_S64, 1)));
    } else {
        onnx_out(o, 0, negative);
    }
}

/* Nothing is dropped. In training something would be. */
void onnx_convert_dropout(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), training = onnx_in(o, 2), ratio = onnx_in(o, 1);
    const struct tensor *t = onnx_tensor(o, training), *r = onnx_tensor(o, ratio);
    const bool trains = training != NO_TENSOR && (t->data == NULL || *(const uint8_t *)t->data != 0);
    const bool drops = ratio == NO_TENSOR || r->data == NULL || r->type != TYPE_F32 || *(const float *)r->data != 0;
    if (trains && drops) {
        onnx_fail(o, "is in training mode, or may be at run time; export the model for inference");
    }
    onnx_out(o, 0, x);
    if (onnx_has_out(o, 1)) {
        onnx_out(o, 1, onnx_filled(o, onnx_number(o, TYPE_BOOL, 1), x));
    }
}

void onnx_convert_cast(struct onnx *o)
{
    static const enum type from_code[] = {
        [1] = TYPE_F32, [2] = TYPE_U8,   [3] = TYPE_S8,   [4] = TYPE_U16,  [5] = TYPE_S16, [6] = TYPE_S32,
        [7] = TYPE_S64, [9] = TYPE_BOOL, [10] = TYPE_F16, [11] = TYPE_F32, [12] = TYPE_U32};
    const int32_t x = onnx_in(o, 0);
    enum type type = TYPE_F32;
    if (strcmp(onnx_name(o), "CastLike") == 0) {
        type = onnx_tensor(o, onnx_in(o, 1))->type;
    } else {
        const int64_t code = onnx_int(o, "to", 0);
        if (code < 1 || code >= (int64_t)COUNT_OF(from_code) || code == 8) {
            onnx_fail(o, "asks for a type of code %lld, which mote lacks; use float32", (long long)code);
            return;
        }
        type = from_code[code];
    }
    int32_t y = x;
    if (type == TYPE_BOOL && onnx_tensor(o, x)->type != TYPE_BOOL) {
        y = onnx_compare(o, OP_NOT_EQUAL, x, onnx_number(o, onnx_tensor(o, x)->type, 0));
    } else {
        y = onnx_to_single(o, onnx_cast(o, x, type)); /* rounded to half precision, computed in single */
    }
    onnx_out(o, 0, y);
}

/*** Activations ***/

/* max(x, 0) + factor * (e^(min(x, 0) / alpha) - 1) */
static int32_t elu(struct onnx *o, int32_t x, float factor, float alpha)
{
    const int32_t low = onnx_binary(o, OP_MINIMUM, x, onnx_real(o, 0));
    const int32_t curve = onnx_unary(o, OP_ELU, onnx_affine(o, low, 1 / alpha, 0));
    return onnx_binary(o, OP_ADD, onnx_unary(o, OP_RELU, x), onnx_affine(o, curve, factor, 0));
}

void onnx_convert_elu(struct onnx *o)
{
    const char *name = onnx_name(o);
    const int32_t x = onnx_in(o, 0);
    const bool is_selu = strcmp(name, "Selu") == 0, is_celu = strcmp(name, "Celu") == 0;
    const float alpha = onnx_float(o, "alpha", is_selu ? 1.67326319217681884765625F : 1.0F);
    const float gamma = is_selu ? onnx_float(o, "gamma", 1.05070102214813232421875F) : 1;
    if (!is_selu && alpha == 1) {
        onnx_out(o, 0, onnx_unary(o, OP_ELU, x));
    } else {
        onnx_out(o, 0, onnx_affine(o, elu(o, x, alpha, is_celu ? alpha : 1), gamma, 0));
    }
}

void onnx_convert_leaky_relu(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    onnx_out(o, 0, onnx_emit(o, OP_LEAKY_RELU, &(struct attr){.alpha = onnx_float(o, "alpha", 0.01F)}, &x, 1));
}

/* 1 / x */
void onnx_convert_reciprocal(struct onnx *o) { onnx_out(o, 0, onnx_binary(o, OP_DIV, onnx_real(o, 1), onnx_in(o, 0))); }

/* x / (1 + |x|) */
void onnx_convert_softsign(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    onnx_out(o, 0, onnx_binary(o, OP_DIV, x, onnx_affine(o, onnx_unary(o, OP_ABS, x), 1, 1)));
}

/* max(x, 0) + log(1 + e^-|x|), which does not overflow */
static int32_t softplus(struct onnx *o, int32_t x)
{
    const int32_t e = onnx_unary(o, OP_EXP, onnx_unary(o, OP_NEG, onnx_unary(o, OP_ABS, x)));
    return onnx_binary(o, OP_ADD, onnx_unary(o, OP_RELU, x), onnx_unary(o, OP_LOG, onnx_affine(o, e, 1, 1)));
}

void onnx_convert_softplus(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), y = softplus(o, x);
    onnx_out(o, 0, strcmp(onnx_name(o), "Mish") == 0 ? onnx_binary(o, OP_MUL, x, onnx_unary(o, OP_TANH, y)) : y);
}

static int32_t hard_sigmoid(struct onnx *o, int32_t x, float alpha, float beta)
{
    return onnx_unary(o, OP_RELU_0_TO_1, onnx_affine(o, x, alpha, beta));
}

void onnx_convert_hard_sigmoid(struct onnx *o)
{
    onnx_out(o, 0, hard_sigmoid(o, onnx_in(o, 0), onnx_float(o, "alpha", 0.2F), onnx_float(o, "beta", 0.5F)));
}

void onnx_convert_gelu(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const bool by_tanh = strcmp(onnx_text(o, "approximate", "none"), "tanh") == 0;
    onnx_out(o, 0, onnx_emit(o, OP_GELU, &(struct attr){.approximate = by_tanh}, &x, 1));
}

/* x if x > alpha, else 0 */
void onnx_convert_thresholded_relu(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), zero = onnx_real(o, 0);
    const int32_t above = onnx_compare(o, OP_GREATER, x, onnx_real(o, onnx_float(o, "alpha", 1)));
    onnx_out(o, 0, onnx_select(o, above, x, zero));
}

/* x + bias below -lambda, x - bias above lambda, else 0 */
void onnx_convert_shrink(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const enum type type = onnx_tensor(o, x)->type;
    const float lambda = onnx_float(o, "lambd", 0.5F), bias = onnx_float(o, "bias", 0);
    const int32_t real = onnx_cast(o, x, TYPE_F32);
    const int32_t low = onnx_compare(o, OP_LESS, real, onnx_real(o, -lambda));
    const int32_t high = onnx_compare(o, OP_GREATER, real, onnx_real(o, lambda));
    const int32_t rest = onnx_select(o, high, onnx_affine(o, real, 1, -bias), onnx_real(o, 0));
    onnx_out(o, 0, onnx_cast(o, onnx_select(o, low, onnx_affine(o, real, 1, bias), rest), type));
}

/*** Limits ***/

static int32_t clip(struct onnx *o, int32_t x, int32_t low, int32_t high)
{
    x = low != NO_TENSOR ? onnx_binary(o, OP_MAXIMUM, x, low) : x;
    return high != NO_TENSOR ? onnx_binary(o, OP_MINIMUM, x, high) : x;
}

/* The single value of a constant of type float; false: there is none. */
static bool find_real(const struct onnx *o, int32_t tensor, float *value)
{
    const struct tensor *t = onnx_tensor(o, tensor);
    if (!onnx_is_const(o, tensor) || t->type != TYPE_F32 || ir_count(t) != 1) {
        return false;
    }
    *value = *(const float *)t->data;
    return true;
}

/* Ranges that have a name become its operator, which others take into themselves. */
void onnx_convert_clip(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    int32_t low = onnx_in(o, 1), high = onnx_in(o, 2);
    if (onnx_opset(o) < 11) {
        low = onnx_has(o, "min") ? onnx_real(o, onnx_float(o, "min", 0)) : NO_TENSOR;
        high = onnx_has(o, "max") ? onnx_real(o, onnx_float(o, "max", 0)) : NO_TENSOR;
    }
    float from = 0, to = 0;
    const bool has_low = find_real(o, low, &from), has_high = find_real(o, high, &to);
    if (has_low && from == 0 && (high == NO_TENSOR || (has_high && to >= FLT_MAX))) {
        onnx_out(o, 0, onnx_unary(o, OP_RELU, x));
    } else if (has_low && has_high && from == 0 && to == 6) {
        onnx_out(o, 0, onnx_unary(o, OP_RELU6, x));
    } else if (has_low && has_high && from == -1 && to == 1) {
        onnx_out(o, 0, onnx_unary(o, OP_RELU_N1_TO_1, x));
    } else {
        onnx_out(o, 0, clip(o, x, low, high));
    }
}

/*** Tests ***/

void onnx_convert_is_nan(struct onnx *o)
{
    onnx_out(o, 0, onnx_compare(o, OP_NOT_EQUAL, onnx_in(o, 0), onnx_in(o, 0)));
}

void onnx_convert_is_inf(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const bool below = onnx_int(o, "detect_negative", 1) != 0, above = onnx_int(o, "detect_positive", 1) != 0;
    const float value = above ? INFINITY : below ? -INFINITY : NAN;
    onnx_out(o, 0, onnx_compare(o, OP_EQUAL, above && below ? onnx_unary(o, OP_ABS, x) : x, onnx_real(o, value)));
}
