/* SPDX-License-Identifier: MIT
 *
 * READ_VARIABLE, ASSIGN_VARIABLE: a copy, for any type.
 */
#include <stddef.h>
#include <string.h>

#include "state.h"

void mote_assign(const void *params, const struct mote_io *io)
{
    const struct mote_assign *p = (const struct mote_assign *)params;
    memcpy(io->out[0], io->in[0], (size_t)p->bytes);
}
