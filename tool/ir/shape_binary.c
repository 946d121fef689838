/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the element-wise operators of several inputs.
 */
#include "shape.h"

/* The inputs are aligned at the last dim; a dim of 1 is repeated. */
bool shape_broadcast(struct graph *g, struct node *n, struct diag *diag)
{
    int32_t rank = 0, dim[IR_MAX_RANK];
    for (int i = 0; i < n->in_count; i++) {
        const int32_t r = ir_in(g, n, i)->rank;
        rank = r > rank ? r : rank;
    }
    for (int32_t k = 1; k <= rank; k++) {
        int32_t *d = &dim[rank - k];
        *d = 1;
        for (int i = 0; i < n->in_count; i++) {
            const struct tensor *t = ir_in(g, n, i);
            const int32_t e = k <= t->rank ? t->dim[t->rank - k] : 1;
            if (e != 1 && *d != 1 && e != *d) {
                char a[96], b[96];
                return ir_fail(n, diag, "inputs %s and %s do not broadcast: the last dim but %d is %d and %d",
                               ir_shape_text(ir_in(g, n, 0), a), ir_shape_text(t, b), k - 1, *d, e);
            }
            *d = e != 1 ? e : *d;
        }
    }
    shape_set(g, n, 0, rank, dim);
    return true;
}
