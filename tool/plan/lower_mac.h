/* SPDX-License-Identifier: MIT
 *
 * What the lowering rules of the multiply-accumulate operators share.
 */
#ifndef PLAN_LOWER_MAC_H
#define PLAN_LOWER_MAC_H

#include "../../mote/kernel/mac.h"
#include "lower.h"

/* The loops that there are for each combination of types. */
enum mac_loops {
    MAC_CONV2D,
    MAC_CONV2D_OFFSET,
    MAC_DEPTHWISE,
    MAC_DEPTHWISE_OFFSET,
    MAC_TRANSPOSE_CONV,
    MAC_MATMUL,
    MAC_LOOPS_COUNT
};

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

/* Whether the zero point of the convolution's int8 weights counts. That of a file's does not. */
bool lower_mac_has_offset(const struct lower *l, const struct tensor *filter);

/* The input port of CONV_2D loops whose output is one line of one image and whose window, from filter row `first` on, is
 * `lines` lines of `line_bytes` bytes: taken line by line, if the sums are smaller than the input. False: they are not,
 * and nothing was done. After the output. */
bool lower_mac_folded(struct lower *l, int32_t first, int32_t lines, int32_t line_bytes);

#endif
