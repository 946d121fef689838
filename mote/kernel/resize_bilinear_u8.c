/* SPDX-License-Identifier: MIT
 *
 * RESIZE_BILINEAR, uint8: in float, halves up, as TensorFlow Lite does it for this type.
 *
 * Source: TensorFlow Lite, reference_ops::ResizeBilinear.
 */
#include <stddef.h>

#include "move.h"

void mote_resize_bilinear_u8(const void *params, const struct mote_io *io)
{
    const struct mote_resize_bilinear *p = (const struct mote_resize_bilinear *)params;
    const MOTE_FLASH float *x_weight = (const MOTE_FLASH float *)p->x_weight;
    const int32_t out_w = p->out_w, channels = p->channels;
    const float y = ((const MOTE_FLASH float *)p->y_weight)[io->y % p->image_rows];
    const uint8_t *above = (const uint8_t *)io->in[0], *below = y > 0 ? (const uint8_t *)io->in[1] : above;
    uint8_t *out = (uint8_t *)io->out[0];

    for (int32_t i = 0; i < out_w; i++, out += channels) {
        const float x = x_weight[i];
        const uint8_t *a = above + p->column[i], *c = below + p->column[i];
        const uint8_t *b = x > 0 ? a + channels : a, *d = x > 0 ? c + channels : c;
        for (int32_t k = 0; k < channels; k++) {
            const float sum = (float)a[k] * (1 - y) * (1 - x) + (float)c[k] * y * (1 - x) + (float)b[k] * (1 - y) * x +
                              (float)d[k] * y * x;
            out[k] = (uint8_t)(sum + 0.5F);
        }
    }
}
