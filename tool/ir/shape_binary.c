/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the element-wise operators of several inputs.
 */
#include <string.h>

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

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

/* All inputs have one shape, and so has the output. */
bool shape_same(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *first = ir_in(g, n, 0);
    for (int i = 1; i < n->in_count; i++) {
        char a[96], b[96];
        if (ir_in(g, n, i) == NULL || !same_shape(first, ir_in(g, n, i))) {
            return ir_fail(n, diag, "input %d is %s, want %s as input 0 is", i,
                           ir_in(g, n, i) == NULL ? "left out" : ir_shape_text(ir_in(g, n, i), b),
                           ir_shape_text(first, a));
        }
    }
    shape_copy(g, n, 0, first);
    return true;
}

/* The condition has the shape of the others, or is a scalar, or has one value for each index of dim 0. */
bool shape_choose(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *condition = ir_in(g, n, 0), *x = ir_in(g, n, 1), *y = ir_in(g, n, 2);
    const bool by_row = condition->rank == 1 && x->rank > 0 && condition->dim[0] == x->dim[0];
    if (!same_shape(x, y) || !(condition->rank == 0 || by_row || same_shape(condition, x))) {
        char a[96], b[96], c[96];
        return ir_fail(n, diag, "condition %s does not choose between %s and %s; SELECT_V2 broadcasts",
                       ir_shape_text(condition, a), ir_shape_text(x, b), ir_shape_text(y, c));
    }
    shape_copy(g, n, 0, x);
    return true;
}

bool shape_broadcast_to(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t dim[2 * IR_MAX_RANK];
    const int rank = shape_list(g, n, 1, dim, diag);
    if (rank < 0) {
        return false;
    }
    bool fits = rank >= in->rank && rank <= IR_MAX_RANK;
    for (int k = 1; fits && k <= in->rank; k++) {
        fits = in->dim[in->rank - k] == 1 || in->dim[in->rank - k] == dim[rank - k];
    }
    if (!fits) {
        char text[96];
        return ir_fail(n, diag, "input %s does not broadcast to the %d dims asked for", ir_shape_text(in, text), rank);
    }
    return shape_set_wide(g, n, 0, rank, dim, diag);
}

bool shape_broadcast_args(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *x = ir_in(g, n, 0), *y = ir_in(g, n, 1);
    if (x->rank != 1 || y->rank != 1) {
        return ir_fail(n, diag, "inputs have %d and %d dims, want lists of 1", x->rank, y->rank);
    }
    shape_copy(g, n, 0, x->dim[0] > y->dim[0] ? x : y);
    return true;
}
