/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D, int8 activations and weights, for AVR. Filters lie channel by channel, [out_c, filter_h, filter_w]; the
 * bias has the input's zero point folded in, so what lies outside of the image is the zero point.
 *
 * Precondition: filters of at most 255 weights.
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#ifdef __AVR__

#include <stddef.h>

#include "../conv.h"
#include "dot.h"
#include "finish.h"

enum { CHANNELS = 8 }; /* gathered at once, filter by filter: scratch memory is CHANNELS * taps bytes */

/* The inputs of tap `to` in channels c .. c + count - 1. */
static void copy_tap(const struct mote_depthwise *p, const int8_t *pixel, uint8_t count, uint8_t taps, int8_t *to)
{
    for (uint8_t k = 0; k < count; k++, to += taps) {
        *to = pixel != NULL ? *pixel++ : (int8_t)-p->mac.in_offset;
    }
}

static void copy_windows(const struct mote_depthwise *p, const struct mote_io *io, int32_t left, int32_t c,
                         uint8_t count, uint8_t taps)
{
    int8_t *to = (int8_t *)io->scratch;
    for (uint8_t ky = 0; ky < (uint8_t)p->filter_h; ky++) {
        const int8_t *row = (const int8_t *)io->in[ky];
        int32_t at = left;
        for (uint8_t kx = 0; kx < (uint8_t)p->filter_w; kx++, at += p->dilation_w) {
            const int8_t *pixel = row != NULL && at >= 0 && at < p->in_w ? row + (size_t)(at * p->in_c + c) : NULL;
            copy_tap(p, pixel, count, taps, to++);
        }
    }
}

void mote_depthwise_s8__avr(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise *p = (const struct mote_depthwise *)params;
    const uint8_t taps = (uint8_t)(p->filter_h * p->filter_w);
    int8_t *out = (int8_t *)io->out[0];
    for (int32_t x = 0; x < p->out_w; x++) {
        const MOTE_FLASH int8_t *filter = (const MOTE_FLASH int8_t *)p->filter;
        size_t o = 0;
        for (int32_t c = 0; c < p->in_c; c += CHANNELS) {
            const uint8_t count = (uint8_t)mote_min(p->in_c - c, CHANNELS);
            const int8_t *window = (const int8_t *)io->scratch;
            copy_windows(p, io, x * p->stride_w - p->pad_w, c, count, taps);
            for (uint8_t k = 0; k < count; k++, window += taps) {
                for (int32_t m = 0; m < p->multiplier; m++, o++, filter += taps) {
                    *out++ = mote_finish_s8(&p->mac, mote_dot_s8(window, filter, taps, 0), o);
                }
            }
        }
    }
}

#endif
