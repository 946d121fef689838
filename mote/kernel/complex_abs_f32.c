/* SPDX-License-Identifier: MIT
 *
 * COMPLEX_ABS of complex64, two floats each.
 */
#include "real.h"
#include "unary.h"

void mote_complex_abs_f32(const void *params, const struct mote_io *io)
{
    const struct mote_unary *p = (const struct mote_unary *)params;
    const float *in = (const float *)io->in[0];
    float *out = (float *)io->out[0];
    for (int32_t i = 0; i < p->count; i++, in += 2) {
        out[i] = mote_sqrt(in[0] * in[0] + in[1] * in[1]);
    }
}
