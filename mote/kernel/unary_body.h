/* SPDX-License-Identifier: MIT
 *
 * The loop of an element-wise function. KERNEL: the name of the kernel; TYPE: of the elements; VALUE(p, x): the
 * function, p its parameters.
 */
#include "unary.h"

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_unary p = *(const struct mote_unary *)params;
    const TYPE *in = (const TYPE *)io->in[0];
    TYPE *out = (TYPE *)io->out[0];
    for (int32_t i = 0; i < p.count; i++) {
        out[i] = VALUE(&p, in[i]);
    }
}
