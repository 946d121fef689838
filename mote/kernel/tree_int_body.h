/* SPDX-License-Identifier: MIT
 *
 * TREE_ENSEMBLE in integers, for samples of type tree_in. Preconditions, checked when the plan was made: every path from a
 * root ends in a leaf, and sums fit in int16.
 * KERNEL: the name of the kernel.
 */
#include <stddef.h>

static int32_t find_leaf(const struct mote_tree_ensemble *p, int32_t node, const tree_in *in)
{
    const MOTE_FLASH int16_t *threshold = (const MOTE_FLASH int16_t *)p->threshold;
    for (int32_t f = p->feature[node]; f != -1; f = p->feature[node]) {
        node += in[f < 0 ? -2 - f : f] <= threshold[node] ? 1 : p->right[node];
    }
    return node;
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_tree_ensemble *p = (const struct mote_tree_ensemble *)params;
    const MOTE_FLASH int32_t *base = (const MOTE_FLASH int32_t *)p->base;
    const tree_in *in = (const tree_in *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    for (int32_t o = 0; o < p->outputs; o++) {
        out[o] = (int16_t)base[o];
    }
    for (int32_t t = 0; t < p->trees; t++) {
        const int32_t leaf = find_leaf(p, p->tree[2 * t], in);
        int16_t *sum = out + p->tree[2 * t + 1];
        if (p->weights == NULL) {
            sum[0] = (int16_t)(sum[0] + ((const MOTE_FLASH int16_t *)p->threshold)[leaf]);
            continue;
        }
        const MOTE_FLASH uint8_t *row =
            (const MOTE_FLASH uint8_t *)p->weights + (size_t)p->right[leaf] * (size_t)p->width;
        for (int32_t i = 0; i < p->width; i++) {
            sum[i] = (int16_t)(sum[i] + row[i]);
        }
    }
}
