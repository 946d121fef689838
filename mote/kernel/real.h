/* SPDX-License-Identifier: MIT
 *
 * Elementary functions on float without a C library, correct to about two units in the last
 * place over the whole range, infinities, NaN, zeros of both signs and subnormal numbers
 * included (tests/test_real.c).
 *
 * The argument is reduced to a small interval, where a polynomial takes over. The polynomials are
 * Chebyshev approximations of the function with its leading terms taken off, so that what is left
 * weighs little. They are inline: a loop over a row becomes vector code where the target has it.
 */
#ifndef MOTE_REAL_H
#define MOTE_REAL_H

#include <float.h>
#include <stdint.h>

#include "flash.h"

/* Without an FPU each operation on floats is a call; some are done in integers then, to the same bits. */
#ifndef MOTE_SOFT_FLOAT
#if (defined(__arm__) && !defined(__ARM_FP)) || (defined(__riscv) && !defined(__riscv_flen)) || defined(__AVR__)
#define MOTE_SOFT_FLOAT 1
#else
#define MOTE_SOFT_FLOAT 0
#endif
#endif

/*** Bits, comparisons ***/

/* A union, as freestanding compilers make a call of each memcpy. */
union mote_float_bits {
    float x;
    uint32_t bits;
};

static inline uint32_t mote_bits(float x)
{
    const union mote_float_bits u = {.x = x};
    return u.bits;
}

static inline float mote_from_bits(uint32_t bits)
{
    const union mote_float_bits u = {.bits = bits};
    return u.x;
}

static inline float mote_infinity(void) { return mote_from_bits(UINT32_C(0x7F800000)); }
static inline float mote_nan(void) { return mote_from_bits(UINT32_C(0x7FC00000)); }
static inline int mote_isnan(float x) { return (mote_bits(x) & UINT32_C(0x7FFFFFFF)) > UINT32_C(0x7F800000); }
static inline float mote_fabs(float x) { return mote_from_bits(mote_bits(x) & UINT32_C(0x7FFFFFFF)); }

/* |x| with the sign of `sign`. */
static inline float mote_copysign(float x, float sign)
{
    return mote_from_bits((mote_bits(x) & UINT32_C(0x7FFFFFFF)) | (mote_bits(sign) & UINT32_C(0x80000000)));
}

/* An integer for each float that is a number, in their order; zeros of both signs have one. */
static inline int32_t mote_order(float x)
{
    const int32_t size = (int32_t)(mote_bits(x) & UINT32_C(0x7FFFFFFF));
    return mote_bits(x) >> 31 != 0 ? -size : size;
}

/* `yes` where the condition (0 or 1) holds, else `no`, without a branch: those on data are mispredicted, and stop loops
 * from becoming vector code. */
static inline float mote_select(int condition, float yes, float no)
{
    const uint32_t mask = 0 - (uint32_t)condition;
    return mote_from_bits((mote_bits(yes) & mask) | (mote_bits(no) & ~mask));
}

/* Where one side is NaN, the first argument is the result. */
static inline float mote_fmin(float a, float b) { return b < a ? b : a; }
static inline float mote_fmax(float a, float b) { return a < b ? b : a; }

/* low <= high. NaN stays. */
#if MOTE_SOFT_FLOAT
static inline float mote_fclamp(float x, float low, float high)
{
    const int32_t at = mote_order(x);
    return mote_isnan(x) ? x : at < mote_order(low) ? low : at > mote_order(high) ? high : x;
}
#else
static inline float mote_fclamp(float x, float low, float high) { return mote_fmin(mote_fmax(x, low), high); }
#endif

/*** To whole numbers ***/

/* Towards zero. From 2^23 on every float is whole. */
static inline float mote_trunc(float x) { return mote_fabs(x) < 8388608.0F ? mote_copysign((float)(int32_t)x, x) : x; }

static inline float mote_floor(float x)
{
    const float t = mote_trunc(x);
    return t - mote_select(t > x, 1.0F, 0.0F);
}

static inline float mote_ceil(float x)
{
    const float t = mote_trunc(x);
    return mote_copysign(t + mote_select(t < x, 1.0F, 0.0F), x);
}

/* To the nearest, halves away from zero. */
static inline float mote_round(float x)
{
    const float t = mote_trunc(mote_fabs(x));
    return mote_copysign(t + mote_select(mote_fabs(x) - t >= 0.5F, 1.0F, 0.0F), x);
}

