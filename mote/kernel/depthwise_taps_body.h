/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of any size, int8, for cores without the DSP extension. KERNEL: the kernel's name.
 * Weights: packed.h.
 *
 * For each output pixel the addresses of the pixels under its taps are listed in the scratch memory, so that borders are
 * nothing special: what lies outside is a pixel of zero points. Then four channels at a time go over the list.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#include <stddef.h>
#include <string.h>

#include "fixed.h"
#include "packed.h"

/* Lists the pixels under the taps of the window that begins at `left`; one more, if their number is odd. */
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

/* Two taps of four channels. The sums begin as biases. Returns where the weights end. */
static inline const int8_t *add_taps(const int8_t *const *taps, const int8_t *const *end, int32_t channel,
                                     const int8_t *w, int32_t sum[4])
{
    int32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];
    for (; taps < end; taps += 2, w += 8) {
        const int8_t *x = taps[0] + channel;
        a += x[0] * w[0];
        b += x[1] * w[1];
        c += x[2] * w[4];
        d += x[3] * w[5];
        x = taps[1] + channel;
        a += x[0] * w[2];
        b += x[1] * w[3];
        c += x[2] * w[6];
        d += x[3] * w[7];
    }
    sum[0] = a;
    sum[1] = b;
    sum[2] = c;
    sum[3] = d;
    return w;
}

/* Four outputs: the multiplication by a factor, the shift with the zero point in its rounding, the limits. */
static inline void finish(const struct mote_depthwise_taps *p, const uint32_t *factors, const int32_t sum[4],
                          int8_t *out)
{
    for (int32_t k = 0; k < 4; k++, factors += 2) {
        const int32_t multiplier = (int32_t)(factors[0] >> 1 | UINT32_C(1) << 30), right = (int32_t)factors[1];
        const int32_t y = mote_mul_q31(sum[k], multiplier);
        const int32_t half = (2 * p->out_zero + 1) * (INT32_C(1) << (right - 1));
        out[k] = (int8_t)mote_clamp((y + (y >> 31) + half) >> right, p->low, p->high);
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_taps *p = (const struct mote_depthwise_taps *)params;
    const int32_t pairs = (p->filter_h * p->filter_w + 1) / 2, channels = p->channels;
    const int8_t **taps = (const int8_t **)io->scratch;
    int8_t *outside = (int8_t *)memset(taps + p->filter_h * p->filter_w + 1, p->in_zero, (size_t)channels),
           *out = (int8_t *)io->out[0];
    for (int32_t x = 0, left = -p->pad_w; x < p->out_w; x++, left += p->stride_w, out += channels) {
        const uint32_t *stream = p->stream;
        list_taps(p, io->in, left, outside, taps);
        for (int32_t c = 0; c < channels; c += 4, stream += 8) {
            const int32_t first = mote_min(c, channels - 4); /* the last four with some that were done */
            int32_t sum[4] = {(int32_t)stream[0], (int32_t)stream[1], (int32_t)stream[2], (int32_t)stream[3]};
            stream = (const uint32_t *)(const void *)add_taps(taps, taps + 2 * pairs, first,
                                                              (const int8_t *)(stream + 4), sum);
            finish(p, stream, sum, out + first);
        }
    }
}
