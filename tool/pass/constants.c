/* SPDX-License-Identifier: MIT
 *
 * Shapes of all tensors, and nodes whose inputs are constant computed here and now.
 */
#include "pass.h"

bool pass_is_foldable(const struct graph *g, const struct node *n)
{
    const int flags = ir_op_flags(n->op);
    if ((flags & IR_PURE) == 0) {
        return false;
    }
    for (int i = 0; i < n->in_count && (flags & IR_SHAPE_ONLY) == 0; i++) {
        const struct tensor *t = ir_in(g, n, i);
        if (t != NULL && t->data == NULL) {
            return false;
        }
    }
    return true;
}

bool pass_fold_constants(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (!ir_infer(g, n, diag)) {
            return false;
        }
        if (evaluate != NULL && pass_is_foldable(g, n)) {
            if (!evaluate(g, n, diag)) {
                return false;
            }
        } else {
            g->nodes[kept++] = *n;
        }
    }
    g->node_count = kept;
    return true;
}