/* To the nearest, halves to even. */
static inline float mote_round_even(float x)
{
    const float t = mote_trunc(mote_fabs(x));
    const float rest = mote_fabs(x) - t;
    const float half = t * 0.5F;
    const float limit = mote_select(mote_trunc(half) == half, 0.5F, 0.49999997F); /* an odd t rounds up at 1/2 */
    return mote_copysign(t + mote_select(rest > limit, 1.0F, 0.0F), x);
}

/*** Roots ***/

#if MOTE_SOFT_FLOAT
/* Bit by bit: a bit of the root is set if what it adds to the square still fits into the argument. */
static inline float mote_sqrt(float x)
{
    const int small = mote_order(x) < INT32_C(0x00800000); /* subnormal */
    const uint32_t bits = mote_bits(small ? x * 16777216.0F : x);
    const int32_t exponent = (int32_t)(bits >> 23) - 127 - (small ? 24 : 0);
    uint32_t rest = ((bits & UINT32_C(0x007FFFFF)) | UINT32_C(0x00800000)) << (1 + (exponent & 1)), root = 0, twice = 0;
    if (!(x > 0.0F) || bits >= UINT32_C(0x7F800000)) {
        return x < 0.0F ? mote_nan() : x;
    }
    for (uint32_t bit = UINT32_C(1) << 24; bit != 0; bit >>= 1) {
        if (twice + bit <= rest) {
            rest -= twice + bit;
            twice += 2 * bit;
            root += bit;
        }
        rest *= 2;
    }
    root += root & 1; /* halves cannot be: the root of 25 bits would have a square of 50 */
    return mote_from_bits((root >> 1) + ((uint32_t)((exponent - (exponent & 1)) / 2 + 126) << 23));
}
#else
/* 1 / sqrt(x) by three Newton steps from the well-known guess, then sqrt(x) = x / sqrt(x) corrected by its
 * remainder, which is exact because the root is split into halves of 12 bits. */
static inline float mote_sqrt(float x)
{
    const int small = x < 8.2718061e-25F; /* 2^-80: keeps the remainder out of the subnormal numbers */
    const float a = small ? x * 18446744073709551616.0F : x;
    float r = mote_from_bits(UINT32_C(0x5F375A86) - (mote_bits(a) >> 1));
    for (int i = 0; i < 3; i++) {
        r *= 1.5F - (0.5F * a * r) * r;
    }
    const float s = a * r;
    const float high = mote_from_bits(mote_bits(s) & UINT32_C(0xFFFFF000));
    const float low = s - high;
    const float rest = ((a - high * high) - 2.0F * high * low) - low * low;
    const float root = (s + 0.5F * rest * r) * (small ? 1.0F / 4294967296.0F : 1.0F);
    const float special = x < 0.0F ? mote_nan() : x;
    return x > 0.0F && x < mote_infinity() ? root : special;
}
#endif

static inline float mote_rsqrt(float x) { return 1.0F / mote_sqrt(x); }

/*** Exponential family ***/

/* e^r - 1 for |r| <= 0.36 */
static inline float mote_exp_core(float r)
{
    const float p = 0.5F + r * (0.1666657338F + r * (0.04166655011F + r * (0.008363773874F + r * 0.001392692661F)));
    return r + r * r * p;
}

/* The whole number nearest to x / ln 2, |x| < 2^20: the low bits of the sum with 1.5 * 2^23. Anything if x is NaN. */
static inline int32_t mote_exp_exponent(float x)
{
    return (int32_t)(mote_bits(x * 1.44269504F + 12582912.0F) - UINT32_C(0x4B400000));
}

/* x - n * ln 2, ln 2 in two parts so that the first product is exact */
static inline float mote_exp_rest(float x, int32_t n)
{
    return (x - (float)n * 0.693145752F) - (float)n * 1.42860682e-6F;
}

/* 2^n, n in [-126, 127] */
static inline float mote_pow2(int32_t n) { return mote_from_bits((uint32_t)(n + 127) << 23); }

static inline float mote_exp(float x)
{
    const float a = mote_fclamp(x, -104.0F, 89.0F); /* beyond: 0 and infinity; NaN stays NaN */
    const int32_t n = mote_exp_exponent(a);
    const float y = 1.0F + mote_exp_core(mote_exp_rest(a, n));
    const int32_t half = n >> 1; /* 2^n itself may be out of range */
    return y * mote_pow2(half) * mote_pow2(n - half);
}

/* e^x - 1 */
static inline float mote_expm1(float x)
{
    if (!(x < 60.0F)) {
        return mote_exp(x);
    }
    const float a = x > -20.0F ? x : -20.0F; /* below: -1 */
    const int32_t n = mote_exp_exponent(a);
    const float scale = mote_pow2(n);
    return scale * mote_exp_core(mote_exp_rest(a, n)) + (scale - 1.0F);
}

