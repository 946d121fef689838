/* SPDX-License-Identifier: MIT
 *
 * Picks runs of elements from a row by a table, for any type.
 */
#include <string.h>

#include "move.h"

void mote_pick_any(const void *params, const struct mote_io *io)
{
    const struct mote_pick *p = (const struct mote_pick *)params;
    const uint8_t *in = (const uint8_t *)io->in[0];
    uint8_t *out = (uint8_t *)io->out[0];
    if (p->run == 1) {
        for (int32_t i = 0; i < p->count; i++) {
            out[i] = in[p->from[i]];
        }
        return;
    }
    for (int32_t i = 0; i < p->count; i++, out += p->run) {
        memcpy(out, in + p->from[i], (size_t)p->run);
    }
}
