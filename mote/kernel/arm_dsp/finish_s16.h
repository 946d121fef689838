/* SPDX-License-Identifier: MIT
 *
 * How 32-bit sums of int16 and int8 become outputs, as mote_requant64 does.
 */
#ifndef MOTE_KERNEL_ARM_DSP_FINISH_S16_H
#define MOTE_KERNEL_ARM_DSP_FINISH_S16_H

#include "../mac_s16.h"

/* is_short: see packed.h; then sum and factor fit in 32 bits, and so does the output before its limits. */
__attribute__((always_inline)) static inline int16_t mote_finish_s16(const struct mote_mac *m, int32_t is_short,
                                                                     int32_t sum, int32_t o)
{
    if (!is_short) {
        return mac_finish(m, sum, o);
    }
    const int32_t c = o * m->per_channel, multiplier = m->multiplier[c], total = 15 - m->shift[c];
    const int32_t x = sum + (m->bias != NULL ? (int32_t)((const int64_t *)m->bias)[o] : 0);
    const int64_t y = (int64_t)x * ((multiplier + (INT32_C(1) << 15)) >> 16) + (INT64_C(1) << (total - 1));
    const int32_t shifted = (int32_t)((uint32_t)(y >> 32) << (32 - total) | (uint32_t)y >> total);
    return (int16_t)mote_clamp(shifted + m->out_offset, m->low, m->high);
}

#endif
