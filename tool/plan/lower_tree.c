/* SPDX-License-Identifier: MIT
 *
 * Decision trees. What the kernel takes for granted is checked here: children lie behind their parents, so that each
 * path ends, and everything that a node names is there.
 */
#include "../../mote/kernel/real.h"
#include "../../mote/kernel/tree.h"

#include <math.h>

#include "lower.h"

/* How many nodes, rows of weights, outputs of a leaf there are. */
struct forest {
    const int16_t *feature;
    const uint16_t *right;
    int32_t nodes, rows, width;
};

static bool check_nodes(struct lower *l, const struct forest *f, int32_t features)
{
    for (int32_t i = 0; i < f->nodes; i++) {
        const int32_t feature = f->feature[i] < -1 ? -2 - f->feature[i] : f->feature[i];
        if (feature >= features) {
            return ir_fail(l->node, l->diag, "node %d asks for feature %d of %d", i, feature, features);
        }
        if (feature < 0 ? f->right[i] >= f->rows : f->right[i] < 1 || f->right[i] >= f->nodes - i) {
            return ir_fail(l->node, l->diag, "node %d leads to %s %d of %d", i,
                           feature < 0 ? "row" : "the node behind by", f->right[i],
                           feature < 0 ? f->rows : f->nodes - i);
        }
    }
    return true;
}

static bool check_trees(struct lower *l, const struct forest *f, const int32_t *tree, int32_t trees, int32_t outputs)
{
    for (int32_t t = 0; t < trees; t++) {
        const int32_t root = tree[2 * t], first = tree[2 * t + 1];
        if (root < 0 || root >= f->nodes || first < 0 || first > outputs - f->width) {
            return ir_fail(l->node, l->diag, "tree %d has root %d of %d, outputs %d to %d of %d", t, root, f->nodes,
                           first, first + f->width - 1, outputs);
        }
    }
    return true;
}

/* The last of them is a leaf, so that walking on always arrives. */
static bool ends_in_leaf(struct lower *l, const struct forest *f)
{
    return (f->nodes > 0 && f->feature[f->nodes - 1] == -1) ||
           ir_fail(l->node, l->diag, "the last of %d nodes is no leaf", f->nodes);
}

/* Leaves of integers add up to what an int16 holds: each tree to one output range, at most by its largest leaf. */
static bool sums_fit(struct lower *l, const struct forest *f, int32_t trees, int32_t outputs)
{
    const int16_t *threshold = lower_in(l, 2)->data;
    const uint8_t *weights = lower_in(l, 6) != NULL ? lower_in(l, 6)->data : NULL;
    const int32_t *base = lower_in(l, 5)->data;
    int64_t most = 0, start = 0;
    for (int32_t i = 0; weights == NULL && i < f->nodes; i++) {
        const int64_t leaf = f->feature[i] == -1 ? threshold[i] : 0;
        most = leaf > most ? leaf : -leaf > most ? -leaf : most;
    }
    for (int64_t i = 0; weights != NULL && i < (int64_t)f->rows * f->width; i++) {
        most = weights[i] > most ? weights[i] : most;
    }
    for (int32_t o = 0; o < outputs; o++) {
        const int64_t size = base[o] < 0 ? -(int64_t)base[o] : base[o];
        start = size > start ? size : start;
    }
    return start + most * trees <= INT16_MAX ||
           ir_fail(l->node, l->diag, "%d trees may add up to %lld, want at most 32767", trees,
                   (long long)(start + most * trees));
}

/* Thresholds of floats as keys, leaves as bits. */
static const int32_t *make_keys(struct lower *l, const struct forest *f)
{
    const float *threshold = lower_in(l, 2)->data;
    int32_t *keys = lower_alloc(l, (size_t)f->nodes, sizeof *keys);
    for (int32_t i = 0; i < f->nodes; i++) {
        keys[i] = f->feature[i] == -1   ? (int32_t)mote_bits(threshold[i])
                  : isnan(threshold[i]) ? INT32_MIN
                                        : mote_order(threshold[i]);
    }
    return keys;
}

bool lower_tree_ensemble(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *tree = lower_in(l, 4), *weights = lower_in(l, 6), *base = lower_in(l, 5);
    const enum type out = lower_out(l, 0)->type;
    const bool is_float = in->type == TYPE_F32;
    if (is_float ? out != TYPE_F32 : (in->type != TYPE_S16 && in->type != TYPE_U8) || out != TYPE_S16) {
        return lower_no_kernel(l, "float32, or int16 and uint8 to int16");
    }
    for (int i = 1; i < l->node->in_count; i++) {
        if (lower_in(l, i) != NULL && lower_in(l, i)->data == NULL && ir_count(lower_in(l, i)) > 0) {
            return ir_fail(l->node, l->diag, "input %d, a part of the trees, is known only at run time", i);
        }
    }
    const struct forest f = {.feature = lower_in(l, 1)->data,
                             .right = lower_in(l, 3)->data,
                             .nodes = (int32_t)ir_count(lower_in(l, 1)),
                             .rows = weights != NULL ? weights->dim[0] : 1,
                             .width = weights != NULL ? weights->dim[1] : 1};
    const int32_t features = ir_dim(in, -1), outputs = base->dim[0];
    if (!ends_in_leaf(l, &f) || !check_nodes(l, &f, features) ||
        !check_trees(l, &f, tree->data, tree->dim[0], outputs)) {
        return false;
    }
    if (!is_float && !sums_fit(l, &f, tree->dim[0], outputs)) {
        return false;
    }
    struct mote_tree_ensemble *p = lower_kernel(l, is_float              ? KERNEL_tree_ensemble_f32
                                                   : in->type == TYPE_U8 ? KERNEL_tree_ensemble_u8
                                                                         : KERNEL_tree_ensemble_s16);
    *p = (struct mote_tree_ensemble){.features = features,
                                     .outputs = outputs,
                                     .trees = tree->dim[0],
                                     .width = f.width,
                                     .tree = tree->data,
                                     .feature = f.feature,
                                     .threshold = is_float ? (const void *)make_keys(l, &f) : lower_in(l, 2)->data,
                                     .right = f.right,
                                     .weights = weights != NULL ? weights->data : NULL,
                                     .base = base->data};
    lower_scratch(l, is_float ? (size_t)features * sizeof(int32_t) : 0);
    const int32_t samples = (int32_t)(ir_count(in) / features);
    lower_out_view(l, 0, (struct lower_lines){1, samples, outputs * ir_type_bits(out) / 8});
    lower_in_view(l, 0, (struct lower_lines){1, samples, features * ir_type_bits(in->type) / 8}, lower_each_line);
    return true;
}

bool lower_pairwise_coupling(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t classes = l->node->attr.num, samples = (int32_t)(ir_count(out) / classes);
    if (in->type != TYPE_F32 || out->type != TYPE_F32) {
        return lower_no_kernel(l, "float32");
    }
    struct mote_pairwise_coupling *p = lower_kernel(l, KERNEL_pairwise_coupling_f32);
    p->classes = classes;
    lower_out_view(l, 0, (struct lower_lines){1, samples, classes * (int32_t)sizeof(float)});
    lower_in_view(l, 0, (struct lower_lines){1, samples, ir_dim(in, -1) * (int32_t)sizeof(float)}, lower_each_line);
    lower_scratch(l, (size_t)(classes + 1) * (size_t)classes * sizeof(float));
    return true;
}
