/* SPDX-License-Identifier: MIT
 *
 * Quantised models of ONNX. In one form operators on floats stand between DequantizeLinear and QuantizeLinear; such an
 * operator becomes mote's on int8 where there is one for it: when its result is quantised, what made it is made once
 * more, of the quantised values (onnx_requant.c). What nobody reads then vanishes; where it does not work out, the
 * floats stay. In the other form, QLinearConv and its like, the operators are taken apart into the first.
 *
 * uint8 becomes int8 with a zero point 128 less.
 */
#include <math.h>
#include <string.h>

#include "onnx_quant.h"

/*** Parameters ***/

/* Scales and zero points of a constant scale and an optional constant zero point; false: they are not constant. */
static bool read_quant(struct onnx *o, int32_t scale, int32_t zero, int32_t axis, struct quant *q)
{
    const struct tensor s = *onnx_tensor(o, scale), *z = onnx_tensor(o, zero);
    const int64_t count = ir_count(&s);
    if (s.data == NULL || s.type != TYPE_F32 || count < 1 || count > INT32_MAX) {
        return false;
    }
    int32_t *zero_point = ARENA_ARRAY(o->arena, count, int32_t);
    for (int64_t i = 0; i < count && zero != NO_TENSOR; i++) {
        const int64_t k = ir_count(z) == count ? i : 0;
        if (z->data == NULL || ir_count(z) < 1) {
            return false;
        }
        zero_point[i] = z->type == TYPE_S8   ? ((const int8_t *)z->data)[k]
                        : z->type == TYPE_U8 ? ((const uint8_t *)z->data)[k]
                                             : 0;
    }
    *q = (struct quant){(int32_t)count, axis, s.data, zero_point};
    for (int32_t i = 0; i < q->count; i++) {
        if (!(q->scale[i] > 0) || !isfinite(q->scale[i])) {
            return false;
        }
    }
    return true;
}

/* The same values 128 lower. */
static struct quant lowered(struct onnx *o, const struct quant *q)
{
    int32_t *zero_point = ARENA_ARRAY(o->arena, q->count, int32_t);
    for (int32_t i = 0; i < q->count; i++) {
        zero_point[i] = q->zero_point[i] - 128;
    }
    return (struct quant){q->count, q->axis, q->scale, zero_point};
}

/* A vector of one value for each index of `axis` so that it broadcasts to `rank` dims; scalars stay. */
static int32_t along(struct onnx *o, int32_t vector, int32_t axis, int32_t rank)
{
    int64_t dim[IR_MAX_RANK] = {0, 1, 1, 1, 1, 1, 1, 1};
    dim[0] = ir_count(onnx_tensor(o, vector));
    return dim[0] == 1 ? onnx_reshape(o, vector, 0, NULL) : onnx_reshape(o, vector, rank - axis, dim);
}

/*** DequantizeLinear ***/

/* (x - zero) * scale in floats */
static int32_t dequantize_plainly(struct onnx *o, int32_t x, int32_t scale, int32_t zero, int32_t axis)
{
    const int32_t rank = onnx_tensor(o, x)->rank;
    int32_t y = onnx_cast(o, x, TYPE_F32);
    if (zero != NO_TENSOR && onnx_tensor(o, zero)->type != TYPE_S32) {
        y = onnx_binary(o, OP_SUB, y, along(o, onnx_cast(o, zero, TYPE_F32), axis, rank));
    }
    return onnx_binary(o, OP_MUL, y, along(o, scale, axis, rank));
}

/* A constant keeps its bytes beside the floats. */
static void remember_constant(struct onnx *o, int32_t y, int32_t x, const struct quant *q)
{
    const struct tensor t = *onnx_tensor(o, x);
    struct onnx_quantised was = {x, *q};
    if (t.type == TYPE_U8) {
        const int64_t count = ir_count(&t);
        int8_t *bytes = ARENA_ARRAY(o->arena, count, int8_t);
        for (int64_t i = 0; i < count; i++) {
            bytes[i] = (int8_t)(((const uint8_t *)t.data)[i] - 128);
        }
        was = (struct onnx_quantised){onnx_const(o, TYPE_S8, t.rank, t.dim, bytes), lowered(o, q)};
    }
    onnx_set_quantised(o, y, &was);
}

/* Values that come in or were quantised: as int8 with its scale. NO_TENSOR: they have another one already. */
static int32_t as_int8(struct onnx *o, int32_t x, const struct quant *q)
{
    const struct onnx_quantised was = onnx_quantised(o, x); /* uint8 that is int8 in truth */
    if (was.tensor != NO_TENSOR) {
        return was.tensor;
    }
    struct tensor *t = onnx_tensor(o, x);
    if (t->quant.count == 0) {
        t->quant = *q;
    }
    if (t->quant.count != 1 || t->quant.scale[0] != q->scale[0] || t->quant.zero_point[0] != q->zero_point[0]) {
        return NO_TENSOR;
    }
    if (t->type == TYPE_S8) {
        return x;
    }
    const struct quant low = lowered(o, q);
    return onnx_emit_quantised(o, OP_QUANTIZE, NULL, TYPE_S8, &x, 1, &low);
}