/* 1 / (1 + e^-x); the exponential is of the side where it does not overflow */
static inline float mote_logistic(float x)
{
    const float e = mote_exp(-mote_fabs(x));
    return mote_select(x < 0.0F, e, 1.0F) / (1.0F + e);
}

/* Both branches are computed, so that a loop over a row becomes vector code. */
static inline float mote_tanh(float x)
{
    const float a = mote_fabs(x), w = x * x;
    /* clang-format off */
    const float p = -0.3333333033F + w * (0.1333291537F + w * (-0.05387394885F +
                    w * (0.02111095905F - w * 0.00626911972F)));
    /* clang-format on */
    const float small = x + x * w * p;
    const float large = mote_copysign(1.0F - 2.0F / (mote_exp(a + a) + 1.0F), x);
    return mote_select(a >= 0.55F, large, small); /* NaN: small is NaN */
}

/*** Logarithm, powers ***/

/* x = m * 2^n, m in [sqrt(1/2), sqrt(2)); x positive and finite */
static inline float mote_split_exponent(float x, int32_t *n)
{
    const int small = x < FLT_MIN;
    const uint32_t bits = mote_bits(small ? x * 16777216.0F : x) + (UINT32_C(0x3F800000) - UINT32_C(0x3F3504F3));
    *n = (int32_t)(bits >> 23) - 127 - (small ? 24 : 0);
    return mote_from_bits((bits & UINT32_C(0x007FFFFF)) + UINT32_C(0x3F3504F3));
}

/* log(1 + f) = 2 z + z^3 Q(z^2), z = f / (2 + f), arranged so that f and f^2 / 2 enter unrounded */
static inline float mote_log(float x)
{
    int32_t n;
    const float f = mote_split_exponent(x, &n) - 1.0F;
    const float z = f / (2.0F + f);
    const float w = z * z;
    const float q = w * (0.6666666655F + w * (0.4000012943F + w * (0.2854996859F + w * 0.233534276F)));
    const float square = 0.5F * f * f;
    const float k = (float)n;
    const float y = k * 0.693145752F - ((square - (z * (square + q) + k * 1.42860682e-6F)) - f);
    const float special = x < 0.0F ? mote_nan() : x == 0.0F ? -mote_infinity() : x;
    return x > 0.0F && x < mote_infinity() ? y : special;
}

/* 2^(y log2 x) for x > 0. The logarithm needs 8 bits more than float has, hence double. */
static inline float mote_pow_positive(float x, float y)
{
    int32_t n;
    const double m = (double)mote_split_exponent(x, &n);
    const double z = (m - 1) / (m + 1);
    const double w = z * z;
    /* clang-format off */
    const double log2 = (double)n + z * (2.8853900817779273 + w * (0.96179669392423199 + w * (0.57707801729262008 +
                        w * (0.41219839452951487 + w * (0.32061693320147355 + w * (0.26142622173862221 +
                        w * 0.24313780466900689))))));
    /* clang-format on */
    const double e = (double)y * log2;
    const double a = e < -160 ? -160 : e > 130 ? 130 : e; /* beyond: 0 and infinity */
    const int32_t k = (int32_t)(a + (a < 0 ? -0.5 : 0.5));
    const double r = a - (double)k;
    /* clang-format off */
    const float p = (float)(1 + r * (0.69314718055683241 + r * (0.24022651213498093 + r * (0.055504109063258666 +
                    r * (0.0096180256133180342 + r * (0.0013333478473685415 + r * (0.00015469729214118297 +
                    r * 1.5303700711365694e-5)))))));
    /* clang-format on */
    const int32_t half = k >> 1;
    return p * mote_pow2(half) * mote_pow2(k - half);
}

/* x^y as C's pow defines it for every special argument. */
static inline float mote_pow(float x, float y)
{
    const float infinity = mote_infinity();
    if (y == 0.0F || x == 1.0F) {
        return 1.0F;
    }
    if (mote_isnan(x) || mote_isnan(y)) {
        return mote_nan();
    }
    const float a = mote_fabs(x);
    if (mote_fabs(y) == infinity) {
        return a == 1.0F ? 1.0F : (a > 1.0F) == (y > 0.0F) ? infinity : 0.0F;
    }
    const int whole = mote_trunc(y) == y;
    const int odd = whole && mote_trunc(y * 0.5F) != y * 0.5F;
    float result;
    if (a == 0.0F || a == infinity) {
        result = (a == 0.0F) == (y < 0.0F) ? infinity : 0.0F;
    } else if (x < 0.0F && !whole) {
        return mote_nan();
    } else {
        result = mote_pow_positive(a, y);
    }
    return odd ? mote_copysign(result, x) : result;
}

