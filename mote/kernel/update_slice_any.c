/* SPDX-License-Identifier: MIT
 *
 * DYNAMIC_UPDATE_SLICE, for any type: a box of the values is replaced. The box is moved so that it lies inside.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_update_slice_any(const void *params, const struct mote_io *io)
{
    const struct mote_update_slice *p = (const struct mote_update_slice *)params;
    const uint8_t *update = (const uint8_t *)io->in[1];
    uint8_t *out = (uint8_t *)io->out[0];
    const int32_t last = p->rank - 1;
    const int32_t run = p->update[last] * p->unit;
    int32_t runs = 1;
    if (out != io->in[0]) {
        memcpy(out, io->in[0], (size_t)p->bytes);
    }
    for (int32_t d = 0; d < last; d++) {
        runs *= p->update[d];
    }
    for (int32_t i = 0; i < runs; i++, update += run) {
        int32_t rest = i, at = 0, step = p->unit;
        for (int32_t d = last; d >= 0; d--) {
            const int32_t start = mote_index(io->in[2], d, p->index_bytes, 0, p->extent[d] - p->update[d]);
            at += (start + (d == last ? 0 : rest % p->update[d])) * step;
            rest = d == last ? rest : rest / p->update[d];
            step *= p->extent[d];
        }
        memcpy(out + (size_t)at, update, (size_t)run);
    }
}
