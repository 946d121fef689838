/* SPDX-License-Identifier: MIT
 *
 * ADD_N, float.
 */
#include "binary.h"

void mote_add_n_f32(const void *params, const struct mote_io *io)
{
    const struct mote_add_n *p = (const struct mote_add_n *)params;
    const float *const *in = (const float *const *)io->in;
    const int32_t n = p->n, count = p->count;
    float *out = (float *)io->out[0];
    for (int32_t i = 0; i < n; i++) {
        float sum = 0.0F;
        for (int32_t k = 0; k < count; k++) {
            sum += in[k][i];
        }
        out[i] = sum;
    }
}
