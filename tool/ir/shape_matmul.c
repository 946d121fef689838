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

/* [..., rows, depth] x [..., depth, columns], the leading dims broadcast. */
bool shape_batch_matmul(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *left = ir_in(g, n, 0), *right = ir_in(g, n, 1);
    const bool adj_x = n->attr.adj_x, adj_y = n->attr.adj_y;
    if (left->rank < 2 || right->rank < 2 || ir_count(left) < 1 || ir_count(right) < 1) {
        return ir_fail(n, diag, "inputs have %d and %d dims, want at least 2 and none empty", left->rank, right->rank);
    }
    const int32_t depth = ir_dim(left, adj_x ? -2 : -1), right_depth = ir_dim(right, adj_y ? -1 : -2);
    if (depth != right_depth) {
        return ir_fail(n, diag, "multiplies rows of %d by columns of %d values, want as many", depth, right_depth);
    }
    const int32_t rank = left->rank > right->rank ? left->rank : right->rank;
    int32_t dim[IR_MAX_RANK];
    for (int32_t i = 0; i < rank - 2; i++) {
        const int32_t a = ir_dim(left, i - rank), b = ir_dim(right, i - rank);
        if (a != b && a != 1 && b != 1) {
            return ir_fail(n, diag, "batches of %d and %d do not broadcast", a, b);
        }
        dim[i] = a == 1 ? b : a;
    }
    dim[rank - 2] = ir_dim(left, adj_x ? -1 : -2);
    dim[rank - 1] = ir_dim(right, adj_y ? -2 : -1);
    shape_set(g, n, 0, rank, dim);
    return true;
}
