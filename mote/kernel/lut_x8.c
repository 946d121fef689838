/* SPDX-License-Identifier: MIT
 *
 * Any function of 8 bits: a table of 256 bytes, made when the plan was.
 */
#include "unary.h"

void mote_lut_x8(const void *params, const struct mote_io *io)
{
    const struct mote_lut *p = params;
    const MOTE_FLASH uint8_t *table = p->table;
    const uint8_t *in = io->in[0];
    uint8_t *out = io->out[0];
    const int32_t count = p->count;
    for (int32_t i = 0; i < count; i++) {
        out[i] = table[in[i]];
    }
}
