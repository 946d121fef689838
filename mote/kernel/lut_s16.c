/* SPDX-License-Identifier: MIT
 *
 * Any function of int16, interpolated.
 */
#include "lut_s16.h"
#include "unary.h"

void mote_lut_s16(const void *params, const struct mote_io *io)
{
    const struct mote_lut *p = (const struct mote_lut *)params;
    const MOTE_FLASH int16_t *table = (const MOTE_FLASH int16_t *)p->table;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    const int32_t count = p->count;
    for (int32_t i = 0; i < count; i++) {
        out[i] = mote_lut_s16_value(table, in[i]);
    }
}
