/* SPDX-License-Identifier: MIT
 *
 * CIRCULAR_BUFFER, for any type: the newest rows, oldest first.
 *
 * Source: TensorFlow Lite Micro, CircularBufferEval.
 */
#include <stddef.h>
#include <string.h>

#include "signal.h"

void mote_circular_buffer(const void *params, const struct mote_io *io)
{
    const struct mote_circular_buffer *p = (const struct mote_circular_buffer *)params;
    uint8_t *held = (uint8_t *)io->out[0];
    const size_t kept = (size_t)(p->size - p->bytes);
    memmove(held, held + p->bytes, kept);
    memcpy(held + kept, io->in[0], (size_t)p->bytes);
}
