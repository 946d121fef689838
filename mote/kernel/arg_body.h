/* SPDX-License-Identifier: MIT
 *
 * ARG_MAX and ARG_MIN: the first of the greatest or least elements. KERNEL: the name of the kernel; TYPE: of the
 * elements.
 */
#include "reduce.h"

/* Where along the reduced dim the element is that wins; `offset`: of its vector in a row. */
static int32_t find(const struct mote_arg *p, const void *const rows[], int32_t offset)
{
    TYPE best = ((const TYPE *)rows[0])[offset];
    int32_t at = 0;
    for (int32_t r = 0; r < p->rows; r++) {
        const TYPE *in = (const TYPE *)rows[r] + offset;
        for (int32_t d = 0; d < p->depth; d++) {
            const TYPE x = in[d * p->inner];
            if (p->is_max ? x > best : x < best) {
                best = x;
                at = r * p->depth + d;
            }
        }
    }
    return at;
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_arg *p = params;
    int32_t n = 0;
    for (int32_t o = 0; o < p->outer; o++) {
        for (int32_t i = 0; i < p->inner; i++, n++) {
            const int32_t at = find(p, io->in, o * p->depth * p->inner + i);
            if (p->is_wide) {
                ((int64_t *)io->out[0])[n] = at;
            } else {
                ((int32_t *)io->out[0])[n] = at;
            }
        }
    }
}
