/* SPDX-License-Identifier: MIT
 *
 * Operators of several inputs, element by element, with broadcasting. io->in: the inputs; io->out: the output.
 * The arithmetic on quantised values is here once, for all types of 8 and 16 bits. Below, x and y are the inputs.
 */
#ifndef MOTE_KERNEL_BINARY_H
#define MOTE_KERNEL_BINARY_H

#include "broadcast.h"
#include "fixed.h"
#include "fixed_math.h"

/* What to compute; each kernel has those that its table of rows lists. */
enum mote_binary_op {
    MOTE_ADD,
    MOTE_SUB,
    MOTE_MUL,
    MOTE_DIV,
    MOTE_MAXIMUM,
    MOTE_MINIMUM,
    MOTE_SQUARED_DIFFERENCE,
    MOTE_FLOOR_DIV,
    MOTE_FLOOR_MOD,
    MOTE_POW,
    MOTE_ATAN2,
    MOTE_PRELU,
    MOTE_XOR,
    MOTE_RIGHT_SHIFT,
    MOTE_LOGICAL_AND,
    MOTE_LOGICAL_OR,
    MOTE_EQUAL,
    MOTE_NOT_EQUAL,
    MOTE_LESS,
    MOTE_LESS_EQUAL
};

/* Operators on plain numbers. */
struct mote_binary {
    struct mote_broadcast shape;
    int32_t op;
    int64_t low, high; /* range of the fused activation of ADD, SUB, MUL, DIV; within that of the type */
};

struct mote_binary_f32 {
    struct mote_broadcast shape;
    int32_t op;
    float low, high;
};

/* Adds the output's zero point, modulo 2^32, and clamps. */
static inline int32_t mote_finish_scaled(int32_t x, int32_t offset, int32_t low, int32_t high)
{
    return mote_clamp((int32_t)((uint32_t)x + (uint32_t)offset), low, high);
}

/*** Quantised values that are brought to a common scale: ADD, SUB, SQUARED_DIFFERENCE, comparisons ***/

struct mote_operand {
    int32_t offset;     /* minus the zero point */
    int32_t multiplier; /* Q0.31 */
    int32_t right;      /* with `multiplier` the factor multiplier * 2^(-31 - right); in [0, 31] */
};

struct mote_common_scale {
    struct mote_broadcast shape;
    struct mote_operand x, y;
    int32_t left;              /* bits that the values are shifted up first */
    int32_t op;                /* of a comparison, which has none of the following */
    int32_t sign;              /* of y: 1 for ADD, -1 for SUB */
    int32_t multiplier, shift; /* from the common scale to that of the output */
    int32_t out_offset;
    int32_t low, high;
};

/* Precondition: |x + offset| * 2^left < 2^31. */
static inline int32_t mote_to_common_scale(int32_t x, const struct mote_operand *o, int32_t left)
{
    return mote_div_pow2(mote_mul_q31(mote_shift_left(x + o->offset, left), o->multiplier), o->right);
}

/* Source: TensorFlow Lite, reference_integer_ops::AddFunc and reference_ops::SubElementwise. */
static inline int32_t mote_add_scaled(const struct mote_common_scale *p, int32_t x, int32_t y)
{
    const int32_t sum = mote_to_common_scale(x, &p->x, p->left) + p->sign * mote_to_common_scale(y, &p->y, p->left);
    return mote_finish_scaled(mote_requant(sum, p->multiplier, p->shift), p->out_offset, p->low, p->high);
}

/* Source: TensorFlow Lite Micro, SquaredDifference on quantised types. */
static inline int32_t mote_squared_difference_scaled(const struct mote_common_scale *p, int32_t x, int32_t y)
{
    const int32_t d = mote_to_common_scale(x, &p->x, p->left) - mote_to_common_scale(y, &p->y, p->left);
    return mote_finish_scaled(mote_requant(d * d, p->multiplier, p->shift), p->out_offset, p->low, p->high);
}

/*** Quantised values as they are: MUL, DIV, PRELU ***/

struct mote_product {
    struct mote_broadcast shape;
    int32_t x_offset, y_offset;                  /* minus the zero points */
    int32_t multiplier, shift;                   /* scales of the inputs over that of the output */
    int32_t positive_multiplier, positive_shift; /* PRELU where x is not negative: scale of x over that of the output */
    int32_t out_offset;
    int32_t low, high;
};

/* Source: TensorFlow Lite, reference_integer_ops::MulElementwise. */
static inline int32_t mote_mul_scaled(const struct mote_product *p, int32_t x, int32_t y)
{
    const int32_t product = (x + p->x_offset) * (y + p->y_offset);
    return mote_finish_scaled(mote_requant(product, p->multiplier, p->shift), p->out_offset, p->low, p->high);
}

/* x / y as x * (1 / y), the reciprocal by Newton's method. What the reference leaves undefined: x / 0 is the end of the
 * range on the side of x, 0 / 0 is zero. Precondition: |x + x_offset|, |y + y_offset| < 2^9, shift <= 22.
 * Source: TensorFlow Lite, reference_ops::DivElementwise. */
static inline int32_t mote_div_scaled(const struct mote_product *p, int32_t x, int32_t y)
{
    int32_t a = x + p->x_offset, b = y + p->y_offset, bits;
    if (b == 0) {
        return a > 0 ? p->high : a < 0 ? p->low : mote_clamp(p->out_offset, p->low, p->high);
    }
    if (b < 0) {
        a = -a;
        b = -b;
    }
    const int32_t inverse = mote_fixed_reciprocal(b, 31, &bits);
    const int32_t headroom = mote_clz((uint32_t)(a < 0 ? ~a : a)) - 1;
    const int32_t quotient = mote_mul_q31(mote_shift_left(a, headroom), inverse);
    const int32_t right = bits + headroom - p->shift;
    const int32_t scaled = right > 31 ? 0 : mote_div_pow2(mote_mul_q31(quotient, p->multiplier), right);
    return mote_clamp(scaled + p->out_offset, p->low, p->high);
}

/* Source: TensorFlow Lite, reference_ops::BroadcastPrelu4DSlow. */
static inline int32_t mote_prelu_scaled(const struct mote_product *p, int32_t x, int32_t y)
{
    const int32_t value = x + p->x_offset;
    const int32_t scaled = value >= 0 ? mote_requant(value, p->positive_multiplier, p->positive_shift)
                                      : mote_requant(value * (y + p->y_offset), p->multiplier, p->shift);
    return mote_finish_scaled(scaled, p->out_offset, p->low, p->high);
}

/*** Operators of more inputs ***/

/* SELECT, SELECT_V2. */
struct mote_select {
    struct mote_broadcast shape; /* of condition, x, y */
    int32_t unit;                /* bytes of an element of x, y and the output: 1, 2, 4 or 8 */
};

/* ADD_N: rows of n elements of `count` inputs, all of one shape. */
struct mote_add_n {
    int32_t n, count;
    /* quantised only: all inputs have one scale and zero point */
    struct mote_operand in;
    int32_t left;
    int32_t multiplier, shift;
    int32_t out_offset;
    int32_t low, high;
};

/* BROADCAST_ARGS: the shape to which two shapes broadcast, of int32, or int64 if wide. */
struct mote_broadcast_args {
    int32_t x_count, y_count; /* dims */
    int32_t wide;
};

#endif
