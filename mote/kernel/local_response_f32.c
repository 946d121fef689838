/* SPDX-License-Identifier: MIT
 *
 * LOCAL_RESPONSE_NORMALIZATION, float32.
 *
 * Source: TensorFlow Lite, reference_ops::LocalResponseNormalization.
 */
#include "fixed.h"
#include "real.h"
#include "softmax.h"

void mote_local_response_f32(const void *params, const struct mote_io *io)
{
    const struct mote_local_response *p = (const struct mote_local_response *)params;
    const float *in = (const float *)io->in[0];
    float *out = (float *)io->out[0];
    for (int32_t v = 0; v < p->count; v++, in += p->depth, out += p->depth) {
        for (int32_t c = 0; c < p->depth; c++) {
            const int32_t first = mote_max(c - p->radius, 0), last = mote_min(c + p->radius, p->depth - 1);
            float sum = 0;
            for (int32_t k = first; k <= last; k++) {
                sum += in[k] * in[k];
            }
            out[c] = in[c] * mote_pow(p->bias + p->alpha * sum, -p->beta);
        }
    }
}
