/* SPDX-License-Identifier: MIT
 *
 * L2_NORMALIZATION, float32.
 */
#include "real.h"
#include "softmax.h"

void mote_l2_norm_f32(const void *params, const struct mote_io *io)
{
    const struct mote_l2_norm *p = (const struct mote_l2_norm *)params;
    const float *in = (const float *)io->in[0];
    float *out = (float *)io->out[0];
    for (int32_t v = 0; v < p->count; v++, in += p->depth, out += p->depth) {
        float sum = 0;
        for (int32_t i = 0; i < p->depth; i++) {
            sum += in[i] * in[i];
        }
        const float scale = 1.0F / mote_fmax(mote_sqrt(sum), 1e-6F);
        for (int32_t i = 0; i < p->depth; i++) {
            out[i] = in[i] * scale;
        }
    }
}
