/* SPDX-License-Identifier: MIT
 *
 * RESIZE_BILINEAR, int8: weights in units of 2^-10, products of two in 2^-20; halves away from zero.
 *
 * Source: TensorFlow Lite, reference_ops::ResizeBilinearInteger.
 */
#include <stddef.h>

#include "move.h"

static const int32_t ONE = INT32_C(1) << 10, HALF = INT32_C(1) << 19;

void mote_resize_bilinear_s8(const void *params, const struct mote_io *io)
{
    const struct mote_resize_bilinear *p = params;
    const int32_t *x_weight = p->x_weight;
    const int32_t y = ((const int32_t *)p->y_weight)[io->y % p->image_rows];
    const int8_t *above = io->in[0], *below = y != 0 ? io->in[1] : above;
    int8_t *out = io->out[0];

    for (int32_t i = 0; i < p->out_w; i++, out += p->channels) {
        const int32_t x = x_weight[i];
        const int32_t w00 = (ONE - y) * (ONE - x), w01 = (ONE - y) * x, w10 = y * (ONE - x), w11 = y * x;
        const int8_t *a = above + p->column[i], *c = below + p->column[i];
        const ptrdiff_t right = x != 0 ? (ptrdiff_t)p->channels : 0;
        for (int32_t k = 0; k < p->channels; k++) {
            const int32_t sum = w00 * a[k] + w01 * a[k + right] + w10 * c[k] + w11 * c[k + right];
            out[k] = (int8_t)((sum + (sum > 0 ? HALF : -HALF)) / (2 * HALF));
        }
    }
}
