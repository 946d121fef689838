/* SPDX-License-Identifier: MIT
 *
 * MoteCorrelations: how the axes of a sensor go together.
 */
#include "fixed.h"
#include "root.h"
#include "sensor.h"

static int64_t product(const int16_t *x, const int16_t *y, int32_t count)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (int32_t)x[i] * y[i];
    }
    return sum;
}

void mote_correlations_s16(const void *params, const struct mote_io *io)
{
    const struct mote_correlations *p = (const struct mote_correlations *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int32_t *out = (int32_t *)io->out[0];
    const int32_t n = p->steps;
    for (int32_t first = 0; first + 1 < p->axes; first += 3) {
        const int32_t count = mote_min(p->axes - first, 3);
        int64_t length[3]; /* of an axis, below 2^23 */
        for (int32_t i = 0; i < count; i++) {
            const int16_t *x = in + (first + i) * n;
            length[i] = mote_root64((uint64_t)product(x, x, n));
        }
        for (int32_t i = 0; i < count; i++) {
            for (int32_t k = i + 1; k < count; k++) {
                const int64_t both = length[i] * length[k];
                const int64_t sum = product(in + (first + i) * n, in + (first + k) * n, n) * 4096;
                *out++ = both > 0 ? (int32_t)((sum + (sum < 0 ? -both : both) / 2) / both) : 0;
            }
        }
    }
}
