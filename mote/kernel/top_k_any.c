/* SPDX-License-Identifier: MIT
 *
 * TOPK_V2: a sorted list of the k largest values so far, into which each value is inserted.
 */
#include <stddef.h>
#include <string.h>

#include "index.h"

static int is_greater(int32_t type, const void *values, int32_t i, int32_t k)
{
    switch (type) {
    case MOTE_TOP_S8:
        return ((const int8_t *)values)[i] > ((const int8_t *)values)[k];
    case MOTE_TOP_U8:
        return ((const uint8_t *)values)[i] > ((const uint8_t *)values)[k];
    case MOTE_TOP_S16:
        return ((const int16_t *)values)[i] > ((const int16_t *)values)[k];
    case MOTE_TOP_S32:
        return ((const int32_t *)values)[i] > ((const int32_t *)values)[k];
    case MOTE_TOP_S64:
        return ((const int64_t *)values)[i] > ((const int64_t *)values)[k];
    default:
        return ((const float *)values)[i] > ((const float *)values)[k];
    }
}

void mote_top_k_any(const void *params, const struct mote_io *io)
{
    const struct mote_top_k *p = (const struct mote_top_k *)params;
    int32_t *top = (int32_t *)io->out[1];
    int32_t found = 0;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t at = found;
        while (at > 0 && is_greater(p->type, io->in[0], i, top[at - 1])) {
            at--;
        }
        if (at == p->k) {
            continue;
        }
        found += found < p->k;
        memmove(top + at + 1, top + at, (size_t)(found - 1 - at) * sizeof *top);
        top[at] = i;
    }
    uint8_t *out = (uint8_t *)io->out[0];
    for (int32_t i = 0; i < p->k; i++, out += p->unit) {
        memcpy(out, (const uint8_t *)io->in[0] + (size_t)(top[i] * p->unit), (size_t)p->unit);
    }
}
