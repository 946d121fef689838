/* SPDX-License-Identifier: MIT
 *
 * SEGMENT_SUM, float.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_segment_sum_f32(const void *params, const struct mote_io *io)
{
    const struct mote_segment_sum *p = params;
    const float *in = io->in[0];
    memset(io->out[0], 0, (size_t)(p->segments * p->width) * sizeof *in);
    for (int32_t n = 0; n < p->count; n++, in += p->width) {
        const int32_t segment = mote_index(io->in[1], n, 4, 0, p->segments - 1);
        float *out = (float *)io->out[0] + (size_t)(segment * p->width);
        for (int32_t i = 0; i < p->width; i++) {
            out[i] += in[i];
        }
    }
}
