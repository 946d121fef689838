/* SPDX-License-Identifier: MIT
 *
 * RELU and its family, LEAKY_RELU, ABS, int16.
 */
#include "piecewise.h"

void mote_piecewise_s16(const void *params, const struct mote_io *io)
{
    const struct mote_piecewise p = *(const struct mote_piecewise *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    for (int32_t i = 0; i < p.count; i++) {
        out[i] = (int16_t)mote_piecewise_value(&p, in[i]);
    }
}
