/* SPDX-License-Identifier: MIT
 *
 * CONV_2D, int8 activations and weights, int32 sums, a multiplier for each filter.
 *
 * Precondition: filter_h * filter_w * filter_c * 255 * 128 + |bias| < 2^31.
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#include <stddef.h>

#include "conv.h"
#include "fixed.h"

/* Taps of one filter on one row of the window: kx from `first` to `last`. */
static int32_t dot_row(const struct mote_conv2d *p, const int8_t *in, const int8_t *filter, int32_t first, int32_t last)
{
    int32_t sum = 0;
    for (int32_t kx = first; kx < last; kx++) {
        const int8_t *pixel = in + (ptrdiff_t)kx * p->dilation_w * p->in_c;
        const int8_t *tap = filter + (ptrdiff_t)kx * p->filter_c;
        for (int32_t i = 0; i < p->filter_c; i++) {
            sum += (pixel[i] + p->in_offset) * tap[i];
        }
    }
    return sum;
}

void mote_conv2d_s8(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d *p = params;
    const int8_t *filters = p->filter;
    const int32_t *bias = p->bias;
    int8_t *out = io->out[0];
    const int32_t group_filters = p->out_c / (p->in_c / p->filter_c);
    const int32_t filter_row = p->filter_w * p->filter_c;

    for (int32_t x = 0; x < p->out_w; x++) {
        const int32_t left = x * p->stride_w - p->pad_w;
        const int32_t first = left < 0 ? (-left + p->dilation_w - 1) / p->dilation_w : 0;
        const int32_t last = mote_min(p->filter_w, (p->in_w - left + p->dilation_w - 1) / p->dilation_w);
        for (int32_t o = 0; o < p->out_c; o++) {
            const int32_t group = o / group_filters;
            const int8_t *filter = filters + (ptrdiff_t)o * p->filter_h * filter_row;
            int32_t sum = bias != NULL ? bias[o] : 0;
            for (int32_t ky = 0; ky < p->filter_h; ky++) {
                const int8_t *row = io->in[ky];
                if (row != NULL) {
                    const ptrdiff_t start = (ptrdiff_t)(left * p->in_c + group * p->filter_c);
                    sum += dot_row(p, row + start, filter + (ptrdiff_t)ky * filter_row, first, last);
                }
            }
            sum = mote_requant(sum, p->multiplier[o], p->shift[o]) + p->out_offset;
            *out++ = (int8_t)mote_clamp(sum, p->low, p->high);
        }
    }
}
