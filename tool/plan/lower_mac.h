/* SPDX-License-Identifier: MIT
 *
 * What the lowering rules of the multiply-accumulate operators share.
 */
#ifndef PLAN_LOWER_MAC_H
#define PLAN_LOWER_MAC_H

#include "../../mote/kernel/mac.h"
#include "lower.h"

/* The loops that there are for each combination of types. */
enum mac_loops { MAC_CONV2D, MAC_CONV2D_OFFSET, MAC_DEPTHWISE, MAC_TRANSPOSE_CONV, MAC_MATMUL, MAC_LOOPS_COUNT };

/* A multiply-accumulate operator: `out_c` output channels, each a sum of at most `depth` products. */
struct mac {
    const struct tensor *in, *weight, *bias, *out; /* bias: NULL if none */
    enum mac_loops loops;
    int32_t out_c;
    int64_t depth;
    bool one_factor; /* the operator has one scale for all weights */
};

/* Picks the kernel, fills its parameters and returns them, `struct mote_mac` first; NULL with an error if there
 * is no kernel for the types, or a quantisation or constant is unfit. */
void *lower_mac(struct lower *l, const struct mac *mac);

#endif
