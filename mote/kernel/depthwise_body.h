/* SPDX-License-Identifier: MIT
 *
 * The loops of DEPTHWISE_CONV_2D: a block of channels at a time, so that the sums stay in registers and the
 * products of neighbouring channels vectorise. KERNEL: the name of the kernel; mac_*.h of its types is included before.
 */
#include "conv.h"

enum { CHANNELS = 16 };

/* sum[k] += input of channel o + k * its weight, for one tap. `in` and `weight`: the channels of one pixel. */
static inline void add_tap(const struct mote_depthwise *p, const mac_in *in, const MOTE_FLASH mac_weight *weight,
                           int32_t o, int32_t count, mac_sum sum[])
{
    if (p->multiplier == 1) {
        mac_each(&p->mac, in + o, weight + o, count, sum);
        return;
    }
    int32_t channel = o / p->multiplier, run = p->multiplier - o % p->multiplier;
    for (int32_t k = 0; k < count; k += run, run = p->multiplier, channel++) {
        mac_spread(&p->mac, in[channel], weight + o + k, mote_min(run, count - k), sum + k);
    }
}

/* Output channels o .. o + count - 1 of one pixel with taps `t`. */
static inline void make_outputs(const struct mote_depthwise *p, const void *const rows[],
                                const MOTE_FLASH mac_weight *filter, struct mote_taps t, int32_t o, int32_t count,
                                mac_out *out)
{
    mac_sum sum[CHANNELS] = {0};
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        const mac_in *row = (const mac_in *)rows[ky];
        for (int32_t kx = t.first; row != NULL && kx < t.last; kx++) {
            const mac_in *pixel = row + (t.left + kx * p->dilation_w) * p->in_c;
            const MOTE_FLASH mac_weight *weight = filter + (ky * p->filter_w + kx) * p->out_c;
            add_tap(p, pixel, weight, o, count, sum);
        }
    }
    for (int32_t k = 0; k < count; k++) {
        out[o + k] = mac_finish(&p->mac, sum[k], o + k);
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise *p = (const struct mote_depthwise *)params;
    const MOTE_FLASH mac_weight *filter = p->filter != NULL
                                              ? (const MOTE_FLASH mac_weight *)p->filter
                                              : (const MOTE_FLASH mac_weight *)(uintptr_t)io->in[p->filter_h];
    mac_out *out = (mac_out *)io->out[0];

    for (int32_t x = 0; x < p->out_w; x++, out += p->out_c) {
        const struct mote_taps t = mote_find_taps(x * p->stride_w - p->pad_w, p->in_w, p->filter_w, p->dilation_w);
        int32_t o = 0;
        for (; o + CHANNELS <= p->out_c; o += CHANNELS) {
            make_outputs(p, io->in, filter, t, o, CHANNELS, out);
        }
        if (o < p->out_c) {
            make_outputs(p, io->in, filter, t, o, p->out_c - o, out);
        }
    }
}
