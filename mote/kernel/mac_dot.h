/* SPDX-License-Identifier: MIT
 *
 * Inner loops of the multiply-accumulate operators, over the arithmetic that mac_int.h or mac_float.h defines:
 *
 *   mac_in, mac_weight, mac_sum, mac_out   as stored, accumulated, made
 *   mac_part                   accumulates up to MAC_RUN products in a register
 *   mac_begin(), mac_end()     from a sum to a part, and back
 *   mac_input(), mac_times()   an input ready to multiply; its product with a weight
 *   mac_finish()               a sum becomes an output
 */
#ifndef MOTE_KERNEL_MAC_DOT_H
#define MOTE_KERNEL_MAC_DOT_H

#ifndef MAC_OWN_DOT /* where a target brings its own mac_dot() */
enum { MAC_FILTERS = 4 };

/* Were the distance of filters known, compilers for the few registers of Thumb-1 would keep fewer pointers than there are
 * filters, and make the others anew for each input. */
#if defined(__thumb__) && !defined(__thumb2__)
#define MAC_HIDE(value) __asm__("" : "+r"(value))
#else
#define MAC_HIDE(value) (void)0
#endif

/* sum[k] += in[0 .. n) * weight[k * stride + 0 .. n) for four filters k, which share the loads of the input. */
static inline void mac_run4(const struct mote_mac *m, const mac_in *in, const MOTE_WEIGHTS mac_weight *weight,
                            int32_t stride, int32_t n, mac_sum sum[])
{
    MAC_HIDE(stride);
    const MOTE_WEIGHTS mac_weight *weight1 = weight + stride, *weight2 = weight1 + stride, *weight3 = weight2 + stride;
    mac_part part0 = mac_begin(sum[0]), part1 = mac_begin(sum[1]);
    mac_part part2 = mac_begin(sum[2]), part3 = mac_begin(sum[3]);
    for (int32_t i = 0; i < n; i++) {
        const mac_value x = mac_input(m, in[i]);
        part0 += mac_times(m, x, weight[i]);
        part1 += mac_times(m, x, weight1[i]);
        part2 += mac_times(m, x, weight2[i]);
        part3 += mac_times(m, x, weight3[i]);
    }
    sum[0] = mac_end(sum[0], part0);
    sum[1] = mac_end(sum[1], part1);
    sum[2] = mac_end(sum[2], part2);
    sum[3] = mac_end(sum[3], part3);
}

static inline void mac_run1(const struct mote_mac *m, const mac_in *in, const MOTE_WEIGHTS mac_weight *weight,
                            int32_t n, mac_sum *sum)
{
    mac_part part = mac_begin(*sum);
    for (int32_t i = 0; i < n; i++) {
        part += mac_times(m, mac_input(m, in[i]), weight[i]);
    }
    *sum = mac_end(*sum, part);
}

/* sum[k] += in[0 .. n) * weight[k * stride + 0 .. n) for `count` filters, at most MAC_FILTERS. */
static inline void mac_dot(const struct mote_mac *m, const mac_in *in, const MOTE_WEIGHTS mac_weight *weight,
                           int32_t stride, int32_t n, int32_t count, mac_sum sum[])
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

#endif

/* sum[i] += in[i] * weight[i] for i = 0 .. n - 1. */
static inline void mac_each(const struct mote_mac *m, const mac_in *in, const MOTE_WEIGHTS mac_weight *weight,
                            int32_t n, mac_sum sum[])
{
    for (int32_t i = 0; i < n; i++) {
        sum[i] += mac_times(m, mac_input(m, in[i]), weight[i]);
    }
}

/* sum[i] += x * weight[i] for i = 0 .. n - 1. */
static inline void mac_spread(const struct mote_mac *m, mac_in x, const MOTE_WEIGHTS mac_weight *weight, int32_t n,
                              mac_sum sum[])
{
    for (int32_t i = 0; i < n; i++) {
        sum[i] += mac_times(m, mac_input(m, x), weight[i]);
    }
}

#endif
