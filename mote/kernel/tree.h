/* SPDX-License-Identifier: MIT
 *
 * Parameters of TREE_ENSEMBLE: decision trees whose leaves add up.
 */
#ifndef MOTE_KERNEL_TREE_H
#define MOTE_KERNEL_TREE_H

#include "kernel.h"

/* io->in: `features` values of a sample; io->out: `outputs` sums.
 *
 * The nodes of all trees lie one after the other, each before its children, the left child right behind it. At node
 * i with feature[i] = f >= 0 a sample goes left if in[f] <= threshold[i], else on by `right[i]` nodes; NaN goes on.
 * f <= -2 is feature -2 - f, and NaN goes left. f = -1 is a leaf, which adds row right[i] of the weights to the outputs
 * from the tree's first one on; without weights it adds threshold[i] to that one output. */
struct mote_tree_ensemble {
    int32_t features, outputs;
    int32_t trees, width;              /* outputs that a leaf adds to */
    const MOTE_FLASH int32_t *tree;    /* [trees][2] root node, first output */
    const MOTE_FLASH int16_t *feature; /* [nodes] */
    const MOTE_FLASH float *threshold; /* [nodes] */
    const MOTE_FLASH uint16_t *right;  /* [nodes] */
    const MOTE_FLASH float *weights;   /* [rows][width]; NULL: in the leaves, width is 1 */
    const MOTE_FLASH float *base;      /* [outputs] where the sums begin */
};

/* The same in integers: a sample's values are compared as they are, and leaves add up to one int16 for each output, which
 * the plan has checked to hold them. There is no NaN. */
struct mote_tree_ensemble_int {
    int32_t features, outputs;
    int32_t trees, width;
    const MOTE_FLASH int32_t *tree;      /* [trees][2] */
    const MOTE_FLASH int16_t *feature;   /* [nodes] */
    const MOTE_FLASH int16_t *threshold; /* [nodes] */
    const MOTE_FLASH uint16_t *right;    /* [nodes] */
    const MOTE_FLASH uint8_t *weights;   /* [rows][width]; NULL: in the leaves, width is 1 */
    const MOTE_FLASH int32_t *base;      /* [outputs] */
};

#endif
