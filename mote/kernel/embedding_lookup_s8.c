/* SPDX-License-Identifier: MIT
 *
 * EMBEDDING_LOOKUP, int8 values with zero point 0 as float.
 *
 * Source: TensorFlow Lite Micro, EmbeddingLookUp, EvalHybrid.
 */
#include <stddef.h>

#include "index.h"

void mote_embedding_lookup_s8(const void *params, const struct mote_io *io)
{
    const struct mote_embedding_lookup *p = (const struct mote_embedding_lookup *)params;
    float *out = (float *)io->out[0];
    for (int32_t c = 0; c < p->coords; c++, out += p->width) {
        const int32_t at = mote_index(io->in[1], c, p->index_bytes, 0, p->extent - 1);
        const int8_t *row = (const int8_t *)io->in[0] + (size_t)(at * p->width);
        for (int32_t i = 0; i < p->width; i++) {
            out[i] = p->scale * (float)row[i];
        }
    }
}
