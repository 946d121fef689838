/* SPDX-License-Identifier: MIT
 *
 * SPARSE_TO_DENSE, for any type: values go to their places, the last one where several meet.
 *
 * Source: TensorFlow Lite, reference_ops::SparseToDense.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

void mote_sparse_to_dense_any(const void *params, const struct mote_io *io)
{
    const struct mote_sparse *p = (const struct mote_sparse *)params;
    const uint8_t *value = (const uint8_t *)io->in[1];
    uint8_t *out = (uint8_t *)io->out[0];
    for (int32_t i = 0; i < p->out_count; i++) {
        memcpy(out + (size_t)(i * p->unit), io->in[2], (size_t)p->unit);
    }
    for (int32_t i = 0; i < p->count; i++, value += p->value_step) {
        int32_t at = 0, inside = 1;
        for (int32_t d = 0; d < p->depth; d++) {
            const int32_t index = mote_index(io->in[0], i * p->depth + d, p->index_bytes, -1, p->extent[d]);
            inside = inside && index >= 0 && index < p->extent[d];
            at = inside ? at * p->extent[d] + index : 0;
        }
        if (inside) {
            memcpy(out + (size_t)(at * p->unit), value, (size_t)p->unit);
        }
    }
}
