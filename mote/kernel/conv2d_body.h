/* SPDX-License-Identifier: MIT
 *
 * The loops of CONV_2D. KERNEL: the name of the kernel; mac_*.h of its types is included before.
 */
#include "conv.h"

/* The filters of one group that make output channels o .. o + count - 1. */
struct block {
    const MOTE_FLASH mac_weight *filter;
    int32_t o, count, in_channel; /* in_channel: the group's first */
};

/* One row of the window: `taps` columns of inputs and weights from `in` and `weight` on. */
static void add_row(const struct mote_conv2d *p, const mac_in *in, const MOTE_FLASH mac_weight *weight, int32_t taps,
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

/* The sums of one pixel of the output in the channels of `b`, over the window's rows ky .. end - 1. */
static void add_rows(const struct mote_conv2d *p, const void *const rows[], const struct block *b, struct mote_taps t,
                     int32_t ky, int32_t end, mac_sum sum[])
{
    const int32_t start = (t.left + t.first * p->dilation_w) * p->in_c + b->in_channel;
    for (; ky < end && t.first < t.last; ky++, rows++) {
        if (*rows != NULL) {
            const MOTE_FLASH mac_weight *weight = b->filter + (ky * p->filter_w + t.first) * p->filter_c;
            add_row(p, (const mac_in *)*rows + start, weight, t.last - t.first, b->count, sum);
        }
    }
}

static void finish(const struct mote_conv2d *p, const struct block *b, const mac_sum sum[], mac_out *out)
{
    for (int32_t k = 0; k < b->count; k++) {
        out[k] = mac_finish(&p->mac, sum[k], b->o + k);
    }
}

/* Pixel x of the output, with taps `t`, in the channels of `b`. */
static void make_outputs(const struct mote_conv2d *p, const struct mote_io *io, const struct block *b, int32_t x,
                         struct mote_taps t, mac_out *out)
{
    if (p->folded == 0) {
        mac_sum sum[MAC_FILTERS] = {0};
        add_rows(p, io->in, b, t, 0, p->filter_h, sum);
        finish(p, b, sum, out);
        return;
    }
    mac_sum *sum = (mac_sum *)io->out[1] + x * p->out_c + b->o;
    for (int32_t k = 0; k < b->count && io->y == 0; k++) {
        sum[k] = 0;
    }
    add_rows(p, io->in, b, t, p->fold_first + io->y, p->fold_first + io->y + 1, sum);
    if (io->y == p->folded - 1) {
        finish(p, b, sum, out);
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d *p = (const struct mote_conv2d *)params;
    const MOTE_FLASH mac_weight *filters = p->filter != NULL
                                               ? (const MOTE_FLASH mac_weight *)p->filter
                                               : (const MOTE_FLASH mac_weight *)(uintptr_t)io->in[p->filter_h];
    const int32_t filter_size = p->filter_h * p->filter_w * p->filter_c;
    const int32_t group_filters = p->out_c / (p->in_c / p->filter_c);
    mac_out *out = (mac_out *)io->out[0];

    for (int32_t x = 0; x < p->out_w; x++, out += p->out_c) {
        const struct mote_taps t = mote_find_taps(x * p->stride_w - p->pad_w, p->in_w, p->filter_w, p->dilation_w);
        struct block b = {filters, 0, 0, 0};
        for (; b.in_channel < p->in_c; b.in_channel += p->filter_c) {
            for (const int32_t end = b.o + group_filters; b.o < end; b.o += b.count) {
                b.count = mote_min(end - b.o, MAC_FILTERS);
                make_outputs(p, io, &b, x, t, out + b.o);
                b.filter += b.count * filter_size;
            }
        }
    }
}
