/* SPDX-License-Identifier: MIT
 *
 * Inner products of int8 for Cortex-M with the DSP extension, in the place of those of mac_dot.h: weights lie as they come,
 * so that whatever the portable loops can do is done four inputs at a time. mac_s8.h is included before.
 */
#ifndef MOTE_KERNEL_ARM_DSP_DOT_S8_H
#define MOTE_KERNEL_ARM_DSP_DOT_S8_H

#include "simd.h"

enum { MAC_FILTERS = 4 };

/* What is added to inputs and weights, as a pair of int16. */
static inline uint32_t mac_pair(int32_t offset) { return ((uint32_t)offset & 0xFFFF) * 0x00010001; }

/* Four weights as pairs of int16. */
static inline uint32_t mac_even(uint32_t word, uint32_t offset)
{
    return MAC_HAS_WEIGHT_OFFSET ? mote_add_bytes(offset, word) : mote_sxtb16(word);
}

static inline uint32_t mac_odd(uint32_t word, uint32_t offset)
{
    return MAC_HAS_WEIGHT_OFFSET ? mote_add_bytes_ror8(offset, word) : mote_sxtb16_ror8(word);
}

/* Four inputs by four filters: 5 loads in 6 cycles, 2 moves, 10 to unpack, 8 SMLAD, 5 for the loop: 31 cycles for 16 MACs. */
static inline void mac_run4(const struct mote_mac *m, const int8_t *in, const int8_t *weight, int32_t stride, int32_t n,
                            uint32_t sum[])
{
    const uint32_t in_offset = mac_pair(m->in_offset), offset = mac_pair(m->weight_offset);
    const int8_t *const end = in + (n & ~3), *weight2 = weight + 2 * stride;
    int32_t a = (int32_t)sum[0], b = (int32_t)sum[1], c = (int32_t)sum[2], d = (int32_t)sum[3];
    for (; in < end; in += 4, weight += 4, weight2 += 4) {
        const uint32_t x = mote_load_word(in), even = mote_add_bytes(in_offset, x),
                       odd = mote_add_bytes_ror8(in_offset, x);
        uint32_t w = mote_load_word(weight);
        a = mote_smlad(odd, mac_odd(w, offset), mote_smlad(even, mac_even(w, offset), a));
        w = mote_load_word(weight + stride);
        b = mote_smlad(odd, mac_odd(w, offset), mote_smlad(even, mac_even(w, offset), b));
        w = mote_load_word(weight2);
        c = mote_smlad(odd, mac_odd(w, offset), mote_smlad(even, mac_even(w, offset), c));
        w = mote_load_word(weight2 + stride);
        d = mote_smlad(odd, mac_odd(w, offset), mote_smlad(even, mac_even(w, offset), d));
    }
    for (const int8_t *const last = end + (n & 3); in < last; in++, weight++, weight2++) {
        const mac_value x = mac_input(m, *in);
        a += (int32_t)mac_times(m, x, weight[0]);
        b += (int32_t)mac_times(m, x, weight[stride]);
        c += (int32_t)mac_times(m, x, weight2[0]);
        d += (int32_t)mac_times(m, x, weight2[stride]);
    }
    sum[0] = (uint32_t)a;
    sum[1] = (uint32_t)b;
    sum[2] = (uint32_t)c;
    sum[3] = (uint32_t)d;
}

/* Four inputs by one filter: 15 cycles for 4 MACs. */
static inline void mac_run1(const struct mote_mac *m, const int8_t *in, const int8_t *weight, int32_t n, uint32_t *sum)
{
    const uint32_t in_offset = mac_pair(m->in_offset), offset = mac_pair(m->weight_offset);
    const int8_t *const end = in + (n & ~3);
    int32_t a = (int32_t)*sum;
    for (; in < end; in += 4, weight += 4) {
        const uint32_t x = mote_load_word(in), w = mote_load_word(weight);
        a = mote_smlad(mote_add_bytes(in_offset, x), mac_even(w, offset), a);
        a = mote_smlad(mote_add_bytes_ror8(in_offset, x), mac_odd(w, offset), a);
    }
    for (const int8_t *const last = end + (n & 3); in < last; in++, weight++) {
        a += (int32_t)mac_times(m, mac_input(m, *in), *weight);
    }
    *sum = (uint32_t)a;
}

static inline void mac_dot(const struct mote_mac *m, const int8_t *in, const int8_t *weight, int32_t stride, int32_t n,
                           int32_t count, uint32_t sum[])
{
    if (count == MAC_FILTERS) {
        mac_run4(m, in, weight, stride, n, sum);
        return;
    }
    for (int32_t k = 0; k < count; k++) {
        mac_run1(m, in, weight + k * stride, n, &sum[k]);
    }
}

#endif
