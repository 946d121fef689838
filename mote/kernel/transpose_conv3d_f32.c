/* SPDX-License-Identifier: MIT
 *
 * CONV_3D_TRANSPOSE, float.
 */
#include <stddef.h>
#include <string.h>

#include "conv3d.h"
#include "real.h"

/* What the pixels of an input slice add to an output slice through one slice of the filter. */
static void add_slice(const struct mote_conv3d *p, const float *in, const MOTE_FLASH float *filter, float *out)
{
    for (int32_t at = 0; at < p->h.in * p->w.in; at++, in += p->in_c) {
        const int32_t top = at / p->w.in * p->h.stride - p->h.pad, left = at % p->w.in * p->w.stride - p->w.pad;
        for (int32_t k = 0; k < p->h.filter * p->w.filter; k++) {
            const int32_t y = top + k / p->w.filter * p->h.dilation, x = left + k % p->w.filter * p->w.dilation;
            if (y < 0 || y >= p->h.out || x < 0 || x >= p->w.out) {
                continue;
            }
            float *to = out + ((ptrdiff_t)y * p->w.out + x) * p->out_c;
            const MOTE_FLASH float *tap = filter + (ptrdiff_t)k * p->out_c * p->in_c;
            for (int32_t o = 0; o < p->out_c; o++, tap += p->in_c) {
                for (int32_t i = 0; i < p->in_c; i++) {
                    to[o] += in[i] * tap[i];
                }
            }
        }
    }
}

void mote_transpose_conv3d_f32(const void *params, const struct mote_io *io)
{
    const struct mote_conv3d *p = (const struct mote_conv3d *)params;
    const ptrdiff_t slice = (ptrdiff_t)(p->h.filter * p->w.filter * p->in_c * p->out_c);
    float *out = (float *)io->out[0];
    const int32_t pixels = p->h.out * p->w.out;
    /* The first input slice that can reach slice z of the image is the one whose last tap does, or comes after it. */
    const int32_t reach = io->y % p->out_d + p->pad_d - p->filter_d + 1;
    const int32_t first = reach >= 0 ? (reach + p->stride_d - 1) / p->stride_d : -(-reach / p->stride_d);
    memset(out, 0, (size_t)pixels * (size_t)p->out_c * sizeof *out);
    for (int32_t r = 0; r < p->rows; r++) {
        const int32_t tap = io->y % p->out_d + p->pad_d - (first + r) * p->stride_d;
        if (io->in[r] != NULL && tap >= 0) {
            add_slice(p, (const float *)io->in[r], p->filter + tap * slice, out);
        }
    }
    for (int32_t i = 0; i < pixels; i++, out += p->out_c) {
        for (int32_t o = 0; o < p->out_c; o++) {
            out[o] = mote_fclamp(out[o] + (p->bias != NULL ? p->bias[o] : 0), p->low, p->high);
        }
    }
}
