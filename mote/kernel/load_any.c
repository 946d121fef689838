/* SPDX-License-Identifier: MIT
 *
 * Copies a row of constants to RAM, for any type.
 */
#include <stddef.h>

#include "move.h"

void mote_load_any(const void *params, const struct mote_io *io)
{
    const struct mote_load *p = (const struct mote_load *)params;
    const size_t bytes = (size_t)p->bytes;
    const MOTE_FLASH uint8_t *data = (const MOTE_FLASH uint8_t *)p->data + (size_t)io->y * bytes;
    uint8_t *out = (uint8_t *)io->out[0];
    for (size_t i = 0; i < bytes; i++) {
        out[i] = data[i];
    }
}
