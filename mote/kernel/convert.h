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
        const IN *in = from; \
        OUT *out = to; \
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
    return mote_from_bits(mote_bits(mote_from_bits(magnitude) * 0x1p112F) | sign);
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

#endif
