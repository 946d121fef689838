/* SPDX-License-Identifier: MIT */
#ifndef READ_ONNX_TREES_H
#define READ_ONNX_TREES_H

#include "onnx.h"

/* What the sums of a forest are. */
struct onnx_sums {
    int32_t outputs;
    int32_t single;   /* the output that all weights are for; -1: there are several */
    bool is_positive; /* no weight is below 0 */
};

/* The sums that the leaves of a forest make for samples x. `weights` begins the names of the attributes of leaves, `outputs`
 * is the attribute that counts outputs, 0: the most that a weight names. */
int32_t onnx_tree_sums(struct onnx *o, int32_t x, const char *weights, const char *outputs, struct onnx_sums *sums);

#endif
