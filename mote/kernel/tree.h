/* SPDX-License-Identifier: MIT
 *
 * Parameters of what classifiers that are no networks need: TREE_ENSEMBLE, decision trees whose leaves add up;
 * PAIRWISE_COUPLING.
 */
#ifndef MOTE_KERNEL_TREE_H
#define MOTE_KERNEL_TREE_H

#include "kernel.h"

/* io->in: `features` values of a sample; io->out: `outputs` sums.
 *
 * The nodes of all trees lie one after the other, each before its children, the left child right behind it. At node
 * i with feature[i] = f >= 0 a sample goes left if in[f] <= threshold[i], else on by `right[i]` nodes. f = -1 is a leaf,
 * which adds row right[i] of the weights to the outputs from the tree's first one on; without weights it adds
 * threshold[i] to that one output.
 *
 *               samples, outputs        threshold   weights   base
 *     float     float                   int32       float     float
 *     integers  int16 or uint8, int16   int16       uint8     int32
 *
 * Floats are compared as integers, which cores without an FPU do many times faster: io->scratch [features] has the keys of
 * a sample, and thresholds are keys, those of leaves the bits of floats: mote_order of real.h. NaN goes on; f <= -2 is feature -2 - f, where
 * NaN goes left. Samples of integers are compared as they are; sums fit in int16, which the plan has checked. */
struct mote_tree_ensemble {
    int32_t features, outputs;
    int32_t trees, width;              /* outputs that a leaf adds to */
    const MOTE_FLASH int32_t *tree;    /* [trees][2] root node, first output */
    const MOTE_FLASH int16_t *feature; /* [nodes] */
    const MOTE_FLASH void *threshold;  /* [nodes] */
    const MOTE_FLASH uint16_t *right;  /* [nodes] */
    const MOTE_FLASH void *weights;    /* [rows][width]; NULL: in the leaves, width is 1 */
    const MOTE_FLASH void *base;       /* [outputs] where the sums begin */
};

/* PAIRWISE_COUPLING, a row is one sample. io->in: for each pair of classes (0, 1), (0, 2) ... (1, 2) ... the probability that it is
 * the first of them, in (0, 1); io->out: the probabilities of all classes; io->scratch: (classes + 1) * classes floats. */
struct mote_pairwise_coupling {
    int32_t classes;
};

#endif
