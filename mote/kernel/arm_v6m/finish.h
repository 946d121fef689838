/* SPDX-License-Identifier: MIT
 *
 * From sums to outputs on Cortex-M0, which has no long product: fixed.h's mote_requant() from products of 16-bit parts.
 */
#ifndef MOTE_KERNEL_ARM_V6M_FINISH_H
#define MOTE_KERNEL_ARM_V6M_FINISH_H

#include <stdint.h>

#include "../fixed.h"
#include "../packed.h"

/* A channel's multiplier = 65536 * high + low, low within int16; its right shift, with rounding and zero point before it. */
struct mote_factor {
    int32_t high, low, shift, before;
};

static inline struct mote_factor mote_split_factor(uint32_t doubled, uint32_t shift, int32_t zero)
{
    const int32_t multiplier = (int32_t)(doubled >> 1 | UINT32_C(1) << 30), low = (int16_t)multiplier;
    return (struct mote_factor){(multiplier - low) >> 16, low, (int32_t)shift, mote_shift_left(2 * zero + 1, (int32_t)shift) >> 1};
}

/* With the sum = 65536 * h + l, too: all of the product below 2^16 is cut off, then round(product / 2^31) is
 * 2 * h * high + round((h * low + l * high + (l * low >> 16)) / 2^15). |sum| <= 2^30, so each part is within 32 bits. */
static inline int8_t mote_to_output(const struct mote_factor *f, int32_t least, int32_t most, int32_t sum)
{
    const int32_t l = (int16_t)sum, h = (sum - l) >> 16;
    const int32_t middle = h * f->low + l * f->high + (l * f->low >> 16) + (1 << 14);
    const int32_t y = 2 * (h * f->high) + (middle >> 15), less = y >> 31; /* so that halves are rounded away from zero */
    return (int8_t)mote_clamp((y + less + f->before) >> f->shift, least, most);
}

#endif
