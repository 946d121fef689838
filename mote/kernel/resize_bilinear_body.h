/* SPDX-License-Identifier: MIT
 *
 * RESIZE_BILINEAR for integers: weights in units of 2^-10, so products of two in 2^-20; halves away from zero.
 * BODY_TYPE: of the values; BODY_SUM: holds them times 2^20, and twice that; BODY_NAME: of the kernel.
 *
 * Source: TensorFlow Lite, reference_ops::ResizeBilinearInteger.
 */
#include <stddef.h>

#include "move.h"

void BODY_NAME(const void *params, const struct mote_io *io)
{
    const struct mote_resize_bilinear *p = (const struct mote_resize_bilinear *)params;
    const MOTE_FLASH int32_t *x_weight = (const MOTE_FLASH int32_t *)p->x_weight;
    const int32_t one = INT32_C(1) << 10, half = INT32_C(1) << 19;
    const int32_t out_w = p->out_w, channels = p->channels;
    const int32_t y = ((const MOTE_FLASH int32_t *)p->y_weight)[io->y % p->image_rows];
    const BODY_TYPE *above = (const BODY_TYPE *)io->in[0], *below = y != 0 ? (const BODY_TYPE *)io->in[1] : above;
    BODY_TYPE *out = (BODY_TYPE *)io->out[0];

    for (int32_t i = 0; i < out_w; i++, out += channels) {
        const int32_t x = x_weight[i];
        const BODY_SUM w00 = (one - y) * (one - x), w01 = (one - y) * x, w10 = y * (one - x), w11 = y * x;
        const BODY_TYPE *a = above + p->column[i], *c = below + p->column[i];
        const BODY_TYPE *b = x != 0 ? a + channels : a, *d = x != 0 ? c + channels : c;
        for (int32_t k = 0; k < channels; k++) {
            const BODY_SUM sum = w00 * a[k] + w01 * b[k] + w10 * c[k] + w11 * d[k];
            out[k] = (BODY_TYPE)((sum + half - (sum <= 0)) >> 20);
        }
    }
}
