/* SPDX-License-Identifier: MIT
 *
 * Operators that change the type: QUANTIZE, DEQUANTIZE, CAST. io->in, io->out: one row of n elements. A kernel is for
 * one type of input and has a row function for each type of output.
 */
#ifndef MOTE_KERNEL_CONVERT_H
#define MOTE_KERNEL_CONVERT_H

#include "fixed.h"
#include "kernel.h"
#include "real.h"

/* Types of elements; bool is uint8 with the values 0 and 1. */
enum mote_element {
    MOTE_S8,
    MOTE_U8,
    MOTE_S16,
    MOTE_U16,
    MOTE_S32,
    MOTE_U32,
    MOTE_S64,
    MOTE_F16,
    MOTE_F32,
    MOTE_F64,
    MOTE_BOOL,
    MOTE_ELEMENTS
};

typedef void mote_convert_row(const void *params, const void *in, void *out, int32_t n);

/* CAST. */
struct mote_cast {
    int32_t n;
    int32_t to; /* enum mote_element */
};

/* QUANTIZE of integers: out = (in + in_offset) * factor + out_offset, saturated. */
struct mote_requantize {
    int32_t n;
    int32_t to; /* enum mote_element */
    int32_t in_offset;
    int32_t multiplier, shift;
    int32_t out_offset;
};

/* QUANTIZE of uint8 to int8, or back, of the same values. */
struct mote_flip {
    int32_t n;
};

/* QUANTIZE of float, DEQUANTIZE: runs of `inner` elements with the same scale and zero point, of which there are
 * `channels`, then from the first again. inner and channels divide n. */
struct mote_affine {
    int32_t n;
    int32_t channels, inner;
    const MOTE_FLASH float *scale;        /* [channels] */
    const MOTE_FLASH int32_t *zero_point; /* [channels] */
};

/* Defines a row function: result is an expression of x, of type IN, and p, a copy of the parameters. */
#define MOTE_CONVERT_ROW(name, params_type, IN, OUT, result) \
    static void name(const void *params, const void *from, void *to, int32_t n) \
    { \
        const params_type p = *(const params_type *)params; \
        const IN *in = (const IN *)from; \
        OUT *out = (OUT *)to; \
        (void)p; \
        for (int32_t i = 0; i < n; i++) { \
            const IN x = in[i]; \
            out[i] = (OUT)(result); \
        } \
    }

/*** Half precision ***/

static inline float mote_f32_of_f16(uint16_t half)
{
    const uint32_t magnitude = (uint32_t)(half & 0x7FFF) << 13;
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    if (magnitude >= UINT32_C(0x0F800000)) { /* infinity, NaN */
        return mote_from_bits(magnitude | sign | UINT32_C(0x7F800000));
    }
    return mote_from_bits(mote_bits(mote_from_bits(magnitude) * 5.1922969e33F /* 2^112 */) | sign);
}

/* Rounds to the nearest, halves to even. */
static inline uint16_t mote_f16_of_f32(float x)
{
    const uint32_t bits = mote_bits(x) & UINT32_C(0x7FFFFFFF);
    const uint32_t sign = mote_bits(x) >> 16 & 0x8000;
    if (bits > UINT32_C(0x7F800000)) {
        return (uint16_t)(sign | 0x7E00);
    }
    if (bits >= UINT32_C(0x477FF000)) { /* from half a unit above the greatest half on */
        return (uint16_t)(sign | 0x7C00);
    }
    if (bits < UINT32_C(0x38800000)) { /* subnormal: units of 2^-24, the last place of 0.5 */
        return (uint16_t)(sign | (mote_bits(mote_from_bits(bits) + 0.5F) - mote_bits(0.5F)));
    }
    const uint32_t rounded = bits + 0xFFF + (bits >> 13 & 1);
    return (uint16_t)(sign | (rounded - UINT32_C(0x38000000)) >> 13);
}

