/* SPDX-License-Identifier: MIT
 *
 * Elementary functions in fixed point, bit for bit as gemmlowp and TensorFlow Lite compute them.
 *
 * Qm means: 32 bits, m integer bits, 31 - m fractional bits. A product of Qm and Qn is Q(m + n). One in
 * Q0 does not exist; 2^31 - 1 stands for it. Sources: gemmlowp fixedpoint.h; TensorFlow Lite common.h.
 */
#ifndef MOTE_FIXED_MATH_H
#define MOTE_FIXED_MATH_H

#include "fixed.h"
#include "flash.h"

/* Leading zero bits; 32 for 0. */
static inline int32_t mote_clz(uint32_t x)
{
    int32_t n = x == 0 ? 1 : 0;
    for (int32_t step = 16; step > 0; step /= 2) {
        if (x >> (32 - step) == 0) {
            n += step;
            x <<= step;
        }
    }
    return n;
}

/* x * 2^n, saturated. n in [0, 30]. */
static inline int32_t mote_shift_left_saturate(int32_t x, int32_t n)
{
    const int32_t most = INT32_MAX >> n;
    return x > most ? INT32_MAX : x < -most ? INT32_MIN : mote_shift_left(x, n);
}

/* (a + b) / 2, halves away from zero. */
static inline int32_t mote_half_sum(int32_t a, int32_t b)
{
    const int64_t sum = (int64_t)a + b;
    return (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
}

/* e^x for x <= 0 in Q`integer_bits`, 0 to 5 bits; the result in Q0. The fraction up to 1/4 goes through a Taylor
 * polynomial round -1/8, each higher bit multiplies by its own power of e. */
static inline int32_t mote_fixed_exp(int32_t x, int32_t integer_bits)
{
    static const MOTE_FLASH int32_t powers[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    if (x == 0) {
        return INT32_MAX;
    }
    const int32_t fraction_bits = 31 - integer_bits;
    const int32_t quarter = (int32_t)(UINT32_C(1) << (fraction_bits - 2));
    const int32_t low = (x & (quarter - 1)) - quarter;
    const int32_t r = mote_shift_left(low, integer_bits) + (INT32_C(1) << 28);
    const int32_t r2 = mote_mul_q31(r, r);
    const int32_t r3 = mote_mul_q31(r2, r);
    const int32_t r4 = mote_div_pow2(mote_mul_q31(r2, r2), 2);
    const int32_t tail = mote_div_pow2(mote_mul_q31(r4 + r3, 715827883) + r2, 1);
    int32_t result = 1895147668 + mote_mul_q31(1895147668, r + tail);
    const uint32_t bits = (uint32_t)low - (uint32_t)x;
    for (int32_t i = 0; i < integer_bits + 2; i++) {
        if ((bits >> (fraction_bits - 2 + i) & 1) != 0) {
            result = mote_mul_q31(result, powers[i]);
        }
    }
    return result;
}

/* 2 / (1 + x) in Q2 for x in [0, 1) in Q0, by three Newton steps. */
static inline int32_t mote_fixed_two_over_one_plus(int32_t x)
{
    const int32_t half = mote_half_sum(x, INT32_MAX);
    int32_t y = 1515870810 + mote_mul_q31(half, -1010580540); /* 48/17 - 32/17 half */
    for (int i = 0; i < 3; i++) {
        const int32_t error = (INT32_C(1) << 29) - mote_mul_q31(half, y);
        y += mote_shift_left_saturate(mote_mul_q31(y, error), 2);
    }
    return y;
}

/* 1 / (1 + x) and (1 - x) / (1 + x), Q0 to Q0, x in [0, 1). */
static inline int32_t mote_fixed_one_over_one_plus(int32_t x)
{
    return mote_shift_left_saturate(mote_fixed_two_over_one_plus(x), 1);
}

static inline int32_t mote_fixed_one_minus_over_one_plus(int32_t x)
{
    return mote_shift_left_saturate(mote_fixed_two_over_one_plus(x) - (INT32_C(1) << 29), 2);
}

/* 1 / (1 + e^-x), Q4 to Q0. */
static inline int32_t mote_fixed_logistic(int32_t x)
{
    if (x == 0) {
        return INT32_C(1) << 30;
    }
    const int32_t y = mote_fixed_one_over_one_plus(mote_fixed_exp(x > 0 ? -x : x, 4));
    return x > 0 ? y : INT32_MAX - y;
}

/* tanh x, Q4 to Q0: (1 - e^-2x) / (1 + e^-2x); doubling is a matter of reading Q4 as Q5. */
static inline int32_t mote_fixed_tanh(int32_t x)
{
    if (x == 0) {
        return 0;
    }
    const int32_t y = mote_fixed_one_minus_over_one_plus(mote_fixed_exp(x > 0 ? -x : x, 5));
    return x > 0 ? y : -y;
}

/* 1 / x = result * 2^-bits for x > 0 in Q`integer_bits`; the result in Q0. */
static inline int32_t mote_fixed_reciprocal(int32_t x, int32_t integer_bits, int32_t *bits)
{
    const int32_t headroom = mote_clz((uint32_t)x);
    *bits = integer_bits - headroom;
    return mote_fixed_one_over_one_plus((int32_t)(((uint32_t)x << headroom) - (UINT32_C(1) << 31)));
}

/* ln x for x >= 1, Q12 to Q5. x = r 2^k, with r on either side of sqrt(1/2), whichever leaves the smaller r;
 * ln r by a rational approximation round the fourth root of 1/2. */
static inline int32_t mote_fixed_log(int32_t x)
{
    const int32_t sqrt_half = 1518500250, root4_half = 1805811301, ln2 = 1488522236;
    const int32_t quarter = INT32_C(1) << 23; /* Q6 */
    const int32_t head_a = mote_clz((uint32_t)x);
    const int32_t ra = mote_shift_left_saturate(mote_mul_q31(mote_shift_left_saturate(x, head_a - 1), sqrt_half), 1);
    const int32_t exponent_a = mote_shift_left_saturate(12 - head_a, 25) + quarter;
    const int32_t head_b = mote_clz((uint32_t)mote_mul_q31(x, sqrt_half)) - 1;
    const int32_t rb = mote_shift_left_saturate(x, head_b);
    const int32_t exponent_b = mote_shift_left_saturate(12 - head_b, 25) - quarter;
    const int32_t r = mote_min(ra, rb);
    const int32_t exponent = mote_max(exponent_a, exponent_b);

    const int32_t p = mote_half_sum(r, root4_half);
    const int32_t q = 2 * (r - root4_half);
    const int32_t q2 = mote_mul_q31(q, q);
    const int32_t num = mote_mul_q31(q, r) + mote_mul_q31(mote_mul_q31(q, q2), 117049297);
    const int32_t den = mote_mul_q31(p, 1057819769 + q + mote_mul_q31(127690142, q2)) + mote_mul_q31(638450708, q);
    const int32_t ratio = mote_mul_q31(mote_div_pow2(num, 6), mote_fixed_one_over_one_plus(den));
    return mote_shift_left_saturate(mote_mul_q31(exponent, ln2) + ratio, 1);
}

/* 1 / sqrt(x) = multiplier * 2^(shift - 31), x >= 0; 0 counts as 1. Newton's method on x scaled to [1/4, 1) * 2^29. */
static inline void mote_fixed_rsqrt(int32_t x, int32_t *multiplier, int32_t *shift)
{
    if (x <= 1) {
        *multiplier = INT32_MAX;
        *shift = 0;
        return;
    }
    int32_t right = 11;
    while (x >= INT32_C(1) << 29) {
        x /= 4;
        right++;
    }
    const int32_t pairs = (mote_clz((uint32_t)x) - 1) / 2 - 1;
    right -= pairs;
    x = mote_shift_left(x, 2 * pairs);
    const int32_t half = mote_div_pow2(x >> 1, 1); /* Q3, as is y */
    int32_t y = INT32_C(1) << 28;
    for (int i = 0; i < 5; i++) {
        const int32_t y3 = mote_shift_left_saturate(mote_mul_q31(mote_mul_q31(y, y), y), 6);
        y = mote_shift_left_saturate(mote_mul_q31((INT32_C(1) << 28) + (INT32_C(1) << 27), y) - mote_mul_q31(half, y3),
                                     3);
    }
    y = mote_mul_q31(y, 1518500250); /* sqrt(1/2) */
    *multiplier = right < 0 ? mote_shift_left(y, -right) : y;
    *shift = right < 0 ? 0 : -right;
}

#endif
