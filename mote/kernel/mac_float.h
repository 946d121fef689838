/* SPDX-License-Identifier: MIT
 *
 * Float arithmetic of the multiply-accumulate operators. mac_weight, which the including header defines, is float, or
 * int8 with a scale for each filter or for all, which is applied to the sum.
 *
 * A sum has the reference's order, so that even where products cancel the results agree.
 *
 * Source: TensorFlow Lite, reference_ops::Conv.
 */
#ifndef MOTE_KERNEL_MAC_FLOAT_H
#define MOTE_KERNEL_MAC_FLOAT_H

#include <stddef.h>

#include "fixed.h"
#include "mac.h"

#define MAC_RUN INT32_MAX

typedef float mac_in;
typedef float mac_value;
typedef float mac_part;
typedef float mac_sum;
typedef float mac_out;

static inline mac_part mac_begin(mac_sum sum) { return sum; }

static inline mac_sum mac_end(mac_sum sum, mac_part part)
{
    (void)sum;
    return part;
}

static inline mac_value mac_input(const struct mote_mac *m, mac_in x)
{
    (void)m;
    return x;
}

static inline mac_part mac_times(const struct mote_mac *m, mac_value x, mac_weight weight)
{
    (void)m;
    return x * (float)weight;
}

/* The output of channel o: scale, bias, activation. */
static inline mac_out mac_finish(const struct mote_mac *m, mac_sum sum, int32_t o)
{
    if (m->scale != NULL) {
        sum *= m->scale[o * m->per_channel];
    }
    if (m->bias != NULL) {
        sum += ((const MOTE_FLASH float *)m->bias)[o];
    }
    sum = sum < m->real_low ? m->real_low : sum;
    return sum > m->real_high ? m->real_high : sum;
}

#include "mac_dot.h"

#endif
