/* SPDX-License-Identifier: MIT
 *
 * Element-wise operators with two inputs or more, of ONNX. Integers of 8 and 16 bits, which mote knows as quantised
 * values, are computed with 32 bits, of which the low ones are kept.
 */
#include <string.h>

#include "onnx.h"

static int32_t in_wide(struct onnx *o, enum op op, int32_t x, int32_t y)
{
    const enum type type = onnx_tensor(o, x)->type, wide = onnx_wide_type(type);
    return onnx_cast(o, onnx_binary(o, op, onnx_cast(o, x, wide), onnx_cast(o, y, wide)), type);
}

/* Input 1 as it meets input 0. Opset 6 may name the axis of input 0 that its first dim belongs to; from opset 7 on the
 * last dims meet. */
static int32_t in_second(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), y = onnx_in(o, 1);
    const struct tensor t = *onnx_tensor(o, y);
    if (onnx_opset(o) >= 7 || onnx_int(o, "broadcast", 0) == 0 || !onnx_has(o, "axis")) {
        return y;
    }
    const int32_t rank = onnx_tensor(o, x)->rank, axis = onnx_axis(o, onnx_int(o, "axis", 0), rank);
    int64_t dim[IR_MAX_RANK];
    for (int32_t i = 0; i < rank - axis; i++) {
        dim[i] = i < t.rank ? t.dim[i] : 1;
    }
    return axis + t.rank > rank ? y : onnx_reshape(o, y, rank - axis, dim);
}

void onnx_convert_binary(struct onnx *o) { onnx_out(o, 0, in_wide(o, onnx_op(o), onnx_in(o, 0), in_second(o))); }

/* The operators of any number of inputs: Max, Min, Sum, Mean. */
void onnx_convert_variadic(struct onnx *o)
{
    const int count = onnx_in_count(o);
    int32_t y = onnx_in(o, 0);
    for (int i = 1; i < count; i++) {
        y = in_wide(o, onnx_op(o), y, onnx_in(o, i));
    }
    onnx_out(o, 0, strcmp(onnx_name(o), "Mean") == 0 ? onnx_affine(o, y, 1 / (float)(count > 0 ? count : 1), 0) : y);
}

void onnx_convert_compare(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), y = in_second(o);
    const enum type type = onnx_tensor(o, x)->type, wide = type == TYPE_BOOL ? type : onnx_wide_type(type);
    onnx_out(o, 0, onnx_compare(o, onnx_op(o), onnx_cast(o, x, wide), onnx_cast(o, y, wide)));
}

void onnx_convert_not(struct onnx *o) { onnx_out(o, 0, onnx_unary(o, OP_LOGICAL_NOT, onnx_in(o, 0))); }

/* The power has the type of the base. */
void onnx_convert_pow(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), y = in_second(o);
    const enum type base = onnx_tensor(o, x)->type, exponent = onnx_tensor(o, y)->type;
    const enum type type = exponent == TYPE_F32 ? TYPE_F32 : onnx_wide_type(base);
    if (onnx_is_const(o, y) && exponent == TYPE_F32 && base == TYPE_F32 && ir_count(onnx_tensor(o, y)) == 1 &&
        *(const float *)onnx_tensor(o, y)->data == 2) {
        onnx_out(o, 0, onnx_unary(o, OP_SQUARE, x));
        return;
    }
    onnx_out(o, 0, onnx_cast(o, onnx_binary(o, OP_POW, onnx_cast(o, x, type), onnx_cast(o, y, type)), base));
}

/* fmod = 1: the remainder has the sign of the dividend, as C has it; else that of the divisor. */
void onnx_convert_mod(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), y = onnx_in(o, 1);
    const enum type type = onnx_tensor(o, x)->type, wide = onnx_wide_type(type);
    const int32_t a = onnx_cast(o, x, wide), b = onnx_cast(o, y, wide);
    int32_t rest;
    if (onnx_int(o, "fmod", 0) == 0) {
        rest = onnx_binary(o, OP_FLOOR_MOD, a, b);
    } else { /* of the absolute values, with the sign of the first */
        const int32_t zero = onnx_number(o, wide, 0);
        const int32_t a_size = onnx_binary(o, OP_MAXIMUM, a, onnx_binary(o, OP_SUB, zero, a));
        const int32_t b_size = onnx_binary(o, OP_MAXIMUM, b, onnx_binary(o, OP_SUB, zero, b));
        const int32_t size = onnx_binary(o, OP_FLOOR_MOD, a_size, b_size);
        rest = onnx_select(o, onnx_compare(o, OP_LESS, a, zero), onnx_binary(o, OP_SUB, zero, size), size);
    }
    onnx_out(o, 0, onnx_cast(o, rest, type));
}

void onnx_convert_where(struct onnx *o) { onnx_out(o, 0, onnx_select(o, onnx_in(o, 0), onnx_in(o, 1), onnx_in(o, 2))); }

/* The slope broadcasts to the input, not the other way round; in opset 6 it is one for each channel. */
void onnx_convert_prelu(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), slope = onnx_in(o, 1);
    const bool is_list = onnx_opset(o) < 7 && onnx_tensor(o, slope)->rank == 1 && ir_count(onnx_tensor(o, slope)) > 1;
    onnx_out(o, 0, onnx_binary(o, OP_PRELU, x, is_list ? onnx_channels(o, slope, onnx_tensor(o, x)->rank) : slope));
}

/*** Bits ***/

/* To the left by arithmetic: x * 2^y, of which the low bits are kept. */
void onnx_convert_bit_shift(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), y = onnx_in(o, 1);
    const enum type type = onnx_tensor(o, x)->type;
    if (strcmp(onnx_text(o, "direction", ""), "RIGHT") == 0) {
        onnx_out(o, 0, onnx_binary(o, OP_RIGHT_SHIFT, x, y));
        return;
    }
    const int32_t two = onnx_number(o, TYPE_S64, 2), power = onnx_binary(o, OP_POW, two, onnx_cast(o, y, TYPE_S64));
    onnx_out(o, 0, onnx_cast(o, onnx_binary(o, OP_MUL, onnx_cast(o, x, TYPE_S64), power), type));
}
