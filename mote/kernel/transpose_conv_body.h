/* SPDX-License-Identifier: MIT
 *
 * The loops of TRANSPOSE_CONV: each output gathers its products, so that it is rounded as it is made. Input
 * i reaches output i * stride - pad + k through tap k, so output v gets tap k = v + pad - i * stride of input i: every
 * stride-th tap, from the last to the first.
 * KERNEL: the name of the kernel; mac_*.h of its types is included before.
 */
#include "conv.h"

/* The taps that reach one output along one axis: tap, tap - stride, ... of inputs in, in + 1, ... */
struct reach {
    int32_t tap; /* negative: there are none */
    int32_t in;
};

/* `at`: the output's coordinate plus the padding. */
static struct reach find_reach(int32_t at, int32_t taps, int32_t stride)
{
    const int32_t low = at % stride;
    const int32_t tap = low < taps ? low + (taps - 1 - low) / stride * stride : -1;
    return (struct reach){tap, (at - tap) / stride};
}

/* One row of the window. `in`: the row; `weight`: the filters' taps of this row. */
static void add_row(const struct mote_transpose_conv *p, const mac_in *in, const MOTE_FLASH mac_weight *weight,
                    struct reach r, int32_t count, mac_sum sum[])
{
    const int32_t filter_size = p->filter_h * p->filter_w * p->in_c;
    for (; r.tap >= 0 && r.in < p->in_w; r.tap -= p->stride_w, r.in++) {
        if (r.in >= 0) {
            mac_dot(&p->mac, in + r.in * p->in_c, weight + r.tap * p->in_c, filter_size, p->in_c, count, sum);
        }
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_transpose_conv *p = (const struct mote_transpose_conv *)params;
    const MOTE_FLASH mac_weight *filters = p->filter != NULL
                                               ? (const MOTE_FLASH mac_weight *)p->filter
                                               : (const MOTE_FLASH mac_weight *)(uintptr_t)io->in[p->rows];
    const int32_t filter_row = p->filter_w * p->in_c;
    const struct reach down = find_reach(io->y % p->out_h + p->pad_h, p->filter_h, p->stride_h);
    mac_out *out = (mac_out *)io->out[0];

    for (int32_t x = 0; x < p->out_w; x++) {
        const struct reach right = find_reach(x + p->pad_w, p->filter_w, p->stride_w);
        for (int32_t o = 0, count; o < p->out_c; o += count) {
            mac_sum sum[MAC_FILTERS] = {0};
            count = mote_min(p->out_c - o, MAC_FILTERS);
            for (int32_t k = 0, ky = down.tap; ky >= 0; k++, ky -= p->stride_h) {
                if (io->in[k] != NULL) {
                    add_row(p, (const mac_in *)io->in[k], filters + (o * p->filter_h + ky) * filter_row, right, count,
                            sum);
                }
            }
            for (int32_t k = 0; k < count; k++) {
                *out++ = mac_finish(&p->mac, sum[k], o + k);
            }
        }
    }
}
