/* SPDX-License-Identifier: MIT
 *
 * The rarer elementary functions, made of those in real.h: tangent, arcs, hyperbolic functions and their inverses.
 * Correct to about four units in the last place, infinities, NaN and subnormal numbers included.
 */
#ifndef MOTE_REAL_ARC_H
#define MOTE_REAL_ARC_H

#include "real.h"

static inline float mote_tan(float x)
{
    if (!(mote_fabs(x) < mote_infinity())) {
        return mote_nan();
    }
    uint32_t q = 0;
    const float r = mote_fabs(x) < 128.0F ? mote_few_quarter_turns(x, &q) : mote_quarter_turns(x, &q);
    const float s = mote_sin_core(r), c = mote_cos_core(r);
    return (q & 1) != 0 ? -c / s : s / c;
}

/*** Arcs: the angle of a point on the circle ***/

static inline float mote_atan(float x) { return mote_atan2(x, 1.0F); }

/* sqrt(1 - x^2) without loss near 1 */
static inline float mote_other_side(float x) { return mote_sqrt((1.0F - x) * (1.0F + x)); }

static inline float mote_asin(float x) { return mote_atan2(x, mote_other_side(x)); }
static inline float mote_acos(float x) { return mote_atan2(mote_other_side(x), x); }

/*** Hyperbolic ***/

/* e^a / 2 where e^a is out of range */
static inline float mote_half_exp(float a)
{
    const float e = mote_exp(0.5F * a);
    return 0.5F * e * e;
}

static inline float mote_sinh(float x)
{
    const float a = mote_fabs(x);
    if (a > 20.0F) {
        return mote_copysign(mote_half_exp(a), x);
    }
    const float e = mote_expm1(a);
    return mote_copysign(0.5F * (e + e / (e + 1.0F)), x);
}

static inline float mote_cosh(float x)
{
    const float a = mote_fabs(x);
    if (a > 20.0F) {
        return mote_half_exp(a);
    }
    const float e = mote_exp(a);
    return 0.5F * (e + 1.0F / e);
}

/*** Their inverses ***/

/* log(1 + x): what rounding takes from 1 + x is put right by the factor. */
static inline float mote_log1p(float x)
{
    const float u = 1.0F + x;
    if (u == 1.0F || u == mote_infinity()) {
        return x;
    }
    return mote_log(u) * (x / (u - 1.0F));
}

static inline float mote_asinh(float x)
{
    const float a = mote_fabs(x);
    const float y = a > 1e9F ? mote_log(a) + 0.693147181F : mote_log1p(a + a * a / (1.0F + mote_sqrt(a * a + 1.0F)));
    return mote_copysign(y, x);
}

static inline float mote_acosh(float x)
{
    const float t = x - 1.0F;
    if (x < 1.0F) {
        return mote_nan();
    }
    return x > 1e9F ? mote_log(x) + 0.693147181F : mote_log1p(t + mote_sqrt(t + t + t * t));
}

static inline float mote_atanh(float x)
{
    const float a = mote_fabs(x);
    return mote_copysign(0.5F * mote_log1p((a + a) / (1.0F - a)), x);
}

#endif
