/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8, for Cortex-M with Helium. Weights: packed_mve.h.
 *
 * Eight channels at a time, one in each lane of 16 bits. The products of two taps are summed in 16 bits, then widened:
 * that is 4 loads, 2 VMUL, 1 VADD and 4 for widening for 16 MACs. Windows that reach out of the image are copied to the
 * scratch memory first.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__ARM_FEATURE_MVE)

#include <stdbool.h>

#include "vector.h"

enum { CHANNELS = 8, TAPS = 9 };

/* Of eight channels, every second one. */
struct sums {
    int32x4_t even, odd;
};

static inline int16x8_t multiply(const int8_t *x, const int8_t *weights)
{
    return vmulq_s16(vldrbq_s16(x), vldrbq_s16(weights));
}

static inline struct sums add_wide(struct sums s, int16x8_t products)
{
    return (struct sums){vaddq_s32(s.even, vmovlbq_s16(products)), vaddq_s32(s.odd, vmovltq_s16(products))};
}

static inline struct sums add_two(struct sums s, const int8_t *x, const int8_t *next, const int8_t *weights)
{
    return add_wide(s, vaddq_s16(multiply(x, weights), multiply(next, weights + CHANNELS)));
}

/* Eight channels of one pixel. `step`: bytes from pixel to pixel. */
static inline int16x8_t make_block(const struct mote_finish_mve *f, const int8_t *const lines[3], int32_t step,
                                   const uint32_t *stream)
{
    const int8_t *top = lines[0], *middle = lines[1], *bottom = lines[2];
    const int8_t *w = (const int8_t *)(stream + CHANNELS);
    struct sums s = {vldrwq_s32((const int32_t *)stream), vldrwq_s32((const int32_t *)stream + 4)};
    s = add_two(s, top, top + step, w);
    s = add_two(s, top + 2 * step, middle, w + 2 * CHANNELS);
    s = add_two(s, middle + step, middle + 2 * step, w + 4 * CHANNELS);
    s = add_two(s, bottom, bottom + step, w + 6 * CHANNELS);
    s = add_wide(s, multiply(bottom + 2 * step, w + 8 * CHANNELS));
    const int32_t *factors = (const int32_t *)(w + TAPS * CHANNELS);
    return finish_pair(f, s.even, load_factors(factors), s.odd, load_factors(factors + 8));
}

/* All channels of one pixel. */
static void make_pixel(const struct mote_depthwise_mve *p, const int8_t *top, const int8_t *middle, const int8_t *bottom,
                       int8_t *out)
{
    const struct mote_finish_mve finish = p->finish;
    const uint32_t *stream = p->stream;
    for (int32_t channel = 0; channel < p->channels; channel += CHANNELS) {
        const int32_t c = mote_min(channel, p->channels - CHANNELS);
        const int8_t *const lines[3] = {top + c, middle + c, bottom + c};
        vstrbq_s16(out + c, make_block(&finish, lines, p->channels, stream));
        stream += CHANNELS + TAPS * CHANNELS / 4 + 2 * CHANNELS;
    }
}

void mote_depthwise_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_mve *p = params;
    const int32_t line = 3 * p->channels;
    const bool has_rows = io->in[0] != NULL && io->in[1] != NULL && io->in[2] != NULL;
    int8_t *out = io->out[0];
    int32_t left = -p->pad_w;
    for (int32_t x = 0; x < p->out_w; x++, out += p->channels, left += p->stride_w) {
        if (has_rows && left >= 0 && left + 3 <= p->in_w) {
            const int32_t start = left * p->channels;
            make_pixel(p, (const int8_t *)io->in[0] + start, (const int8_t *)io->in[1] + start,
                       (const int8_t *)io->in[2] + start, out);
        } else {
            int8_t *window = io->scratch;
            for (int32_t ky = 0; ky < 3; ky++) {
                copy_line(io->in[ky], p->in_w, p->channels, left, 3, p->in_zero, window + ky * line);
            }
            make_pixel(p, window, window + line, window + 2 * line, out);
        }
    }
}

#endif