/*** Division ***/

/* The significand of |x|, 24 bits, and the exponent that makes it a whole number; x finite and not 0. */
static inline uint32_t mote_split(float x, int32_t *exponent)
{
    const uint32_t bits = mote_bits(x) & UINT32_C(0x7FFFFFFF);
    *exponent = (int32_t)(bits >> 23);
    if (*exponent > 0) {
        return (bits & UINT32_C(0x007FFFFF)) | UINT32_C(0x00800000);
    }
    *exponent = 1;
    return bits;
}

/* x - y * trunc(x / y), exact: long division of the significands, 40 bits at a time. */
static inline float mote_fmod(float x, float y)
{
    if (!(mote_fabs(x) < mote_infinity()) || !(mote_fabs(y) > 0.0F)) {
        return mote_nan();
    }
    if (mote_fabs(x) < mote_fabs(y) || mote_fabs(y) == mote_infinity()) {
        return x;
    }
    int32_t ex, ey;
    uint64_t a = mote_split(x, &ex);
    const uint32_t b = mote_split(y, &ey);
    for (; ex - ey > 40; ex -= 40) {
        a = (a << 40) % b;
    }
    a <<= ex - ey;
    a = a <= UINT32_MAX ? (uint32_t)a % b : a % b;
    const float rest = (float)(uint32_t)a; /* times 2^(ey - 150), which may be subnormal */
    return mote_copysign(ey < 25 ? rest * mote_pow2(ey - 126) / 16777216.0F : rest * mote_pow2(ey - 150), x);
}

/* The rest of a division that rounds down: it has the sign of y. */
static inline float mote_floor_mod(float x, float y)
{
    const float rest = mote_fmod(x, y);
    return rest != 0.0F && (rest < 0.0F) != (y < 0.0F) ? rest + y : rest;
}

/* floor(x / y) of the exact quotient. Rounded to float the quotient may have become a whole number, and tells the
 * answer only if it is not near one; then the significands are divided. */
static inline float mote_floor_div(float x, float y)
{
    const float quotient = x / y, whole = mote_floor(quotient);
    const float up = quotient - whole, doubt = mote_fabs(quotient) * FLT_EPSILON;
    if (up > doubt && 1.0F - up > doubt) {
        return whole;
    }
    if (!(mote_fabs(x) < mote_infinity()) || !(mote_fabs(y) < mote_infinity()) || x == 0.0F || y == 0.0F) {
        return whole;
    }
    int32_t ex, ey;
    const uint32_t a = mote_split(x, &ex), b = mote_split(y, &ey);
    const int down = (x < 0.0F) != (y < 0.0F);
    if (mote_fabs(x) < mote_fabs(y) || ex - ey > 40) {
        return ex - ey > 40 ? quotient : down ? -1.0F : 0.0F;
    }
    const uint64_t dividend = (uint64_t)a << (ex - ey), exact = dividend / b;
    return mote_copysign((float)(exact + (down && exact * b != dividend ? 1 : 0)), quotient);
}

/*** Trigonometry ***/

/* x = q * pi / 2 + r modulo 2 pi; returns r in [-pi/4, pi/4], q in 0 .. 3. |x| < 128: q fits 7 bits, so its product
 * with each part of pi / 2 is exact. */
static inline float mote_few_quarter_turns(float x, uint32_t *q)
{
    const int32_t n = (int32_t)(x * 0.636619772F + mote_copysign(0.5F, x));
    const float k = (float)n;
    *q = (uint32_t)n & 3;
    return ((x - k * 1.57077026F) - k * 2.60630623e-5F) - k * 6.07710051e-11F;
}

/* The same for any x. Payne and Hanek: of the bits of 2/pi only those matter that multiply the mantissa of x to
 * something between 4 and the last bit of the result. Precondition: x finite, |x| >= 2^-1. */
