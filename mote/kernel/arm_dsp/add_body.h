/* SPDX-License-Identifier: MIT
 *
 * ADD and SUB for Cortex-M with the DSP extension, where both inputs have an element for each of the output's. KERNEL: the
 * name of the kernel; TYPE: of the elements; LEFT: bits that they are shifted up; EACH: the loop; SATURATE(x). The common
 * scale is half of a step of the input with the larger one, which so is only shifted; the other one takes a multiplication
 * and a rounding shift, and so does the sum.
 *
 * Precondition: the multiplier of one input is 2^30, its shift 0; that of the other is as well, or its shift in [1, 20]; so
 * is that of the output.
 */
#include <stdbool.h>

#include "../binary.h"
#include "each.h"

struct sum {
    int32_t scale, offset, factor, half, right, sign; /* of the input that is multiplied */
    int32_t exact_scale, exact_offset;                /* of the other one */
    int32_t out_factor, out_half, out_right;
    int32_t low, high;
};

/* `plain`: an addition without limits, of an input that is multiplied: constants are part of the instructions. */
static inline int32_t add(const struct sum s, int32_t exact, int32_t other, bool plain)
{
    const int32_t first = plain ? mote_shift_left(other, LEFT) : other * s.scale;
    const int32_t scaled = mote_shift_right(mote_smmlar(first + s.offset, s.factor), s.half, s.right);
    const int32_t both = plain ? scaled + s.exact_offset + mote_shift_left(exact, LEFT - 1)
                               : scaled * s.sign + (exact * s.exact_scale + s.exact_offset);
    const int32_t out = mote_shift_right(mote_smmlar(both, s.out_factor), s.out_half, s.out_right);
    return plain ? SATURATE(out) : mote_clamp(out, s.low, s.high);
}

static void add_row(const void *params, const struct mote_broadcast *b, const uint8_t *const in[], void *to)
{
    const struct mote_common_scale *p = (const struct mote_common_scale *)params;
    const bool x_is_exact = p->x.right == 0, y_is_exact = p->y.right == 0;
    const struct mote_operand *exact = x_is_exact ? &p->x : &p->y, *other = x_is_exact ? &p->y : &p->x;
    /* Twice as much, and shifted right, if it need not be multiplied, either. */
    const int32_t left = x_is_exact && y_is_exact ? LEFT + 1 : LEFT, right = left - LEFT + other->right;
    const int32_t out_right = -p->shift, exact_sign = x_is_exact ? 1 : p->sign;
    const struct sum s = {
        .scale = INT32_C(1) << left,
        .offset = mote_shift_left(other->offset, left),
        .factor = mote_smmlar_factor(other->multiplier),
        .half = INT32_C(1) << (right - 1),
        .right = right,
        .sign = x_is_exact ? p->sign : 1,
        .exact_scale = exact_sign * (INT32_C(1) << (LEFT - 1)),
        .exact_offset = exact_sign * mote_shift_left(exact->offset, LEFT - 1),
        .out_factor = mote_smmlar_factor(p->multiplier),
        .out_half = (2 * p->out_offset + 1) * (INT32_C(1) << (out_right - 1)),
        .out_right = out_right,
        .low = p->low,
        .high = p->high,
    };
    const TYPE *xs = (const TYPE *)(const void *)in[!x_is_exact], *ys = (const TYPE *)(const void *)in[x_is_exact];
    TYPE *out = (TYPE *)to;
    int32_t n = b->n;
    if (p->sign == 1 && left == LEFT && SATURATE(p->low - 1) == p->low && SATURATE(p->high + 1) == p->high) {
        EACH(xs, ys, out, n, add(s, x, y, true))
    } else {
        EACH(xs, ys, out, n, add(s, x, y, false))
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_common_scale *p = (const struct mote_common_scale *)params;
    mote_broadcast(&p->shape, add_row, p, io);
}
