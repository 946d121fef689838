/* SPDX-License-Identifier: MIT
 *
 * Bits of unsigned numbers.
 */
#ifndef MOTE_KERNEL_SIGNAL_BITS_H
#define MOTE_KERNEL_SIGNAL_BITS_H

#include <stdint.h>

/* Bits up to the highest one that is set; 0 for 0. */
static inline int32_t mote_bit_count(uint32_t x)
{
    int32_t n = 0;
    for (int32_t step = 16; step > 0; step /= 2) {
        if (x >> step != 0) {
            n += step;
            x >>= step;
        }
    }
    return n + (int32_t)x;
}

#endif
