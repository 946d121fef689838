/* SPDX-License-Identifier: MIT
 *
 * RESIZE_BILINEAR, float.
 *
 * Source: TensorFlow Lite, reference_ops::ResizeBilinear.
 */
#include <stddef.h>

#include "move.h"

void mote_resize_bilinear_f32(const void *params, const struct mote_io *io)
{
    const struct mote_resize_bilinear *p = (const struct mote_resize_bilinear *)params;
    const MOTE_FLASH float *x_weight = (const MOTE_FLASH float *)p->x_weight;
    const int32_t out_w = p->out_w, channels = p->channels;
    const float y = ((const MOTE_FLASH float *)p->y_weight)[io->y % p->image_rows];
    const float *above = (const float *)io->in[0], *below = y > 0 ? (const float *)io->in[1] : above;
    float *out = (float *)io->out[0];

    for (int32_t i = 0; i < out_w; i++, out += channels) {
        const float x = x_weight[i];
        const float *a = above + p->column[i], *c = below + p->column[i];
        const float *b = x > 0 ? a + channels : a, *d = x > 0 ? c + channels : c;
        for (int32_t k = 0; k < channels; k++) {
            const float sum = a[k] * (1 - y) * (1 - x) + c[k] * y * (1 - x) + b[k] * (1 - y) * x + d[k] * y * x;
            out[k] = sum;
        }
    }
}
