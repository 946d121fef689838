/* SPDX-License-Identifier: MIT
 *
 * ONE_HOT, for any type.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_one_hot_any(const void *params, const struct mote_io *io)
{
    const struct mote_one_hot *p = (const struct mote_one_hot *)params;
    uint8_t *out = (uint8_t *)io->out[0];
    for (int32_t i = 0; i < p->prefix; i++) {
        for (int32_t d = 0; d < p->depth; d++) {
            for (int32_t k = 0; k < p->suffix; k++, out += p->unit) {
                const int32_t hot = mote_index(io->in[0], i * p->suffix + k, p->index_bytes, -1, p->depth);
                memcpy(out, hot == d ? io->in[1] : io->in[2], (size_t)p->unit);
            }
        }
    }
}
