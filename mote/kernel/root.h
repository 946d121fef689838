/* SPDX-License-Identifier: MIT
 *
 * Roots of integers, bit by bit, rounded to the nearest, at most 2^16 - 1 below 2^32 and 2^32 - 1 from there.
 *
 * Source: TensorFlow Lite Micro, Sqrt32, Sqrt64.
 */
#ifndef MOTE_KERNEL_ROOT_H
#define MOTE_KERNEL_ROOT_H

#include "signal_bits.h"

static inline uint32_t mote_root32(uint32_t x)
{
    uint32_t root = 0;
    for (uint32_t bit = x == 0 ? 0 : UINT32_C(1) << ((mote_bit_count(x) - 1) & ~1); bit != 0; bit >>= 2) {
        const uint32_t next = root + bit;
        root >>= 1;
        if (x >= next) {
            x -= next;
            root += bit;
        }
    }
    return x > root && root != 0xFFFF ? root + 1 : root;
}

static inline uint32_t mote_root64(uint64_t x)
{
    if (x >> 32 == 0) {
        return mote_root32((uint32_t)x);
    }
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << ((31 + mote_bit_count((uint32_t)(x >> 32))) & ~1); bit != 0; bit >>= 2) {
        const uint64_t next = root + bit;
        root >>= 1;
        if (x >= next) {
            x -= next;
            root += bit;
        }
    }
    return (uint32_t)(x > root && root != UINT32_MAX ? root + 1 : root);
}

#endif
