/* SPDX-License-Identifier: MIT
 *
 * Natural logarithms of integers, by squaring: each square says one bit of the logarithm to base 2.
 */
#ifndef MOTE_KERNEL_LOGARITHM_H
#define MOTE_KERNEL_LOGARITHM_H

#include "signal_bits.h"

/* Bits up to the highest one that is set; 0 for 0. */
static inline int32_t mote_bit_count64(uint64_t x)
{
    const uint32_t high = (uint32_t)(x >> 32);
    return high != 0 ? 32 + mote_bit_count(high) : mote_bit_count((uint32_t)x);
}

/* ln x with 12 fractional bits. x > 0. */
static inline int32_t mote_log_q12(uint64_t x)
{
    const int32_t ln_2 = 45426; /* 16 fractional bits */
    const int32_t bits = mote_bit_count64(x);
    uint32_t y = (uint32_t)(bits > 32 ? x >> (bits - 32) : x << (32 - bits)); /* in [1, 2), 31 fractional bits */
    int32_t log2 = bits - 1;
    for (int32_t i = 0; i < 16; i++) {
        const uint64_t square = (uint64_t)y * y;
        const int32_t is_two = (int32_t)(square >> 63);
        y = (uint32_t)(square >> (31 + is_two));
        log2 = 2 * log2 + is_two;
    }
    return (int32_t)(((int64_t)log2 * ln_2 + (INT32_C(1) << 19)) >> 20);
}

#endif
