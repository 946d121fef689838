/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8, for Cortex-M0. Weights: packed.h.
 *
 * One channel at a time: the scratch memory takes its three rows, widened, column by column, so that all that an output
 * needs is at constant distances and borders are nothing special. A MAC is two loads of 2 cycles, a product and a sum.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__thumb__)

#include <stddef.h>

#include "../fixed.h"
#include "../packed.h"
#include "finish.h"

/* One channel of one row, a word every third word, outside of the image too. */
static void copy_row(const struct mote_depthwise_packed *p, const int8_t *row, int32_t channel, int32_t *to)
{
    const int32_t count = (p->out_w - 1) * p->stride_w + 3, step = p->channels, zero = p->in_zero;
    const int32_t end = row == NULL ? 0 : mote_min(p->in_w + p->pad_w, count);
    int32_t x = 0;
    for (; x < mote_min(p->pad_w, end); x++, to += 3) {
        *to = zero;
    }
    if (x < end) {
        row += channel;
        for (; x < end; x++, to += 3, row += step) {
            *to = *row;
        }
    }
    for (; x < count; x++, to += 3) {
        *to = zero;
    }
}

/* Weights as columns, from the stream's bytes. */
static void widen_weights(const uint32_t *from, int32_t to[9])
{
    static const uint8_t place[9] = {0, 2, 5, 1, 3, 7, 4, 6, 8};
    for (int32_t i = 0; i < 9; i++) {
        to[i] = ((const int8_t *)from)[place[i]];
    }
}

void mote_depthwise_s8__arm_v6m(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_packed *p = params;
    const uint32_t *from = p->stream;
    for (int32_t channel = 0; channel < p->channels; channel++, from += 5) {
        int32_t w[9];
        widen_weights(from, w);
        for (int32_t y = 0; y < 3; y++) {
            copy_row(p, io->in[y], channel, (int32_t *)io->scratch + y);
        }
        const struct mote_factor f = mote_split_factor(from[4], from[2] >> 8 & 0xFF, p->out_zero);
        const int32_t *c = io->scratch;
        int8_t *out = (int8_t *)io->out[0] + channel;
        for (int32_t x = 0; x < p->out_w; x++, c += 3 * p->stride_w, out += p->channels) {
            const int32_t sum = (int32_t)from[3] + c[0] * w[0] + c[1] * w[1] + c[2] * w[2] + c[3] * w[3] + c[4] * w[4] +
                                c[5] * w[5] + c[6] * w[6] + c[7] * w[7] + c[8] * w[8];
            *out = mote_to_output(&f, p->finish, p->low, p->high, sum);
        }
    }
}

#endif
