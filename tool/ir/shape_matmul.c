/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the matrix products.
 */
#include "shape.h"

/* The input is flattened to rows of the filter's depth; keep_num_dims keeps all dims but the last. */
bool shape_fully_connected(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    if (filter->rank != 2 || ir_count(filter) < 1) {
        char text[96];
        return ir_fail(n, diag, "filter has shape %s, want [units, depth]", ir_shape_text(filter, text));
    }
    const int32_t units = filter->dim[0], depth = filter->dim[1];
    const int64_t count = ir_count(in);
    if (count < 1 || count % depth != 0) {
        return ir_fail(n, diag, "input has %lld values, want a multiple of the filter's depth %d", (long long)count,
                       depth);
    }
    int32_t dim[IR_MAX_RANK] = {(int32_t)(count / depth), units};
    if (!n->attr.keep_num_dims) {
        shape_set(g, n, 0, 2, dim);
        return true;
    }
    if (ir_dim(in, -1) != depth || in->rank < 1) {
        return ir_fail(n, diag, "keeps its dims, so the input's last, %d, should be the filter's depth %d",
                       ir_dim(in, -1), depth);
    }
    shape_copy(g, n, 0, in);
    ir_out(g, n, 0)->dim[in->rank - 1] = units;
    return true;
}