/*** Double precision, as its bits ***/

#define MOTE_F64_INFINITY UINT64_C(0x7FF0000000000000)
#define MOTE_F64_DIGITS UINT64_C(0x000FFFFFFFFFFFFF)

static inline uint64_t mote_f64_of_f32(float x)
{
    const uint32_t bits = mote_bits(x) & UINT32_C(0x7FFFFFFF);
    const uint64_t sign = (uint64_t)(mote_bits(x) >> 31) << 63;
    if (bits >= UINT32_C(0x7F800000)) { /* infinity, NaN */
        return sign | MOTE_F64_INFINITY | (uint64_t)(bits & UINT32_C(0x7FFFFF)) << 29;
    }
    if (bits == 0) {
        return sign;
    }
    const int32_t scale = bits < UINT32_C(0x800000) ? 24 : 0; /* subnormal */
    const uint32_t normal = scale > 0 ? mote_bits(mote_from_bits(bits) * 16777216.0F) : bits;
    return sign | (((uint64_t)normal << 29) + ((uint64_t)(1023 - 127 - scale) << 52));
}

/* x / 2^shift, to the nearest, halves to even; shift from 1 to 63 */
static inline uint64_t mote_shift_to_even(uint64_t x, int32_t shift)
{
    const uint64_t half = UINT64_C(1) << (shift - 1), kept = x >> shift, lost = x & (2 * half - 1);
    return kept + (lost > half || (lost == half && (kept & 1) != 0));
}

static inline float mote_f32_of_f64(uint64_t x)
{
    const uint32_t sign = (uint32_t)(x >> 63) << 31;
    const uint64_t bits = x & (UINT64_MAX >> 1), digits = (bits & MOTE_F64_DIGITS) | (MOTE_F64_DIGITS + 1);
    const int32_t exponent = (int32_t)(bits >> 52) - (1023 - 127); /* of the float */
    if (bits > MOTE_F64_INFINITY) {
        return mote_from_bits(sign | UINT32_C(0x7FC00000));
    }
    if (exponent >= 255) {
        return mote_from_bits(sign | UINT32_C(0x7F800000));
    }
    if (exponent < -24) {
        return mote_from_bits(sign);
    }
    const int32_t shift = exponent > 0 ? 29 : 30 - exponent;                 /* subnormal */
    const uint32_t base = exponent > 0 ? (uint32_t)(exponent - 1) << 23 : 0; /* the leading digit adds one */
    return mote_from_bits(sign | (base + (uint32_t)mote_shift_to_even(digits, shift)));
}

static inline uint64_t mote_f64_of_s64(int64_t x)
{
    const uint64_t sign = (uint64_t)x & UINT64_C(1) << 63;
    uint64_t digits = sign != 0 ? 0 - (uint64_t)x : (uint64_t)x;
    int32_t exponent = 1023 + 63;
    if (digits == 0) {
        return 0;
    }
    while (digits >> 63 == 0) {
        digits <<= 1;
        exponent--;
    }
    return sign | (((uint64_t)(exponent - 1) << 52) + mote_shift_to_even(digits, 11));
}

/* Towards zero, saturated; NaN as the least. */
static inline int64_t mote_s64_of_f64(uint64_t x)
{
    const uint64_t bits = x & (UINT64_MAX >> 1), digits = (bits & MOTE_F64_DIGITS) | (MOTE_F64_DIGITS + 1);
    const int32_t exponent = (int32_t)(bits >> 52) - 1023;
    if (exponent < 0) {
        return 0;
    }
    if (bits > MOTE_F64_INFINITY || exponent >= 63) {
        return bits <= MOTE_F64_INFINITY && x >> 63 == 0 ? INT64_MAX : INT64_MIN;
    }
    const int64_t whole = (int64_t)(exponent >= 52 ? digits << (exponent - 52) : digits >> (52 - exponent));
    return x >> 63 != 0 ? -whole : whole;
}

#endif
