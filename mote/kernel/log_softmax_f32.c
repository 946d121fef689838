/* SPDX-License-Identifier: MIT
 *
 * LOG_SOFTMAX, float32.
 */
#include "real.h"
#include "softmax.h"

void mote_log_softmax_f32(const void *params, const struct mote_io *io)
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
            sum += mote_exp(in[i] - max);
        }
        const float log_sum = mote_log(sum);
        for (int32_t i = 0; i < p->depth; i++) {
            out[i] = in[i] - max - log_sum;
        }
    }
}
