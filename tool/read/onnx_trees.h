/* SPDX-License-Identifier: MIT */
#ifndef READ_ONNX_TREES_H
#define READ_ONNX_TREES_H

#include "onnx.h"

/* How a node compares; or that it does not. */
enum onnx_mode { ONNX_LEQ, ONNX_LT, ONNX_GTE, ONNX_GT, ONNX_LEAF };

/* The nodes as the file lists them. */
struct onnx_forest {
    int32_t count;
    const int64_t *tree, *node, *feature, *yes, *no, *tracks; /* tracks NULL: none */
    const float *value;
    enum onnx_mode *mode;
    int32_t *by_id; /* indices of nodes, sorted by tree and node */
    /* what leaves add, sorted in the same order */
    int32_t weight_count, outputs, width;
    const int64_t *weight_tree, *weight_node, *weight_output;
    const float *weight;
    int32_t *weight_by_id;
};

/* TreeEnsembleClassifier and TreeEnsembleRegressor: `weights` begins the names of the attributes of leaves, `outputs` is
 * the attribute that counts outputs, 0: the most that a weight names. */
bool onnx_read_forest(struct onnx *o, const char *weights, const char *outputs, struct onnx_forest *f);

/* TreeEnsemble, of version 5. */
bool onnx_read_forest_5(struct onnx *o, struct onnx_forest *f);

/* What the sums of a forest are. */
struct onnx_sums {
    int32_t outputs;
    int32_t single;   /* the output that all weights are for; -1: there are several */
    bool is_positive; /* no weight is below 0 */
};

/* The sums that the leaves of a forest make for samples x; weights NULL: of a TreeEnsemble. */
int32_t onnx_tree_sums(struct onnx *o, int32_t x, const char *weights, const char *outputs, struct onnx_sums *sums);

#endif
