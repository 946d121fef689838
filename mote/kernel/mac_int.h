/* SPDX-License-Identifier: MIT
 *
 * Inner products of integers, for the types that the including header defines:
 *
 *   mac_in, mac_weight, mac_bias, mac_out
 *   mac_sum      the accumulator; 32-bit sums are unsigned, so that they wrap as the reference's do
 *   mac_part     accumulates MAC_RUN products
 *   MAC_HAS_IN_OFFSET, MAC_HAS_WEIGHT_OFFSET   whether to each input and weight its offset is added; they stay int16
 *   MAC_REQUANT  fixed.h's rounding of sums
 *
 * Both factors are int16 and the products int32, which compilers turn into multiply-add
 * instructions on pairs. Four filters at a time share the loads of the input.
 */
#ifndef MOTE_KERNEL_MAC_INT_H
#define MOTE_KERNEL_MAC_INT_H

#include <stddef.h>

#include "fixed.h"
#include "mac.h"

enum { MAC_FILTERS = 4 };

#define MAC_TIMES(x, w) ((mac_part)((int32_t)(x) * (int16_t)((w) + weight_offset)))

/* sum[k] += in[0 .. n) * weight[k * stride + 0 .. n) for four filters k. n <= MAC_RUN. */
static inline void mac_run4(const struct mote_mac *m, const mac_in *in, const mac_weight *weight, int32_t stride,
                            int32_t n, mac_sum sum[])
{
    const int16_t in_offset = MAC_HAS_IN_OFFSET ? (int16_t)m->in_offset : 0;
    const int16_t weight_offset = MAC_HAS_WEIGHT_OFFSET ? (int16_t)m->weight_offset : 0;
    const mac_weight *weight1 = weight + stride, *weight2 = weight1 + stride, *weight3 = weight2 + stride;
    mac_part sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (int32_t i = 0; i < n; i++) {
        const int16_t x = (int16_t)(in[i] + in_offset);
        sum0 += MAC_TIMES(x, weight[i]);
        sum1 += MAC_TIMES(x, weight1[i]);
        sum2 += MAC_TIMES(x, weight2[i]);
        sum3 += MAC_TIMES(x, weight3[i]);
    }
    sum[0] += sum0;
    sum[1] += sum1;
    sum[2] += sum2;
    sum[3] += sum3;
}

static inline void mac_run1(const struct mote_mac *m, const mac_in *in, const mac_weight *weight, int32_t n,
                            mac_sum *sum)
{
    const int16_t in_offset = MAC_HAS_IN_OFFSET ? (int16_t)m->in_offset : 0;
    const int16_t weight_offset = MAC_HAS_WEIGHT_OFFSET ? (int16_t)m->weight_offset : 0;
    mac_part sum0 = 0;
    for (int32_t i = 0; i < n; i++) {
        sum0 += MAC_TIMES((int16_t)(in[i] + in_offset), weight[i]);
    }
    *sum += sum0;
}

/* sum[k] += in[0 .. n) * weight[k * stride + 0 .. n) for `count` filters, at most MAC_FILTERS. */
static inline void mac_dot(const struct mote_mac *m, const mac_in *in, const mac_weight *weight, int32_t stride,
                           int32_t n, int32_t count, mac_sum sum[])
{
    for (int32_t run; n > 0; n -= run, in += run, weight += run) {
        run = mote_min(n, MAC_RUN);
        if (count == MAC_FILTERS) {
            mac_run4(m, in, weight, stride, run, sum);
            continue;
        }
        for (int32_t k = 0; k < count; k++) {
            mac_run1(m, in, weight + k * stride, run, &sum[k]);
        }
    }
}

/* sum[i] += in[i] * weight[i] for i = 0 .. n - 1. */
static inline void mac_each(const struct mote_mac *m, const mac_in *in, const mac_weight *weight, int32_t n,
                            mac_sum sum[])
{
    const int16_t in_offset = MAC_HAS_IN_OFFSET ? (int16_t)m->in_offset : 0;
    const int16_t weight_offset = MAC_HAS_WEIGHT_OFFSET ? (int16_t)m->weight_offset : 0;
    for (int32_t i = 0; i < n; i++) {
        sum[i] += MAC_TIMES((int16_t)(in[i] + in_offset), weight[i]);
    }
}

/* sum[i] += x * weight[i] for i = 0 .. n - 1. */
static inline void mac_spread(const struct mote_mac *m, mac_in x, const mac_weight *weight, int32_t n, mac_sum sum[])
{
    const int16_t in_offset = MAC_HAS_IN_OFFSET ? (int16_t)m->in_offset : 0;
    const int16_t weight_offset = MAC_HAS_WEIGHT_OFFSET ? (int16_t)m->weight_offset : 0;
    for (int32_t i = 0; i < n; i++) {
        sum[i] += MAC_TIMES((int16_t)(x + in_offset), weight[i]);
    }
}

/* The output of channel o: bias, rounding to the output's scale, activation. */
static inline mac_out mac_finish(const struct mote_mac *m, mac_sum sum, int32_t o)
{
    const int32_t c = o * m->per_channel;
    if (m->bias != NULL) {
        sum += (mac_sum)((const mac_bias *)m->bias)[o];
    }
    const int32_t y = MAC_REQUANT((mac_bias)sum, m->multiplier[c], m->shift[c]);
    return (mac_out)mote_clamp(mote_add_wrap(y, m->out_offset), m->low, m->high);
}

#endif
