/* SPDX-License-Identifier: MIT
 *
 * Integer arithmetic of the multiply-accumulate operators, for what the including header defines:
 *
 *   mac_in, mac_weight, mac_bias, mac_out
 *   mac_sum     the accumulator; 32-bit sums are unsigned, so that they wrap as the reference's do
 *   mac_part    holds MAC_RUN products
 *   MAC_HAS_IN_OFFSET, MAC_HAS_WEIGHT_OFFSET   whether inputs and weights have zero points
 *   MAC_REQUANT   fixed.h's rounding of sums
 *
 * Both factors are int16, zero point included, and the products int32: compilers turn this into
 * multiply-add instructions on pairs.
 */
#ifndef MOTE_KERNEL_MAC_INT_H
#define MOTE_KERNEL_MAC_INT_H

#include <stddef.h>

#include "fixed.h"
#include "mac.h"

typedef int16_t mac_value;

static inline mac_part mac_begin(mac_sum sum)
{
    (void)sum;
    return 0;
}

static inline mac_sum mac_end(mac_sum sum, mac_part part) { return sum + part; }

static inline mac_value mac_input(const struct mote_mac *m, mac_in x)
{
    return (mac_value)(MAC_HAS_IN_OFFSET ? x + (mac_value)m->in_offset : x);
}

static inline mac_part mac_times(const struct mote_mac *m, mac_value x, mac_weight weight)
{
    const mac_value w = (mac_value)(MAC_HAS_WEIGHT_OFFSET ? weight + (mac_value)m->weight_offset : weight);
    return (mac_part)((int32_t)x * w);
}

/* The output of channel o: bias, rounding to the output's scale, activation. */
static inline mac_out mac_finish(const struct mote_mac *m, mac_sum sum, int32_t o)
{
    const int32_t c = o * m->per_channel;
    if (m->bias != NULL) {
        sum += (mac_sum)((const MOTE_FLASH mac_bias *)m->bias)[o];
    } else if (m->short_bias != NULL) {
        const mac_bias bias = m->short_bias[o];
        sum += (mac_sum)bias;
    }
    int32_t multiplier = m->multiplier[c], shift = m->shift_base;
    if (m->shift != NULL) {
        shift = m->shift[c];
    } else {
        shift += (int32_t)((uint32_t)multiplier >> 30);
        multiplier = (multiplier & 0x3FFFFFFF) | 0x40000000;
    }
    const int32_t y = MAC_REQUANT((mac_bias)sum, multiplier, (int)shift);
    return (mac_out)mote_clamp(mote_add_wrap(y, m->out_offset), m->low, m->high);
}

#include "mac_dot.h"

#endif
