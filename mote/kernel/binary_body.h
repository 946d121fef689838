/* SPDX-License-Identifier: MIT
 *
 * Operators of two inputs, whole numbers. KERNEL: the name of the kernel; T: the type; U: the unsigned type of at
 * least 32 bits in which it is computed, modulo 2^32 or 2^64; IS_SIGNED and IS_WIDE (32 bits or more): 0 or 1, which
 * decide what there is.
 *
 * What C leaves undefined: a division by zero gives 0, a negative power is cut to a whole number.
 */
#include "binary.h"

#define ROW(name, result) MOTE_PAIR_ROW(name##_row, struct mote_binary, T, T, T, result)

ROW(maximum, x > y ? x : y)
ROW(minimum, x < y ? x : y)
ROW(xor, x ^ y)

/* By 0 to all bits but one. */
static inline T shift_right(T x, T y)
{
    const T most = (T)(8 * sizeof(T) - 1);
    return (T)(x >> (y > most ? most : y < 1 ? 0 : y));
}

ROW(right_shift, shift_right(x, y))

#if IS_SIGNED
/* Source: TensorFlow Lite, reference_ops::FloorMod and FloorDiv. */
static inline T floor_mod(T x, T y)
{
    const T rest = y == 0 || y == -1 ? 0 : (T)(x % y);
    return rest != 0 && (rest < 0) != (y < 0) ? (T)(rest + y) : rest;
}

static inline T divide(T x, T y) { return y == 0 ? 0 : y == -1 ? (T)(0 - (U)x) : (T)(x / y); }

static inline T floor_div(T x, T y)
{
    return (T)(divide(x, y) - (y != 0 && y != -1 && x % y != 0 && (x < 0) != (y < 0)));
}

ROW(floor_mod, floor_mod(x, y))
ROW(floor_div, floor_div(x, y))
#else
ROW(logical_and, x != 0 && y != 0)
ROW(logical_or, x != 0 || y != 0)
#endif

#if IS_SIGNED && IS_WIDE
static inline T power(T x, T y)
{
    U result = 1, square = (U)x;
    if (y < 0) {
        return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : -1) : 0;
    }
    for (; y > 0; y /= 2, square *= square) {
        result *= y % 2 == 0 ? 1 : square;
    }
    return (T)result;
}

static inline T clamp(T x, const struct mote_binary *p)
{
    return x < p->low ? (T)p->low : x > p->high ? (T)p->high : x;
}

ROW(add, clamp((T)((U)x + (U)y), &p))
ROW(sub, clamp((T)((U)x - (U)y), &p))
ROW(mul, clamp((T)((U)x *(U)y), &p))
ROW(div, clamp(divide(x, y), &p))
ROW(squared_difference, ((U)x - (U)y) * ((U)x - (U)y))
ROW(pow, power(x, y))
#endif

static mote_broadcast_row *find_row(int32_t op)
{
    switch (op) {
    case MOTE_MINIMUM:
        return minimum_row;
    case MOTE_XOR:
        return xor_row;
    case MOTE_RIGHT_SHIFT:
        return right_shift_row;
#if IS_SIGNED
    case MOTE_FLOOR_MOD:
        return floor_mod_row;
    case MOTE_FLOOR_DIV:
        return floor_div_row;
#else
    case MOTE_LOGICAL_AND:
        return logical_and_row;
    case MOTE_LOGICAL_OR:
        return logical_or_row;
#endif
#if IS_SIGNED && IS_WIDE
    case MOTE_ADD:
        return add_row;
    case MOTE_SUB:
        return sub_row;
    case MOTE_MUL:
        return mul_row;
    case MOTE_DIV:
        return div_row;
    case MOTE_SQUARED_DIFFERENCE:
        return squared_difference_row;
    case MOTE_POW:
        return pow_row;
#endif
    default: /* MOTE_MAXIMUM */
        return maximum_row;
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_binary *p = (const struct mote_binary *)params;
    mote_broadcast(&p->shape, find_row(p->op), p, io);
}
