/* SPDX-License-Identifier: MIT
 *
 * Inner products of floats. mac_weight is float, or int8 with a scale for each filter or for all, applied to the sum.
 *
 * Each sum is held in LANES parts, product i in part i % LANES, which are added in pairs in the end: the
 * same result on every target, more accurate than one running sum, and it vectorises.
 *
 * Source: TensorFlow Lite, reference_ops::Conv; the order of the sums is our own.
 */
#ifndef MOTE_KERNEL_MAC_FLOAT_H
#define MOTE_KERNEL_MAC_FLOAT_H

#include <stddef.h>

#include "fixed.h"
#include "mac.h"

typedef float mac_in;
typedef float mac_sum;
typedef float mac_out;

enum { MAC_FILTERS = 4, LANES = 4 };

/* sum[k] += in[0 .. n) * weight[k * stride + 0 .. n) for `count` filters, at most MAC_FILTERS. */
static inline void mac_dot(const struct mote_mac *m, const mac_in *in, const mac_weight *weight, int32_t stride,
                           int32_t n, int32_t count, mac_sum sum[])
{
    (void)m;
    for (int32_t k = 0; k < count; k++, weight += stride) {
        mac_sum part[LANES] = {0};
        int32_t i = 0;
        for (; i + LANES <= n; i += LANES) {
            for (int j = 0; j < LANES; j++) {
                part[j] += in[i + j] * (float)weight[i + j];
            }
        }
        for (int j = 0; i < n; i++, j++) {
            part[j] += in[i] * (float)weight[i];
        }
        sum[k] += (part[0] + part[2]) + (part[1] + part[3]);
    }
}

/* sum[i] += in[i] * weight[i] for i = 0 .. n - 1. */
static inline void mac_each(const struct mote_mac *m, const mac_in *in, const mac_weight *weight, int32_t n,
                            mac_sum sum[])
{
    (void)m;
    for (int32_t i = 0; i < n; i++) {
        sum[i] += in[i] * (float)weight[i];
    }
}

/* sum[i] += x * weight[i] for i = 0 .. n - 1. */
static inline void mac_spread(const struct mote_mac *m, mac_in x, const mac_weight *weight, int32_t n, mac_sum sum[])
{
    (void)m;
    for (int32_t i = 0; i < n; i++) {
        sum[i] += x * (float)weight[i];
    }
}

/* The output of channel o: scale, bias, activation. */
static inline mac_out mac_finish(const struct mote_mac *m, mac_sum sum, int32_t o)
{
    if (m->scale != NULL) {
        sum *= m->scale[o * m->per_channel];
    }
    if (m->bias != NULL) {
        sum += ((const float *)m->bias)[o];
    }
    sum = sum < m->real_low ? m->real_low : sum;
    return sum > m->real_high ? m->real_high : sum;
}

#endif
