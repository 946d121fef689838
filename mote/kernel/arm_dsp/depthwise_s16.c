/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of any size, stride and dilation, int16 activations, int8 weights, for Cortex-M with the
 * DSP extension. Weights: packed.h.
 *
 * The pixels under the taps are listed in the scratch memory, as depthwise_taps_s8.c does; what lies outside of the image
 * is a pixel of zeros. Then four channels at a time go over the list by pairs of taps.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel for int16.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stddef.h>
#include <string.h>

#include "../packed.h"
#include "finish_s16.h"
#include "simd.h"

/* Lists the pixels under the taps of the window that begins at `left`, and one more, if there is an odd number. */
static void list_taps(const struct mote_depthwise_s16_packed *p, const void *const rows[], int32_t left,
                      const int16_t *outside, const int16_t **taps)
{
    const int32_t step = p->dilation_w * p->channels;
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        const int16_t *row = (const int16_t *)rows[ky];
        int32_t x = left, at = left * p->channels;
        for (int32_t kx = 0; kx < p->filter_w; kx++, x += p->dilation_w, at += step) {
            *taps++ = row != NULL && x >= 0 && x < p->in_w ? row + at : outside;
        }
    }
    *taps = outside;
}

static uint32_t load_pair(const int16_t *from) { return mote_load_word((const int8_t *)from); }

/* Two taps of four channels: 8 loads in 10 cycles, 4 PKH, 4 SXTB16, 4 SMLAD, 6 for the loop: 28 cycles for 8 MACs. Returns
 * where the weights end. */
static inline const uint32_t *add_taps(const int16_t *const *taps, const int16_t *const *end, int32_t channel,
                                       const uint32_t *weights, int32_t sum[4])
{
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (; taps < end; taps += 2, weights += 2) {
        const int16_t *one = taps[0] + channel, *other = taps[1] + channel;
        const uint32_t x = load_pair(one), y = load_pair(other);
        a = mote_smlad(mote_lower_halves(x, y), mote_sxtb16(weights[0]), a);
        b = mote_smlad(mote_upper_halves(x, y), mote_sxtb16_ror8(weights[0]), b);
        const uint32_t z = load_pair(one + 2), t = load_pair(other + 2);
        c = mote_smlad(mote_lower_halves(z, t), mote_sxtb16(weights[1]), c);
        d = mote_smlad(mote_upper_halves(z, t), mote_sxtb16_ror8(weights[1]), d);
    }
    sum[0] = a;
    sum[1] = b;
    sum[2] = c;
    sum[3] = d;
    return weights;
}

void mote_depthwise_s16__arm_dsp(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_s16_packed *p = (const struct mote_depthwise_s16_packed *)params;
    const int32_t count = p->filter_h * p->filter_w, channels = p->channels;
    const int16_t **taps = (const int16_t **)io->scratch;
    int16_t *out = (int16_t *)io->out[0];
    const int16_t *outside = (const int16_t *)memset(taps + count + 1, 0, (size_t)channels * sizeof *outside);
    for (int32_t x = 0, left = -p->pad_w; x < p->out_w; x++, left += p->stride_w, out += channels) {
        const uint32_t *weights = p->stream;
        list_taps(p, io->in, left, outside, taps);
        for (int32_t c = 0; c < channels; c += 4) {
            const int32_t first = mote_min(c, channels - 4); /* the last four with some that were done */
            int32_t sum[4];
            weights = add_taps(taps, taps + (count + 1) / 2 * 2, first, weights, sum);
            for (int32_t k = 0; k < 4; k++) {
                out[first + k] = mote_finish_s16(&p->mac, p->is_short, sum[k], first + k);
            }
        }
    }
}

#endif
