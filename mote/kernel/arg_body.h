/* SPDX-License-Identifier: MIT
 *
 * ARG_MAX and ARG_MIN: the first of the greatest or least elements. KERNEL: the name of the kernel; TYPE: of the
 * elements.
 */
#include "reduce.h"

/* Where along the reduced dim the element is that wins; `offset`: of its vector in a row. */
static inline int32_t find(const struct mote_arg *p, const void *const rows[], int32_t offset, int is_max)
{
    const int32_t depth = p->depth, inner = p->inner;
    TYPE best = ((const TYPE *)rows[0])[offset];
    int32_t at = 0;
    for (int32_t r = 0; r < p->rows; r++) {
        const TYPE *in = (const TYPE *)rows[r] + offset;
        for (int32_t d = 0; d < depth; d++) {
            const TYPE x = in[d * inner];
            if (is_max ? x > best : x < best) {
                best = x;
                at = r * depth + d;
            }
        }
    }
    return at;
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_arg *p = (const struct mote_arg *)params;
    int32_t n = 0;
    for (int32_t o = 0; o < p->outer; o++) {
        for (int32_t i = 0; i < p->inner; i++, n++) {
            const int32_t offset = o * p->depth * p->inner + i;
            const int32_t at = p->is_max ? find(p, io->in, offset, 1) : find(p, io->in, offset, 0);
            if (p->is_wide) {
                ((int64_t *)io->out[0])[n] = at;
            } else {
                ((int32_t *)io->out[0])[n] = at;
            }
        }
    }
}
