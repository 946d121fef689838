/* SPDX-License-Identifier: MIT
 *
 * REVERSE_SEQUENCE, for any type.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_reverse_sequence_any(const void *params, const struct mote_io *io)
{
    const struct mote_reverse_sequence *p = (const struct mote_reverse_sequence *)params;
    const int32_t extent = p->sequence_first ? p->first : p->second;
    const int32_t step = p->sequence_first ? p->middle * p->second : 1; /* runs from one place to the next */
    const uint8_t *in = (const uint8_t *)io->in[0];
    uint8_t *out = (uint8_t *)io->out[0];
    for (int32_t i = 0; i < p->outer * p->first * p->middle * p->second; i++) {
        const int32_t first = i / (p->middle * p->second) % p->first, second = i % p->second;
        const int32_t at = p->sequence_first ? first : second, batch = p->sequence_first ? second : first;
        const int32_t length = mote_index(io->in[1], batch, p->index_bytes, 0, extent);
        const int32_t from = at < length ? i + (length - 1 - 2 * at) * step : i;
        memcpy(out + (size_t)(i * p->run), in + (size_t)(from * p->run), (size_t)p->run);
    }
}
