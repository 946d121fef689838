/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of float and DEQUANTIZE. KERNEL: the name of the kernel; IN, OUT: the types; CONVERT(x, scale, zero_point).
 */
#include "convert.h"

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_affine *p = (const struct mote_affine *)params;
    const IN *in = (const IN *)io->in[0];
    OUT *out = (OUT *)io->out[0];
    const int32_t inner = p->inner;
    for (int32_t done = 0; done < p->n;) {
        for (int32_t c = 0; c < p->channels; c++, done += inner, in += inner, out += inner) {
            const float scale = p->scale[c];
            const int32_t zero_point = p->zero_point[c];
            for (int32_t i = 0; i < inner; i++) {
                out[i] = CONVERT(in[i], scale, zero_point);
            }
        }
    }
}
