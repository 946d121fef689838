/* SPDX-License-Identifier: MIT
 *
 * Shape rule of TREE_ENSEMBLE. Inputs: samples [..., features], then constants: feature, threshold and right [nodes],
 * tree [trees, 2], base [outputs], weights [rows, width] or none; of floats, or thresholds int16, base int32, weights
 * uint8. See mote/kernel/tree.h.
 */
#include "shape.h"

static bool check_list(const struct graph *g, struct node *n, int i, enum type type, int32_t rank, int32_t extent,
                       struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    if (t == NULL) {
        return true;
    }
    if (t->type != type || t->rank != rank || (extent >= 0 && t->dim[0] != extent)) {
        char text[IR_SHAPE_TEXT];
        return ir_fail(n, diag, "input %d is %s%s, want %s of %d dims, %d values", i, ir_type_text(t->type),
                       ir_shape_text(t, text), ir_type_text(type), rank, extent);
    }
    return true;
}

bool shape_tree_ensemble(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *tree = ir_in(g, n, 4);
    const int32_t nodes = ir_in(g, n, 1)->rank > 0 ? ir_in(g, n, 1)->dim[0] : -1;
    if (in->rank < 1 || in->dim[in->rank - 1] < 1) {
        return ir_fail(n, diag, "samples have %d dims, want at least 1, not empty", in->rank);
    }
    const bool is_float = in->type == TYPE_F32;
    const enum type threshold = is_float ? TYPE_F32 : TYPE_S16, base = is_float ? TYPE_F32 : TYPE_S32;
    if (!check_list(g, n, 1, TYPE_S16, 1, nodes, diag) || !check_list(g, n, 2, threshold, 1, nodes, diag) ||
        !check_list(g, n, 3, TYPE_U16, 1, nodes, diag) || !check_list(g, n, 4, TYPE_S32, 2, -1, diag) ||
        !check_list(g, n, 5, base, 1, -1, diag) || !check_list(g, n, 6, is_float ? TYPE_F32 : TYPE_U8, 2, -1, diag)) {
        return false;
    }
    if (tree->dim[1] != 2) {
        return ir_fail(n, diag, "trees have %d numbers, want 2: root and first output", tree->dim[1]);
    }
    shape_copy(g, n, 0, in);
    ir_out(g, n, 0)->dim[in->rank - 1] = ir_in(g, n, 5)->dim[0];
    return true;
}

bool shape_pairwise_coupling(struct graph *g, struct node *n, struct diag *diag)
{
    enum { MOST_CLASSES = 1024 };
    const struct tensor *in = ir_in(g, n, 0);
    const int32_t classes = n->attr.num;
    if (in->rank < 1 || classes < 2 || classes > MOST_CLASSES || in->dim[in->rank - 1] != classes * (classes - 1) / 2) {
        return ir_fail(n, diag, "has %d pairs of %d classes, want all pairs of 2 to %d", ir_dim(in, -1), classes,
                       MOST_CLASSES);
    }
    shape_copy(g, n, 0, in);
    ir_out(g, n, 0)->dim[in->rank - 1] = classes;
    return true;
}
