/* SPDX-License-Identifier: MIT
 *
 * Any function of 8 bits: a table of 256 bytes, made when the plan was.
 */
#include "unary.h"

void mote_lut_x8(const void *params, const struct mote_io *io)
{
    const struct mote_lut *p = (const struct mote_lut *)params;
    const MOTE_FLASH uint8_t *table = (const MOTE_FLASH uint8_t *)p->table;
    const uint8_t *in = (const uint8_t *)io->in[0];
    uint8_t *out = (uint8_t *)io->out[0];
    const int32_t count = p->count;
    for (int32_t i = 0; i < count; i++) {
        out[i] = table[in[i]];
    }
}
