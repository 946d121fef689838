/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of any size, stride and dilation, int8, for Cortex-M with the DSP extension. Weights:
 * packed.h.
 *
 * For each output pixel the addresses of the pixels under its taps are listed in the scratch memory, so that borders are
 * nothing special: what lies outside is a pixel of zero points. Then four channels at a time go over the list by pairs of
 * taps.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdbool.h>
#include <stddef.h>

#include "../fixed.h"
#include "../packed.h"
#include "simd.h"

/* Lists the pixels under the taps of the window that begins at `left`; the last one twice, if there is an odd number. */
static void list_taps(const struct mote_depthwise_taps *p, const void *const rows[], int32_t left,
                      const int8_t *outside, const int8_t **taps)
{
    const int32_t step = p->dilation_w * p->channels;
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        const int8_t *row = (const int8_t *)rows[ky];
        int32_t x = left, at = left * p->channels;
        for (int32_t kx = 0; kx < p->filter_w; kx++, x += p->dilation_w, at += step) {
            *taps++ = row != NULL && x >= 0 && x < p->in_w ? row + at : outside;
        }
    }
    *taps = outside;
}

/* Two taps of four channels: loads 6 words in 8 cycles; 8 SXTB16, 4 PKH, 4 SMLAD; 6 for the loop: 30 cycles for 8 MACs.
 * The sums of channels 0 to 3, which begin as biases. Returns where the weights end. */
static inline const uint32_t *add_taps(const int8_t *const *taps, const int8_t *const *end, int32_t channel,
                                       const uint32_t *weights, int32_t sum[4])
{
    int32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];
    for (; taps < end; taps += 2, weights += 2) {
        const uint32_t x = mote_load_word(taps[0] + channel), y = mote_load_word(taps[1] + channel);
        const uint32_t ab = weights[0], cd = weights[1];
        const uint32_t x02 = mote_sxtb16(x), y02 = mote_sxtb16(y);
        const uint32_t x13 = mote_sxtb16_ror8(x), y13 = mote_sxtb16_ror8(y);
        a = mote_smlad(mote_lower_halves(x02, y02), mote_sxtb16(ab), a);
        b = mote_smlad(mote_lower_halves(x13, y13), mote_sxtb16_ror8(ab), b);
        c = mote_smlad(mote_upper_halves(x02, y02), mote_sxtb16(cd), c);
        d = mote_smlad(mote_upper_halves(x13, y13), mote_sxtb16_ror8(cd), d);
    }
    sum[0] = a;
    sum[1] = b;
    sum[2] = c;
    sum[3] = d;
    return weights;
}

/* Four outputs: the multiplication by a factor, the shift with the zero point in its rounding, the limits. */
static inline void finish(const struct mote_depthwise_taps *p, const uint32_t *factors, const int32_t sum[4],
                          int8_t *out)
{
    for (int32_t k = 0; k < 4; k++, factors += 2) {
        const int32_t y = mote_smmlar(sum[k], (int32_t)factors[0]), right = (int32_t)factors[1];
        const int32_t half = (2 * p->out_zero + 1) * (INT32_C(1) << (right - 1));
        out[k] = (int8_t)mote_clamp((y + (y >> 31) + half) >> right, p->low, p->high);
    }
}

void mote_depthwise_taps_s8__arm_dsp(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_taps *p = (const struct mote_depthwise_taps *)params;
    const int32_t pairs = (p->filter_h * p->filter_w + 1) / 2, channels = p->channels;
    const int8_t **taps = (const int8_t **)io->scratch;
    int8_t *outside = (int8_t *)(taps + p->filter_h * p->filter_w + 1), *out = (int8_t *)io->out[0];
    for (int32_t i = 0; i < channels; i++) {
        outside[i] = (int8_t)p->in_zero;
    }
    for (int32_t x = 0, left = -p->pad_w; x < p->out_w; x++, left += p->stride_w, out += channels) {
        const uint32_t *stream = p->stream;
        list_taps(p, io->in, left, outside, taps);
        for (int32_t c = 0; c < channels; c += 4, stream += 8) {
            const int32_t first = mote_min(c, channels - 4); /* the last four with some that were done */
            int32_t sum[4] = {(int32_t)stream[0], (int32_t)stream[1], (int32_t)stream[2], (int32_t)stream[3]};
            stream = add_taps(taps, taps + 2 * pairs, first, stream + 4, sum);
            finish(p, stream, sum, out + first);
        }
    }
}

#endif
