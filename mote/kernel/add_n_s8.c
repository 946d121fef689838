/* SPDX-License-Identifier: MIT
 *
 * ADD_N, int8. The sum starts from the value that stands for a stored 0, as in the reference.
 * Source: TensorFlow Lite, reference_ops::AddN.
 */
#include "binary.h"

void mote_add_n_s8(const void *params, const struct mote_io *io)
{
    const struct mote_add_n p = *(const struct mote_add_n *)params;
    const int8_t *const *in = (const int8_t *const *)io->in;
    const uint32_t start = (uint32_t)mote_to_common_scale(0, &p.in, p.left);
    int8_t *out = (int8_t *)io->out[0];
    for (int32_t i = 0; i < p.n; i++) {
        uint32_t sum = start; /* wraps from 17 inputs on, as the reference's does */
        for (int32_t k = 0; k < p.count; k++) {
            sum += (uint32_t)mote_to_common_scale(in[k][i], &p.in, p.left);
        }
        const int32_t scaled = mote_requant((int32_t)sum, p.multiplier, p.shift);
        out[i] = (int8_t)mote_finish_scaled(scaled, p.out_offset, p.low, p.high);
    }
}
