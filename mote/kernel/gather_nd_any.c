/* SPDX-License-Identifier: MIT
 *
 * GATHER_ND, for any type.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_gather_nd_any(const void *params, const struct mote_io *io)
{
    const struct mote_tuples *p = (const struct mote_tuples *)params;
    const uint8_t *in = (const uint8_t *)io->in[0];
    uint8_t *out = (uint8_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++, out += p->run) {
        size_t at = 0;
        for (int32_t d = 0; d < p->depth; d++) {
            const int32_t index = mote_index(io->in[1], i * p->depth + d, p->index_bytes, 0, p->extent[d] - 1);
            at += (size_t)(index * p->step[d]);
        }
        memcpy(out, in + at, (size_t)p->run);
    }
}
