/* SPDX-License-Identifier: MIT
 *
 * CONV_3D, float: taps and channels of the filter are added in their order.
 */
#include <stddef.h>

#include "conv3d.h"
#include "real.h"

/* Sum over the taps of one slice of the filter for the output channels at one place. */
static void add_slice(const struct mote_conv3d *p, const float *in, const MOTE_FLASH float *filter, int32_t y,
                      int32_t x, float *sum)
{
    for (int32_t ky = 0; ky < p->h.filter; ky++) {
        const int32_t iy = y * p->h.stride - p->h.pad + ky * p->h.dilation;
        for (int32_t kx = 0; kx < p->w.filter; kx++, filter += (ptrdiff_t)p->in_c * p->out_c) {
            const int32_t ix = x * p->w.stride - p->w.pad + kx * p->w.dilation;
            if (iy < 0 || iy >= p->h.in || ix < 0 || ix >= p->w.in) {
                continue;
            }
            const float *pixel = in + ((ptrdiff_t)iy * p->w.in + ix) * p->in_c;
            for (int32_t i = 0; i < p->in_c; i++) {
                for (int32_t o = 0; o < p->out_c; o++) {
                    sum[o] += pixel[i] * filter[(ptrdiff_t)i * p->out_c + o];
                }
            }
        }
    }
}

void mote_conv3d_f32(const void *params, const struct mote_io *io)
{
    const struct mote_conv3d *p = (const struct mote_conv3d *)params;
    const ptrdiff_t slice = (ptrdiff_t)(p->h.filter * p->w.filter * p->in_c * p->out_c);
    float *out = (float *)io->out[0];
    for (int32_t y = 0; y < p->h.out; y++) {
        for (int32_t x = 0; x < p->w.out; x++, out += p->out_c) {
            for (int32_t o = 0; o < p->out_c; o++) {
                out[o] = 0;
            }
            for (int32_t d = 0; d < p->filter_d; d++) {
                if (io->in[d] != NULL) {
                    add_slice(p, (const float *)io->in[d], p->filter + d * slice, y, x, out);
                }
            }
            for (int32_t o = 0; o < p->out_c; o++) {
                out[o] = mote_fclamp(out[o] + (p->bias != NULL ? p->bias[o] : 0), p->low, p->high);
            }
        }
    }
}
