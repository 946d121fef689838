/* SPDX-License-Identifier: MIT
 *
 * SCATTER_ND: updates go to places in zeros, and add up where they meet. Integers wrap. Updates out of range are
 * left out.
 *
 * Source: TensorFlow Lite, reference_ops::ScatterNd.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"
#include "move.h"

#define ADD_UNITS(type) \
    do { \
        type *to = (type *)(void *)out; \
        const type *from = (const type *)(const void *)update; \
        for (int32_t i = 0; i < p->run / p->unit; i++) { \
            to[i] = (type)(to[i] + from[i]); \
        } \
    } while (0)

static void add_run(const struct mote_tuples *p, uint8_t *out, const uint8_t *update)
{
    if (p->is_float) {
        ADD_UNITS(float);
    } else if (p->unit == 1) {
        ADD_UNITS(uint8_t);
    } else if (p->unit == 2) {
        ADD_UNITS(mote_unit2);
    } else if (p->unit == 4) {
        ADD_UNITS(mote_unit4);
    } else {
        ADD_UNITS(mote_unit8);
    }
}

void mote_scatter_nd_any(const void *params, const struct mote_io *io)
{
    const struct mote_tuples *p = (const struct mote_tuples *)params;
    const uint8_t *update = (const uint8_t *)io->in[1];
    uint8_t *out = (uint8_t *)io->out[0];
    memset(out, 0, (size_t)p->out_bytes);
    for (int32_t i = 0; i < p->count; i++, update += p->run) {
        size_t at = 0;
        int inside = 1;
        for (int32_t d = 0; d < p->depth; d++) {
            const int32_t index = mote_index(io->in[0], i * p->depth + d, p->index_bytes, -1, p->extent[d]);
            inside = inside && index >= 0 && index < p->extent[d];
            at += inside ? (size_t)(index * p->step[d]) : 0;
        }
        if (inside) {
            add_run(p, out + at, update);
        }
    }
}
