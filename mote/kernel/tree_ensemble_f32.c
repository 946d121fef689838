/* SPDX-License-Identifier: MIT
 *
 * TREE_ENSEMBLE, float32. Precondition: every path from a root ends in a leaf, which was checked when the plan was made.
 */
#include <stddef.h>

#include "real.h"
#include "tree.h"

#define NAN_KEY INT32_MAX /* beyond that of infinity */

static int32_t find_leaf(const struct mote_tree_ensemble *p, int32_t node, const int32_t *keys)
{
    const MOTE_FLASH int32_t *threshold = (const MOTE_FLASH int32_t *)p->threshold;
    for (int32_t f = p->feature[node]; f != -1; f = p->feature[node]) {
        const int32_t key = keys[f < 0 ? -2 - f : f];
        node += key <= threshold[node] || (f < 0 && key == NAN_KEY) ? 1 : p->right[node];
    }
    return node;
}

void mote_tree_ensemble_f32(const void *params, const struct mote_io *io)
{
    const struct mote_tree_ensemble *p = (const struct mote_tree_ensemble *)params;
    const MOTE_FLASH float *base = (const MOTE_FLASH float *)p->base;
    const float *in = (const float *)io->in[0];
    float *out = (float *)io->out[0];
    int32_t *keys = (int32_t *)io->scratch;
    for (int32_t f = 0; f < p->features; f++) {
        keys[f] = mote_isnan(in[f]) ? NAN_KEY : mote_order(in[f]);
    }
    for (int32_t o = 0; o < p->outputs; o++) {
        out[o] = base[o];
    }
    for (int32_t t = 0; t < p->trees; t++) {
        const int32_t leaf = find_leaf(p, p->tree[2 * t], keys);
        float *sum = out + p->tree[2 * t + 1];
        if (p->weights == NULL) {
            sum[0] += mote_from_bits((uint32_t)((const MOTE_FLASH int32_t *)p->threshold)[leaf]);
            continue;
        }
        const MOTE_FLASH float *row = (const MOTE_FLASH float *)p->weights + (size_t)p->right[leaf] * (size_t)p->width;
        for (int32_t i = 0; i < p->width; i++) {
            sum[i] += row[i];
        }
    }
}
