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

/* What is outside of the image, the same for all channels. */
static void clear_columns(const struct mote_depthwise_packed *p, int32_t *to)
{
    const int32_t count = 3 * ((p->out_w - 1) * p->stride_w + 3);
    for (int32_t i = 0; i < count; i++) {
        to[i] = p->in_zero;
    }
}

/* One channel of the columns in the image: a word every third word. */
static void copy_row(const int8_t *from, int32_t count, int32_t step, int32_t *to)
{
    for (; count > 0; count--, to += 3, from += step) {
        *to = *from;
    }
}

/* Weights as columns, from the stream's bytes. */
static inline void widen_weights(const uint32_t *from, int32_t to[9])
{
    const int8_t *w = (const int8_t *)from;
    to[0] = w[0];
    to[1] = w[2];
    to[2] = w[5];
    to[3] = w[1];
    to[4] = w[3];
    to[5] = w[7];
    to[6] = w[4];
    to[7] = w[6];
    to[8] = w[8];
}

void mote_depthwise_s8__arm_v6m(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_packed *p = params;
    const uint32_t *from = p->stream;
    const int32_t inside = mote_min(p->in_w, (p->out_w - 1) * p->stride_w + 3 - p->pad_w);
    clear_columns(p, io->scratch);
    for (int32_t channel = 0; channel < p->channels; channel++, from += 5) {
        int32_t w[9];
        widen_weights(from, w);
        for (int32_t y = 0; y < 3; y++) {
            if (io->in[y] != NULL) {
                copy_row((const int8_t *)io->in[y] + channel, inside, p->channels, (int32_t *)io->scratch + 3 * p->pad_w + y);
            }
        }
        const struct mote_factor f = mote_split_factor(from[4], from[2] >> 8 & 0xFF, p->out_zero);
        const int32_t *c = io->scratch;
        int8_t *out = (int8_t *)io->out[0] + channel;
        for (int32_t x = 0; x < p->out_w; x++, c += 3 * p->stride_w, out += p->channels) {
            const int32_t sum = (int32_t)from[3] + c[0] * w[0] + c[1] * w[1] + c[2] * w[2] + c[3] * w[3] + c[4] * w[4] +
                                c[5] * w[5] + c[6] * w[6] + c[7] * w[7] + c[8] * w[8];
            *out = mote_to_output(&f, p->low, p->high, sum);
        }
    }
}

#endif