int32_t onnx_dequantize(struct onnx *o, int32_t x, int32_t scale, int32_t zero, int64_t asked_axis)
{
    const struct tensor t = *onnx_tensor(o, x);
    const bool per_tensor = ir_count(onnx_tensor(o, scale)) == 1;
    const int32_t axis = per_tensor ? 0 : onnx_axis(o, asked_axis, t.rank);
    struct quant q;
    const bool is_known = read_quant(o, scale, zero, axis, &q);
    if (onnx_is_const(o, x) || !is_known || !per_tensor || (t.type != TYPE_S8 && t.type != TYPE_U8)) {
        const int32_t y = dequantize_plainly(o, x, scale, zero, axis);
        if (onnx_is_const(o, x) && is_known && (t.type == TYPE_S8 || t.type == TYPE_U8 || t.type == TYPE_S32)) {
            remember_constant(o, y, x, &q);
        }
        return y;
    }
    const int32_t bytes = as_int8(o, x, &q);
    if (bytes == NO_TENSOR) {
        return onnx_failed(o) ? NO_TENSOR : dequantize_plainly(o, x, scale, zero, axis);
    }
    const int32_t y = onnx_typed(o, OP_DEQUANTIZE, NULL, TYPE_F32, &bytes, 1);
    onnx_set_quantised(o, y, &(struct onnx_quantised){bytes, onnx_tensor(o, bytes)->quant});
    return y;
}

void onnx_convert_dequantize_linear(struct onnx *o)
{
    if (onnx_int(o, "block_size", 0) != 0) {
        onnx_fail(o, "has blocks of scales; quantise for the tensor or for channels");
    }
    onnx_out(o, 0, onnx_dequantize(o, onnx_in(o, 0), onnx_in(o, 1), onnx_in(o, 2), onnx_int(o, "axis", 1)));
}

/*** QuantizeLinear ***/

/* round(x / scale) + zero, halves to even, within the range of the type */
static int32_t quantize_plainly(struct onnx *o, int32_t x, int32_t scale, int32_t zero, int32_t axis, enum type type)
{
    const int32_t rank = onnx_tensor(o, x)->rank, bits = ir_type_bits(type);
    const bool is_signed = type == TYPE_S8 || type == TYPE_S16;
    const float low = is_signed ? -(float)(1 << (bits - 1)) : 0, high = low + (float)(1 << bits) - 1;
    int32_t y = onnx_unary(o, OP_ROUND, onnx_binary(o, OP_DIV, x, along(o, scale, axis, rank)));
    if (zero != NO_TENSOR) {
        y = onnx_binary(o, OP_ADD, y, along(o, onnx_cast(o, zero, TYPE_F32), axis, rank));
    }
    y = onnx_binary(o, OP_MINIMUM, onnx_binary(o, OP_MAXIMUM, y, onnx_real(o, low)), onnx_real(o, high));
    return onnx_cast(o, y, type);
}

int32_t onnx_quantize(struct onnx *o, int32_t x, int32_t scale, int32_t zero, int64_t asked_axis, enum type type)
{
    struct quant q;
    const bool per_tensor = ir_count(onnx_tensor(o, scale)) == 1;
    const int32_t axis = per_tensor ? 0 : onnx_axis(o, asked_axis, onnx_tensor(o, x)->rank);
    if (!per_tensor || (type != TYPE_S8 && type != TYPE_U8) || !read_quant(o, scale, zero, 0, &q)) {
        return quantize_plainly(o, x, scale, zero, axis, type);
    }
    const struct quant low = type == TYPE_U8 ? lowered(o, &q) : q;
    const int32_t bytes = onnx_requantise(o, x, &low);
    if (type == TYPE_S8 || bytes == NO_TENSOR) {
        return bytes;
    }
    const int32_t y = onnx_emit_quantised(o, OP_QUANTIZE, NULL, TYPE_U8, &bytes, 1, &q);
    onnx_set_quantised(o, y, &(struct onnx_quantised){bytes, low});
    return y;
}

enum type onnx_type_of_zero(const struct onnx *o, int32_t zero)
{
    return zero == NO_TENSOR ? TYPE_U8 : onnx_tensor(o, zero)->type;
}

void onnx_convert_quantize_linear(struct onnx *o)
{
    const int32_t zero = onnx_in(o, 2);
    const int64_t code = onnx_int(o, "output_dtype", 0);
    const enum type type = zero == NO_TENSOR && code == 3 ? TYPE_S8 : onnx_type_of_zero(o, zero);
    if (onnx_int(o, "block_size", 0) != 0 ||
        (type != TYPE_S8 && type != TYPE_U8 && type != TYPE_S16 && type != TYPE_U16)) {
        onnx_fail(o, "quantises to %s, or by blocks; want int8, uint8, int16 or uint16", ir_type_text(type));
        return;
    }
    const int32_t x = onnx_cast(o, onnx_in(o, 0), TYPE_F32);
    onnx_out(o, 0, onnx_quantize(o, x, onnx_in(o, 1), zero, onnx_int(o, "axis", 1), type));
}

