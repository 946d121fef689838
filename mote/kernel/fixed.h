/* SPDX-License-Identifier: MIT
 *
 * Fixed-point arithmetic, each rule once. SPEC.md states the same rules in words.
 *
 * A real factor is held as multiplier * 2^(shift - 31), multiplier a Q0.31 number in
 * [2^30, 2^31) or 0, shift in [-31, 30]. The rules equal those of TensorFlow Lite's
 * reference kernels and of gemmlowp/fixedpoint, with double rounding.
 */
#ifndef MOTE_FIXED_H
#define MOTE_FIXED_H

#include <stdint.h>

static inline int32_t mote_min(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t mote_max(int32_t a, int32_t b) { return a > b ? a : b; }

static inline int32_t mote_clamp(int32_t x, int32_t low, int32_t high) { return mote_min(mote_max(x, low), high); }

/* a + b modulo 2^32, defined for all values. */
static inline int32_t mote_add_wrap(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* x * 2^n modulo 2^32, defined for every x. n in [0, 31]. */
static inline int32_t mote_shift_left(int32_t x, int32_t n) { return (int32_t)((uint32_t)x << n); }

/* round(x * multiplier / 2^31), halves up: what gemmlowp's nudge and truncating division come to.
 * Precondition: multiplier > -2^31 or x > -2^31. */
#ifdef __ARM_ARCH_6M__
/* Without a long product: x and the multiplier in parts of 16 bits, the lower ones signed; what of their products is below
 * 2^16 is cut off first. */
static inline int32_t mote_mul_q31(int32_t x, int32_t multiplier)
{
    const int32_t low = (int16_t)x, high = (x >> 16) + (low < 0);
    const int32_t by_low = (int16_t)multiplier, by_high = (multiplier >> 16) + (by_low < 0);
    const int32_t a = high * by_low, b = low * by_high + (low * by_low >> 16) + (1 << 14);
    const int32_t middle = (a >> 15) + (b >> 15) + (((a & 0x7FFF) + (b & 0x7FFF)) >> 15);
    return (int32_t)(2 * (uint32_t)(high * by_high) + (uint32_t)middle);
}
#elif defined(__AVR__)
/* Without a shift of 64 bits, which is a loop there. */
static inline int32_t mote_mul_q31(int32_t x, int32_t multiplier)
{
    const union {
        int64_t whole;
        uint32_t half[2];
    } product = {(int64_t)x * multiplier};
    const uint32_t low = product.half[0] + (UINT32_C(1) << 30);
    const uint32_t high = product.half[1] + (low < UINT32_C(1) << 30);
    return (int32_t)(high << 1 | low >> 31);
}
#else
static inline int32_t mote_mul_q31(int32_t x, int32_t multiplier)
{
    return (int32_t)(((int64_t)x * multiplier + (INT64_C(1) << 30)) >> 31);
}
#endif

/* The same for factors of any sign. Only a = b = -2^31 saturates. */
static inline int32_t mote_mul_high(int32_t a, int32_t b)
{
    return a == INT32_MIN && b == INT32_MIN ? INT32_MAX : mote_mul_q31(a, b);
}

/* round(x / 2^n), halves away from zero. n in [0, 31]. */
static inline int32_t mote_div_pow2(int32_t x, int32_t n)
{
    const int32_t mask = (int32_t)((UINT32_C(1) << n) - 1);
    const int32_t rest = x & mask;
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> n) + (rest > threshold);
}

/* x * multiplier * 2^(shift - 31), rounded twice: after the high multiply and after
 * the right shift. Precondition: |x * 2^max(shift, 0)| < 2^31. */
static inline int32_t mote_requant(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    return mote_div_pow2(mote_mul_q31(mote_shift_left(x, left), multiplier), right);
}

/* The same for 64-bit accumulators (int16 activations): the multiplier is first
 * rounded to 16 bits, and there is one rounding, halves up.
 * Precondition: |x| < 2^47, shift in [-31, 7]. */
static inline int32_t mote_requant64(int64_t x, int32_t multiplier, int32_t shift)
{
    const int32_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (INT32_C(1) << 15)) >> 16 : 0x7FFF;
    const int32_t total = 15 - shift;
    return (int32_t)((x * reduced + (INT64_C(1) << (total - 1))) >> total);
}

#endif
