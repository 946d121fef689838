/* SPDX-License-Identifier: MIT
 *
 * ZEROS_LIKE, any type.
 */
#include <string.h>

#include "unary.h"

void mote_zero(const void *params, const struct mote_io *io)
{
    const struct mote_unary *p = (const struct mote_unary *)params;
    memset(io->out[0], 0, (size_t)p->count);
}
