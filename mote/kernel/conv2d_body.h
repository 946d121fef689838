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

/* The sums of one pixel of the output in the channels of `b`, over the window's rows ky .. end - 1. The window begins at
 * input column `left`. */
static void add_rows(const struct mote_conv2d *p, const void *const rows[], const struct block *b, int32_t left,
                     int32_t ky, int32_t end, mac_sum sum[])
{
    const int32_t first = left < 0 ? (-left + p->dilation_w - 1) / p->dilation_w : 0;
    const int32_t last = mote_min(p->filter_w, (p->in_w - left + p->dilation_w - 1) / p->dilation_w);
    const int32_t start = (left + first * p->dilation_w) * p->in_c + b->in_channel;
    for (; ky < end; ky++, rows++) {
        if (*rows != NULL && first < last) {
            const mac_weight *weight = b->filter + (ky * p->filter_w + first) * p->filter_c;
            add_row(p, (const mac_in *)*rows + start, weight, last - first, b->count, sum);
        }
    }
}

static void finish(const struct mote_conv2d *p, const struct block *b, const mac_sum sum[], mac_out *out)
{
    for (int32_t k = 0; k < b->count; k++) {
        out[k] = mac_finish(&p->mac, sum[k], b->o + k);
    }
}

/* One pixel of the output, in the channels of `b`. */
static void make_outputs(const struct mote_conv2d *p, const struct mote_io *io, const struct block *b, int32_t x,
                         mac_out *out)
{
    const int32_t left = x * p->stride_w - p->pad_w;
    if (p->folded == 0) {
        mac_sum sum[MAC_FILTERS] = {0};
        add_rows(p, io->in, b, left, 0, p->filter_h, sum);
        finish(p, b, sum, out);
        return;
    }
    mac_sum *sum = (mac_sum *)io->out[1] + x * p->out_c + b->o;
    for (int32_t k = 0; k < b->count && io->y == 0; k++) {
        sum[k] = 0;
    }
    add_rows(p, io->in, b, left, p->fold_first + io->y, p->fold_first + io->y + 1, sum);
    if (io->y == p->folded - 1) {
        finish(p, b, sum, out);
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
                make_outputs(p, io, &b, x, out + b.o);
                b.filter += b.count * filter_size;
            }
        }
    }
}
