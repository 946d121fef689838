/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators that reduce or run along axes.
 */
#include "shape.h"

#include <string.h>

bool shape_axes(struct graph *g, struct node *n, bool named[], struct diag *diag)
{
    const int32_t rank = ir_in(g, n, 0)->rank;
    int64_t list[2 * IR_MAX_RANK];
    const int count = shape_list(g, n, 1, list, diag);
    memset(named, 0, IR_MAX_RANK * sizeof named[0]);
    for (int i = 0; i < count && rank > 0; i++) { /* a scalar has no axis to name, whatever the list says */
        int32_t axis;
        if (!shape_axis(n, list[i], rank, &axis, diag)) {
            return false;
        }
        named[axis] = true;
    }
    return count >= 0;
}

/* Output 0 has the dims of input 0; those named are dropped, or kept as 1. */
static void set_reduced(struct graph *g, struct node *n, const bool named[], bool keep_dims)
{
    const struct tensor *in = ir_in(g, n, 0);
    int32_t dim[IR_MAX_RANK], rank = 0;
    for (int32_t i = 0; i < in->rank; i++) {
        if (!named[i] || keep_dims) {
            dim[rank++] = named[i] ? 1 : in->dim[i];
        }
    }
    shape_set(g, n, 0, rank, dim);
}

bool shape_reduce(struct graph *g, struct node *n, struct diag *diag)
{
    bool named[IR_MAX_RANK];
    if (ir_count(ir_in(g, n, 0)) == 0) {
        return ir_fail(n, diag, "input is empty");
    }
    if (!shape_axes(g, n, named, diag)) {
        return false;
    }
    set_reduced(g, n, named, n->attr.keep_dims);
    return true;
}

bool shape_arg(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    bool named[IR_MAX_RANK];
    if (in->rank < 1 || ir_count(in) == 0) {
        return ir_fail(n, diag, "input is a scalar or empty");
    }
    if (ir_count(ir_in(g, n, 1)) != 1) {
        return ir_fail(n, diag, "has %lld axes, want 1", (long long)ir_count(ir_in(g, n, 1)));
    }
    if (!shape_axes(g, n, named, diag)) {
        return false;
    }
    set_reduced(g, n, named, false);
    return true;
}

bool shape_cumsum(struct graph *g, struct node *n, struct diag *diag)
{
    bool named[IR_MAX_RANK];
    if (ir_in(g, n, 0)->rank < 1 || ir_count(ir_in(g, n, 1)) != 1) {
        return ir_fail(n, diag, "has %lld axes of %d, want 1", (long long)ir_count(ir_in(g, n, 1)),
                       ir_in(g, n, 0)->rank);
    }
    if (!shape_axes(g, n, named, diag)) {
        return false;
    }
    shape_copy(g, n, 0, ir_in(g, n, 0));
    return true;
}