static inline float mote_quarter_turns(float x, uint32_t *q)
{
    static const MOTE_FLASH uint32_t two_over_pi[] = {0,          0xA2F9836E, 0x4E441529, 0xFC2757D1,
                                                      0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB};
    const uint32_t bits = mote_bits(x) & UINT32_C(0x7FFFFFFF);
    const uint32_t mantissa = (bits & UINT32_C(0x007FFFFF)) | UINT32_C(0x00800000);
    const uint32_t from = (bits >> 23) - 150 - 2 + 32; /* first bit of the window that counts */
    const MOTE_FLASH uint32_t *word = two_over_pi + from / 32;
    uint32_t window[3];
    for (int i = 0; i < 3; i++) {
        const uint64_t pair = (uint64_t)word[i] << 32 | word[i + 1];
        window[i] = (uint32_t)(pair << from % 32 >> 32);
    }
    const uint64_t turns = ((uint64_t)(uint32_t)(mantissa * window[0]) << 32) + (uint64_t)mantissa * window[1] +
                           ((uint64_t)mantissa * window[2] >> 32); /* quarters of a turn, Q2.62 */
    const uint64_t nearest = (turns + (UINT64_C(1) << 61)) >> 62;
    const float rest = (float)(int64_t)(turns - (nearest << 62)) * 3.40612158e-19F; /* pi / 2 * 2^-62 */
    const int negative = x < 0.0F;
    *q = (uint32_t)(negative ? 0 - nearest : nearest) & 3;
    return negative ? -rest : rest;
}

/* sin(r), cos(r) for |r| <= 0.79 */
static inline float mote_sin_core(float r)
{
    const float w = r * r;
    return r + r * w * (-0.166666646F + w * (0.008332736559F - w * 0.0001958537321F));
}

static inline float mote_cos_core(float r)
{
    const float w = r * r;
    return 1.0F - (0.5F * w - w * w * (0.0416666646F + w * (-0.00138882913F + w * 2.454541908e-5F)));
}

/* sin(x + quarter * pi / 2), quarter 0 or 1 */
static inline float mote_sin_shifted(float x, uint32_t quarter)
{
    if (!(mote_fabs(x) < mote_infinity())) {
        return mote_nan();
    }
    uint32_t q = 0;
    const float r = mote_fabs(x) < 128.0F ? mote_few_quarter_turns(x, &q) : mote_quarter_turns(x, &q);
    q += quarter;
    const float y = (q & 1) != 0 ? mote_cos_core(r) : mote_sin_core(r);
    return (q & 2) != 0 ? -y : y;
}

static inline float mote_sin(float x) { return mote_sin_shifted(x, 0); }
static inline float mote_cos(float x) { return mote_sin_shifted(x, 1); }

/* The angle of the point (x, y) in (-pi, pi]. The ratio of the coordinates is brought to [-0.42, 0.42] by the addition
 * theorem of pi / 4. */
static inline float mote_atan2(float y, float x)
{
    const float a = mote_fabs(x), b = mote_fabs(y);
    if (mote_isnan(x) || mote_isnan(y)) {
        return mote_nan();
    }
    const float most = mote_fmax(a, b), least = mote_fmin(a, b);
    const float ratio = most == 0.0F ? 0.0F : least == mote_infinity() ? 1.0F : least / most;
    const int wide = ratio > 0.41421356F;
    const float t = wide ? (ratio - 1.0F) / (ratio + 1.0F) : ratio;
    const float w = t * t;
    const float p = -0.333333318F + w * (0.199995501F + w * (-0.142642327F + w * (0.107462995F - w * 0.0645937891F)));
    float angle = (wide ? 0.785398163F : 0.0F) + (t + t * w * p);
    angle = b > a ? 1.57079633F - angle : angle;
    angle = (mote_bits(x) >> 31) != 0 ? 3.14159265F - angle : angle;
    return mote_copysign(angle, y);
}

/*** Error function ***/

static inline float mote_erf(float x)
{
    const float a = mote_fabs(x);
    if (!(a >= 1.0F)) {
        const float w = x * x;
        /* clang-format off */
        return x + x * (0.1283791658F + w * (-0.3761262667F + w * (0.1128359472F + w * (-0.02685421201F +
                   w * (0.005189087423F + w * (-0.0008016864287F + w * 7.875875063e-5F))))));
        /* clang-format on */
    }
    if (a > 3.93F) {
        return mote_copysign(1.0F, x);
    }
    /* 1 - erf(a) = e^(-a^2) * u * Q(u), u = 1 / a */
    const float u = 1.0F / a;
    /* clang-format off */
    const float q = 0.5639702399F + u * (0.003287933181F + u * (-0.2994974104F + u * (0.01958607879F +
                    u * (0.6150348567F + u * (-0.9732889067F + u * (0.754651793F + u * (-0.3102641134F +
                    u * 0.05410312727F)))))));
    /* clang-format on */
    return mote_copysign(1.0F - mote_exp(-a * a) * u * q, x);
}

#endif
