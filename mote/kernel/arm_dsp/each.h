/* SPDX-License-Identifier: MIT
 *
 * Loops over the elements of two inputs and an output, a word of either input at a time. Both are read before the first
 * element is written: it may run in place.
 */
#ifndef MOTE_KERNEL_ARM_DSP_EACH_H
#define MOTE_KERNEL_ARM_DSP_EACH_H

#include "simd.h"

/* out[i] = result, an expression of x = xs[i] and y = ys[i], for i = 0 .. n - 1; all int8. */
#define MOTE_EACH_S8(xs, ys, out, n, result) \
    for (; n >= 4; n -= 4, xs += 4, ys += 4, out += 4) { \
        const uint32_t a = mote_load_word(xs), b = mote_load_word(ys); \
        MOTE_ELEMENT(int8_t, out, 0, a, b, result) \
        MOTE_ELEMENT(int8_t, out, 1, a >> 8, b >> 8, result) \
        MOTE_ELEMENT(int8_t, out, 2, a >> 16, b >> 16, result) \
        MOTE_ELEMENT(int8_t, out, 3, a >> 24, b >> 24, result) \
    } \
    for (; n > 0; n--, xs++, ys++, out++) { \
        MOTE_ELEMENT(int8_t, out, 0, *xs, *ys, result) \
    }

/* The same for int16. */
#define MOTE_EACH_S16(xs, ys, out, n, result) \
    for (; n >= 2; n -= 2, xs += 2, ys += 2, out += 2) { \
        const uint32_t a = mote_load_word((const int8_t *)xs), b = mote_load_word((const int8_t *)ys); \
        MOTE_ELEMENT(int16_t, out, 0, a, b, result) \
        MOTE_ELEMENT(int16_t, out, 1, a >> 16, b >> 16, result) \
    } \
    for (; n > 0; n--, xs++, ys++, out++) { \
        MOTE_ELEMENT(int16_t, out, 0, *xs, *ys, result) \
    }

#define MOTE_ELEMENT(type, out, k, from, with, result) \
    { \
        const int32_t x = (type)(from), y = (type)(with); \
        (out)[k] = (type)(result); \
    }

/* Rounds halves away from zero, where `half` may hold an offset of the result, too. */
static inline int32_t mote_shift_right(int32_t x, int32_t half, int32_t right)
{
    return (x + (x >> 31) + half) >> right;
}

/* For mote_smmlar(). */
static inline int32_t mote_smmlar_factor(int32_t multiplier) { return (int32_t)((uint32_t)multiplier << 1); }

#endif
