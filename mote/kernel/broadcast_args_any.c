/* SPDX-License-Identifier: MIT
 *
 * BROADCAST_ARGS.
 */
#include "binary.h"

/* The dim that is `back` from the last; 1 beyond the first. */
static int64_t dim(const void *shape, int32_t count, int32_t back, int32_t wide)
{
    const int32_t i = count - 1 - back;
    return i < 0 ? 1 : wide != 0 ? ((const int64_t *)shape)[i] : ((const int32_t *)shape)[i];
}

void mote_broadcast_args_any(const void *params, const struct mote_io *io)
{
    const struct mote_broadcast_args *p = (const struct mote_broadcast_args *)params;
    const int32_t count = mote_max(p->x_count, p->y_count);
    for (int32_t back = 0; back < count; back++) {
        const int64_t x = dim(io->in[0], p->x_count, back, p->wide);
        const int64_t d = x == 1 ? dim(io->in[1], p->y_count, back, p->wide) : x;
        if (p->wide != 0) {
            ((int64_t *)io->out[0])[count - 1 - back] = d;
        } else {
            ((int32_t *)io->out[0])[count - 1 - back] = (int32_t)d;
        }
    }
}