/* The range of the values gives scale and zero point. */
void onnx_convert_dynamic_quantize(struct onnx *o)
{
    static const bool all[IR_MAX_RANK] = {true, true, true, true, true, true, true, true};
    const int32_t x = onnx_in(o, 0), zero = onnx_real(o, 0), most = onnx_real(o, 255);
    const int32_t high = onnx_binary(o, OP_MAXIMUM, onnx_reduce(o, OP_REDUCE_MAX, x, all, false), zero);
    const int32_t low = onnx_binary(o, OP_MINIMUM, onnx_reduce(o, OP_REDUCE_MIN, x, all, false), zero);
    const int32_t scale = onnx_binary(o, OP_DIV, onnx_binary(o, OP_SUB, high, low), most);
    int32_t point = onnx_binary(o, OP_DIV, onnx_unary(o, OP_NEG, low), scale);
    point = onnx_binary(o, OP_MINIMUM, onnx_binary(o, OP_MAXIMUM, onnx_unary(o, OP_ROUND, point), zero), most);
    onnx_out(o, 0, quantize_plainly(o, x, scale, onnx_cast(o, point, TYPE_U8), 0, TYPE_U8));
    onnx_out(o, 1, scale);
    onnx_out(o, 2, onnx_cast(o, point, TYPE_U8));
}

/*** Operators on quantised values ***/

/* The bias counts in steps of the product of both scales. */
int32_t onnx_dequantize_bias(struct onnx *o, int32_t bias, int32_t x_scale, int32_t w_scale)
{
    if (bias == NO_TENSOR) {
        return bias;
    }
    const int32_t scale = onnx_binary(o, OP_MUL, onnx_reshape(o, x_scale, 0, NULL), w_scale);
    return onnx_dequantize(o, bias, scale, NO_TENSOR, 0);
}

void onnx_convert_qlinear_conv(struct onnx *o)
{
    const int32_t x = onnx_dequantize(o, onnx_in(o, 0), onnx_in(o, 1), onnx_in(o, 2), 1);
    const int32_t w = onnx_dequantize(o, onnx_in(o, 3), onnx_in(o, 4), onnx_in(o, 5), 0);
    const int32_t bias = onnx_dequantize_bias(o, onnx_in(o, 8), onnx_in(o, 1), onnx_in(o, 4));
    const int32_t y = onnx_conv(o, x, w, bias);
    onnx_out(o, 0, onnx_quantize(o, y, onnx_in(o, 6), onnx_in(o, 7), 1, onnx_type_of_zero(o, onnx_in(o, 7))));
}

void onnx_convert_qlinear_matmul(struct onnx *o)
{
    const int32_t b = onnx_in(o, 3), rank = onnx_tensor(o, b)->rank;
    const int32_t x =
        onnx_dequantize(o, onnx_in(o, 0), onnx_in(o, 1), onnx_in(o, 2), onnx_tensor(o, onnx_in(o, 0))->rank - 2);
    const int32_t y = onnx_matmul(o, x, onnx_dequantize(o, b, onnx_in(o, 4), onnx_in(o, 5), rank - 1));
    onnx_out(o, 0, onnx_quantize(o, y, onnx_in(o, 6), onnx_in(o, 7), 1, onnx_type_of_zero(o, onnx_in(o, 7))));
}

/* x - zero as float, which sums of up to 2^24 are exact in. Zero points of rows are a column. */
static int32_t centred(struct onnx *o, int i, int zero_input, bool rows)
{
    const int32_t x = onnx_cast(o, onnx_in(o, i), TYPE_F32), zero = onnx_in(o, zero_input);
    if (zero == NO_TENSOR) {
        return x;
    }
    int32_t z = onnx_cast(o, zero, TYPE_F32);
    if (rows && onnx_tensor(o, z)->rank == 1 && ir_count(onnx_tensor(o, z)) > 1) {
        z = onnx_reshape(o, z, 2, (int64_t[]){ir_count(onnx_tensor(o, z)), 1});
    } else if (ir_count(onnx_tensor(o, z)) == 1) {
        z = onnx_reshape(o, z, 0, NULL);
    }
    return onnx_binary(o, OP_SUB, x, z);
}

void onnx_convert_matmul_integer(struct onnx *o)
{
    onnx_out(o, 0, onnx_cast(o, onnx_matmul(o, centred(o, 0, 2, true), centred(o, 1, 3, false)), TYPE_S32));
}

void onnx_convert_conv_integer(struct onnx *o)
{
    onnx_out(o, 0, onnx_cast(o, onnx_conv(o, centred(o, 0, 2, false), centred(o, 1, 3, false), NO_TENSOR), TYPE_S32));
}
