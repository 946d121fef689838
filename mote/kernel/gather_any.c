/* SPDX-License-Identifier: MIT
 *
 * GATHER, for any type.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_gather_any(const void *params, const struct mote_io *io)
{
    const struct mote_gather *p = (const struct mote_gather *)params;
    const uint8_t *in = (const uint8_t *)io->in[0];
    uint8_t *out = (uint8_t *)io->out[0];
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t o = 0; o < p->outer; o++, in += (size_t)(p->extent * p->run)) {
            for (int32_t c = 0; c < p->coords; c++, out += p->run) {
                const int32_t at = mote_index(io->in[1], b * p->coords + c, p->index_bytes, 0, p->extent - 1);
                memcpy(out, in + (size_t)(at * p->run), (size_t)p->run);
            }
        }
    }
}
