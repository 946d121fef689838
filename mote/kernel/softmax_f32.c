/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX, float32.
 */
#include "real.h"
#include "softmax.h"

void mote_softmax_f32(const void *params, const struct mote_io *io)
{
    const struct mote_softmax *p = (const struct mote_softmax *)params;
    const float *in = (const float *)io->in[0];
    float *out = (float *)io->out[0];
    for (int32_t v = 0; v < p->count; v++, in += p->depth, out += p->depth) {
        float max = in[0];
        for (int32_t i = 1; i < p->depth; i++) {
            max = mote_fmax(max, in[i]);
        }
        float sum = 0;
        for (int32_t i = 0; i < p->depth; i++) {
            out[i] = mote_exp((in[i] - max) * p->beta);
            sum += out[i];
        }
        const float scale = 1.0F / sum;
        for (int32_t i = 0; i < p->depth; i++) {
            out[i] *= scale;
        }
    }
}
