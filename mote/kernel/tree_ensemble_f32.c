/* SPDX-License-Identifier: MIT
 *
 * TREE_ENSEMBLE, float32. Precondition: every path from a root ends in a leaf, which was checked when the plan was made.
 */
#include <stddef.h>

#include "real.h"
#include "tree.h"

static int32_t find_leaf(const struct mote_tree_ensemble *p, int32_t node, const float *in)
{
    for (int32_t f = p->feature[node]; f != -1; f = p->feature[node]) {
        const float x = in[f < 0 ? -2 - f : f];
        const int left = x <= p->threshold[node] || (f < 0 && mote_isnan(x));
        node += left ? 1 : p->right[node];
    }
    return node;
}

void mote_tree_ensemble_f32(const void *params, const struct mote_io *io)
{
    const struct mote_tree_ensemble *p = (const struct mote_tree_ensemble *)params;
    const float *in = (const float *)io->in[0];
    float *out = (float *)io->out[0];
    for (int32_t o = 0; o < p->outputs; o++) {
        out[o] = p->base[o];
    }
    for (int32_t t = 0; t < p->trees; t++) {
        const int32_t leaf = find_leaf(p, p->tree[2 * t], in);
        float *sum = out + p->tree[2 * t + 1];
        const MOTE_FLASH float *row =
            p->weights != NULL ? p->weights + (size_t)p->right[leaf] * (size_t)p->width : p->threshold + leaf;
        for (int32_t i = 0; i < p->width; i++) {
            sum[i] += row[i];
        }
    }
}
