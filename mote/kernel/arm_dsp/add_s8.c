/* SPDX-License-Identifier: MIT
 *
 * ADD, int8, for Cortex-M with the DSP extension, where both inputs have an element for each of the output's and their
 * scales differ. The common scale is half of a step of the input with the larger one, which so is only shifted; the
 * other one takes a multiplication and a rounding shift, and so does the sum. 18 cycles an element.
 *
 * Precondition: left is 20; the multiplier of one input is 2^30, its shift 0; all other shifts are in [1, 20].
 * Source: TensorFlow Lite, reference_integer_ops::AddFunc.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdbool.h>

#include "../binary.h"
#include "simd.h"

struct sum {
    int32_t offset, factor, half, right; /* of the input that is multiplied */
    int32_t exact_offset;                /* of the other one */
    int32_t out_factor, out_half, out_right;
    int32_t low, high;
};

/* Rounds halves away from zero, where `half` may hold an offset of the result, too. */
static inline int32_t shift_right(int32_t x, int32_t half, int32_t right) { return (x + (x >> 31) + half) >> right; }

static inline int32_t add(const struct sum s, int32_t exact, int32_t other, bool limited)
{
    const int32_t scaled =
        shift_right(mote_smmlar(s.offset + (int32_t)((uint32_t)other << 20), s.factor), s.half, s.right);
    const int32_t both = scaled + s.exact_offset + (int32_t)((uint32_t)exact << 19);
    const int32_t out = shift_right(mote_smmlar(both, s.out_factor), s.out_half, s.out_right);
    return limited ? mote_clamp(out, s.low, s.high) : mote_ssat8(out);
}

__attribute__((always_inline)) static inline void add_all(const struct sum s, const int8_t *exact, const int8_t *other,
                                                          int8_t *out, int32_t n, bool limited)
{
    for (; n >= 4;
         n -= 4, exact += 4, other += 4, out += 4) { /* both words before the first byte: it may run in place */
        const uint32_t a = mote_load_word(exact), b = mote_load_word(other);
        out[0] = (int8_t)add(s, (int8_t)a, (int8_t)b, limited);
        out[1] = (int8_t)add(s, (int8_t)(a >> 8), (int8_t)(b >> 8), limited);
        out[2] = (int8_t)add(s, (int8_t)(a >> 16), (int8_t)(b >> 16), limited);
        out[3] = (int8_t)add(s, (int8_t)(a >> 24), (int8_t)(b >> 24), limited);
    }
    for (; n > 0; n--) {
        *out++ = (int8_t)add(s, *exact++, *other++, limited);
    }
}

static int32_t factor(int32_t multiplier) { return (int32_t)((uint32_t)multiplier << 1); }

static void add_row(const void *params, const struct mote_broadcast *b, const uint8_t *const in[], void *out)
{
    const struct mote_common_scale *p = (const struct mote_common_scale *)params;
    const bool x_is_exact = p->x.right == 0;
    const struct mote_operand *exact = x_is_exact ? &p->x : &p->y, *other = x_is_exact ? &p->y : &p->x;
    const int32_t out_right = -p->shift;
    const struct sum s = {
        .offset = mote_shift_left(other->offset, 20),
        .factor = factor(other->multiplier),
        .half = INT32_C(1) << (other->right - 1),
        .right = other->right,
        .exact_offset = mote_shift_left(exact->offset, 19),
        .out_factor = factor(p->multiplier),
        .out_half = (2 * p->out_offset + 1) * (INT32_C(1) << (out_right - 1)),
        .out_right = out_right,
        .low = p->low,
        .high = p->high,
    };
    const int8_t *from = (const int8_t *)in[!x_is_exact], *with = (const int8_t *)in[x_is_exact];
    if (p->low > INT8_MIN || p->high < INT8_MAX) {
        add_all(s, from, with, (int8_t *)out, b->n, true);
    } else {
        add_all(s, from, with, (int8_t *)out, b->n, false);
    }
}

void mote_add_s8__arm_dsp(const void *params, const struct mote_io *io)
{
    const struct mote_common_scale *p = (const struct mote_common_scale *)params;
    mote_broadcast(&p->shape, add_row, p, io);
}

#endif
