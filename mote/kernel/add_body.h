/* SPDX-License-Identifier: MIT
 *
 * ADD, int8, for cores without the DSP extension, where both inputs have an element for each of the output's and their
 * scales differ. KERNEL: the kernel's name. The common scale is half of a step of the input with the larger one, which
 * so is only shifted. The other one has nine bits: its product with a multiplier of 31 takes two of 32 bits.
 *
 * Precondition: left is 20; the multiplier of one input is 2^30, its shift 0; all other shifts are in [1, 20].
 * Source: TensorFlow Lite, reference_integer_ops::AddFunc.
 */
#include <stdbool.h>

#include "binary.h"

/* Of multipliers: m = 2^11 * other_high + other_low, or 2^16 * high + low, low within int16. */
struct sum {
    int32_t offset, other_high, other_low, half, right;
    int32_t exact_offset;
    int32_t multiplier, high, low, out_half, out_right;
    int32_t least, most;
};

/* Rounds halves away from zero, where `half` may hold an offset of the result, too. */
static inline int32_t shift_right(int32_t x, int32_t half, int32_t right) { return (x + (x >> 31) + half) >> right; }

/* round(x * 2^20 * m / 2^31), halves up: the lower part's product is cut off at 2^11 after its half was added. */
static inline int32_t scale_other(const struct sum *s, int32_t x)
{
    return x * s->other_high + ((x * s->other_low + (1 << 10)) >> 11);
}

/* round(x * m / 2^31), halves up. Without a long product, all below 2^16 is cut off first; |x| < 2^30, so parts fit. */
static inline int32_t scale_sum(const struct sum *s, int32_t x)
{
#ifdef __ARM_ARCH_6M__
    const int32_t l = (int16_t)x, h = (x - l) >> 16;
    return 2 * (h * s->high) + ((h * s->low + l * s->high + (l * s->low >> 16) + (1 << 14)) >> 15);
#else
    return mote_mul_q31(x, s->multiplier);
#endif
}

static inline int32_t add(const struct sum *s, int32_t exact, int32_t other)
{
    const int32_t scaled = shift_right(scale_other(s, other + s->offset), s->half, s->right);
    const int32_t both = scaled + s->exact_offset + (int32_t)((uint32_t)exact << 19);
    return mote_clamp(shift_right(scale_sum(s, both), s->out_half, s->out_right), s->least, s->most);
}

static void add_row(const void *params, const struct mote_broadcast *b, const uint8_t *const in[], void *to)
{
    const struct mote_common_scale *p = (const struct mote_common_scale *)params;
    const bool x_is_exact = p->x.right == 0;
    const struct mote_operand *exact = x_is_exact ? &p->x : &p->y, *other = x_is_exact ? &p->y : &p->x;
    const int32_t out_right = -p->shift, low = (int16_t)p->multiplier;
    const struct sum s = {.offset = other->offset,
                          .other_high = other->multiplier >> 11,
                          .other_low = other->multiplier & 0x7FF,
                          .half = INT32_C(1) << (other->right - 1),
                          .right = other->right,
                          .exact_offset = mote_shift_left(exact->offset, 19),
                          .multiplier = p->multiplier,
                          .high = (p->multiplier - low) >> 16,
                          .low = low,
                          .out_half = (2 * p->out_offset + 1) * (INT32_C(1) << (out_right - 1)),
                          .out_right = out_right,
                          .least = p->low,
                          .most = p->high};
    const int8_t *from = (const int8_t *)in[!x_is_exact], *with = (const int8_t *)in[x_is_exact];
    int8_t *out = (int8_t *)to;
    for (const int8_t *end = from + b->n; from < end; from++, with++, out++) {
        *out = (int8_t)add(&s, *from, *with);
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_common_scale *p = (const struct mote_common_scale *)params;
    mote_broadcast(&p->shape, add_row, p, io);
}
