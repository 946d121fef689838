/* SPDX-License-Identifier: MIT
 *
 * Inner products of int16 and int8 for Cortex-M with the DSP extension, in the place of those of mac_dot.h: weights lie as
 * they come, and sums have 64 bits. mac_s16.h is included before.
 */
#ifndef MOTE_KERNEL_ARM_DSP_DOT_S16_H
#define MOTE_KERNEL_ARM_DSP_DOT_S16_H

#include "simd.h"

enum { MAC_FILTERS = 4 };

/* Four weights times the inputs 0 and 2, and 1 and 3. */
static inline int32_t mac_four(uint32_t even, uint32_t odd, const int8_t *weight, int32_t sum)
{
    const uint32_t w = mote_load_word(weight);
    return mote_smlad(odd, mote_sxtb16_ror8(w), mote_smlad(even, mote_sxtb16(w), sum));
}

/* sum[k] += in[0 .. n) * weight[k * stride + 0 .. n) for four filters or for one; n at most MAC_RUN, so that 32 bits hold a
 * part. Four inputs by four filters: 6 loads in 7 cycles, 2 PKH, 8 SXTB16, 8 SMLAD, 6 for the loop: 31 cycles for 16 MACs. */
__attribute__((always_inline)) static inline void mac_run(const int16_t *in, const int8_t *weight, int32_t stride,
                                                          int32_t n, int32_t filters, int64_t sum[])
{
    const int16_t *const end = in + (n & ~3), *const last = in + n;
    const int8_t *weight2 = weight + 2 * stride;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (; in < end; in += 4, weight += 4, weight2 += 4) {
        const uint32_t x = mote_load_word((const int8_t *)in), y = mote_load_word((const int8_t *)(in + 2));
        const uint32_t even = mote_lower_halves(x, y), odd = mote_upper_halves(x, y);
        a = mac_four(even, odd, weight, a);
        if (filters > 1) {
            b = mac_four(even, odd, weight + stride, b);
            c = mac_four(even, odd, weight2, c);
            d = mac_four(even, odd, weight2 + stride, d);
        }
    }
    for (; in < last; in++, weight++, weight2++) {
        a += *in * weight[0];
        if (filters > 1) {
            b += *in * weight[stride];
            c += *in * weight2[0];
            d += *in * weight2[stride];
        }
    }
    sum[0] += a;
    if (filters > 1) {
        sum[1] += b;
        sum[2] += c;
        sum[3] += d;
    }
}

/* The same for any number of inputs and up to four filters. */
static inline void mac_dot(const struct mote_mac *m, const int16_t *in, const int8_t *weight, int32_t stride, int32_t n,
                           int32_t count, int64_t sum[])
{
    (void)m;
    for (int32_t run; n > 0; n -= run, in += run, weight += run) {
        run = mote_min(n, MAC_RUN);
        if (count == MAC_FILTERS) {
            mac_run(in, weight, stride, run, MAC_FILTERS, sum);
            continue;
        }
        for (int32_t k = 0; k < count; k++) {
            mac_run(in, weight + k * stride, stride, run, 1, &sum[k]);
        }
    }
}

#endif
