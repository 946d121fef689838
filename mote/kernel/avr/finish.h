/* SPDX-License-Identifier: MIT
 *
 * How a sum becomes an output on AVR: as mac_finish() in mac_int.h, which counts in 32 bits and multiplies by what is 0 or 1.
 */
#ifndef MOTE_KERNEL_AVR_FINISH_H
#define MOTE_KERNEL_AVR_FINISH_H

#include <stddef.h>

#include "../fixed.h"
#include "../mac.h"

/* round(y / 2^n), halves away from zero, as mote_div_pow2(). y > -2^31, n in [1, 31]. */
static inline int32_t mote_divide(int32_t y, uint8_t n) { return (((y - (y < 0)) >> (n - 1)) + 1) >> 1; }

/* Output of channel o. The bias is there, and factors are not packed. */
static inline int8_t mote_finish_s8(const struct mote_mac *m, uint32_t sum, size_t o)
{
    const size_t c = m->per_channel != 0 ? o : 0;
    const int8_t shift = m->shift[c];
    sum += (uint32_t)((const MOTE_FLASH int32_t *)m->bias)[o];
    int32_t y = mote_mul_q31((int32_t)(shift > 0 ? sum << shift : sum), m->multiplier[c]);
    if (shift < 0) {
        y = mote_divide(y, (uint8_t)-shift);
    }
    return (int8_t)mote_clamp(mote_add_wrap(y, m->out_offset), m->low, m->high);
}

#endif
