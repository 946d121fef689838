/* SPDX-License-Identifier: MIT
 *
 * SEGMENT_SUM, int32; sums wrap.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_segment_sum_s32(const void *params, const struct mote_io *io)
{
    const struct mote_segment_sum *p = params;
    const int32_t *in = io->in[0];
    memset(io->out[0], 0, (size_t)(p->segments * p->width) * sizeof *in);
    for (int32_t n = 0; n < p->count; n++, in += p->width) {
        const int32_t segment = mote_index(io->in[1], n, 4, 0, p->segments - 1);
        int32_t *out = (int32_t *)io->out[0] + (size_t)(segment * p->width);
        for (int32_t i = 0; i < p->width; i++) {
            out[i] = (int32_t)((uint32_t)out[i] + (uint32_t)in[i]);
        }
    }
}
