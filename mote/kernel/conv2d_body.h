/* SPDX-License-Identifier: MIT
 *
 * The loops of CONV_2D. KERNEL: the name of the kernel; mac_*.h of its types is included before.
 */
#include "conv.h"

/* The filters of one group that make output channels o .. o + count - 1. */
struct block {
    const mac_weight *filter;
    int32_t o, count, in_channel; /* in_channel: the group's first */
};

/* One row of the window: `taps` columns of inputs and weights from `in` and `weight` on. */
static void add_row(const struct mote_conv2d *p, const mac_in *in, const mac_weight *weight, int32_t taps,
                    int32_t count, mac_sum sum[])
{
    const int32_t in_step = p->dilation_w * p->in_c;
    const int32_t filter_size = p->filter_h * p->filter_w * p->filter_c;
    int32_t channels = p->filter_c;
    if (in_step == channels) { /* the taps touch each other: one long tap */
        channels *= taps;
        taps = 1;
    }
    for (int32_t kx = 0; kx < taps; kx++) {
        mac_dot(&p->mac, in + kx * in_step, weight + kx * p->filter_c, filter_size, channels, count, sum);
    }
}

/* One pixel of the output, in the channels of `b`. Its window begins at input column `left`. */
static void make_outputs(const struct mote_conv2d *p, const void *const rows[], const struct block *b, int32_t left,
                         mac_out *out)
{
    const int32_t first = left < 0 ? (-left + p->dilation_w - 1) / p->dilation_w : 0;
    const int32_t last = mote_min(p->filter_w, (p->in_w - left + p->dilation_w - 1) / p->dilation_w);
    const int32_t start = (left + first * p->dilation_w) * p->in_c + b->in_channel;
    mac_sum sum[MAC_FILTERS] = {0};
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        if (rows[ky] != NULL && first < last) {
            const mac_weight *weight = b->filter + (ky * p->filter_w + first) * p->filter_c;
            add_row(p, (const mac_in *)rows[ky] + start, weight, last - first, b->count, sum);
        }
    }
    for (int32_t k = 0; k < b->count; k++) {
        out[k] = mac_finish(&p->mac, sum[k], b->o + k);
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d *p = params;
    const mac_weight *filters = p->filter != NULL ? p->filter : io->in[p->filter_h];
    const int32_t filter_size = p->filter_h * p->filter_w * p->filter_c;
    const int32_t group_filters = p->out_c / (p->in_c / p->filter_c);
    mac_out *out = io->out[0];

    for (int32_t x = 0; x < p->out_w; x++, out += p->out_c) {
        struct block b = {filters, 0, 0, 0};
        for (; b.in_channel < p->in_c; b.in_channel += p->filter_c) {
            for (const int32_t end = b.o + group_filters; b.o < end; b.o += b.count) {
                b.count = mote_min(end - b.o, MAC_FILTERS);
                make_outputs(p, io->in, &b, x * p->stride_w - p->pad_w, out + b.o);
                b.filter += b.count * filter_size;
            }
        }
    }
}
