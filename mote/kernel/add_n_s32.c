/* SPDX-License-Identifier: MIT
 *
 * ADD_N, int32, modulo 2^32.
 */
#include "binary.h"

void mote_add_n_s32(const void *params, const struct mote_io *io)
{
    const struct mote_add_n *p = (const struct mote_add_n *)params;
    const int32_t *const *in = (const int32_t *const *)io->in;
    const int32_t n = p->n, count = p->count;
    int32_t *out = (int32_t *)io->out[0];
    for (int32_t i = 0; i < n; i++) {
        uint32_t sum = 0;
        for (int32_t k = 0; k < count; k++) {
            sum += (uint32_t)in[k][i];
        }
        out[i] = (int32_t)sum;
    }
}
