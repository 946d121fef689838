/* SPDX-License-Identifier: MIT
 *
 * MoteBands: how loud the bands of a spectrum are.
 */
#include "logarithm.h"
#include "sensor.h"

static uint64_t power_of(const int32_t *bins, int32_t first, int32_t end)
{
    uint64_t sum = 0;
    for (int32_t i = 2 * first; i < 2 * end; i++) {
        sum += (uint64_t)((int64_t)bins[i] * bins[i]);
    }
    return sum;
}

void mote_bands_s32(const void *params, const struct mote_io *io)
{
    const struct mote_bands *p = (const struct mote_bands *)params;
    const int32_t *in = (const int32_t *)io->in[0];
    int32_t *out = (int32_t *)io->out[0];
    uint64_t all = 0;
    for (int32_t i = 0; i < p->bands; i++) {
        const uint64_t power = power_of(in, p->edges[i], p->edges[i + 1]);
        out[i] = mote_log_q12(power + 1);
        all += power;
    }
    const int32_t sum = p->relative ? mote_log_q12(all + 1) : 0;
    for (int32_t i = 0; i < p->bands; i++) {
        out[i] -= sum;
    }
}
