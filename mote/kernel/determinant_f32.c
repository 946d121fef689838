/* SPDX-License-Identifier: MIT
 *
 * DETERMINANT: the product of the pivots of Gauss's elimination, the largest of each column first.
 */
#include <string.h>

#include "matmul.h"
#include "real.h"

/* The row from `k` on with the largest value in column k. */
static int32_t find_pivot(const float *m, int32_t n, int32_t k)
{
    int32_t best = k;
    for (int32_t r = k + 1; r < n; r++) {
        if (mote_fabs(m[r * n + k]) > mote_fabs(m[best * n + k])) {
            best = r;
        }
    }
    return best;
}

void mote_determinant_f32(const void *params, const struct mote_io *io)
{
    const struct mote_determinant *p = (const struct mote_determinant *)params;
    const int32_t n = p->n;
    float *m = (float *)io->scratch, product = 1;
    memcpy(m, io->in[0], (size_t)(n * n) * sizeof *m);
    for (int32_t k = 0; k < n && product != 0.0F; k++) {
        const int32_t pivot = find_pivot(m, n, k);
        for (int32_t i = k; i < n && pivot != k; i++) {
            const float swap = m[k * n + i];
            m[k * n + i] = m[pivot * n + i];
            m[pivot * n + i] = swap;
        }
        product *= pivot != k ? -m[k * n + k] : m[k * n + k];
        for (int32_t r = k + 1; r < n && product != 0.0F; r++) {
            const float factor = m[r * n + k] / m[k * n + k];
            for (int32_t i = k + 1; i < n; i++) {
                m[r * n + i] -= factor * m[k * n + i];
            }
        }
    }
    *(float *)io->out[0] = product;
}
