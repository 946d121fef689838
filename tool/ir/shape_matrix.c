/* SPDX-License-Identifier: MIT
 *
 * Shape rules of diagonals, of other views of the same bits, and of spectra.
 */
#include "shape.h"

bool shape_matrix_diag(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t dim[IR_MAX_RANK + 1];
    if (in->rank < 1) {
        return ir_fail(n, diag, "input is a single value, want 1 dim or more");
    }
    for (int d = 0; d <= in->rank; d++) {
        dim[d] = in->dim[d < in->rank ? d : d - 1];
    }
    return shape_set_wide(g, n, 0, in->rank + 1, dim, diag);
}

bool shape_matrix_set_diag(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *diagonal = ir_in(g, n, 1);
    bool fits = in->rank >= 2 && diagonal->rank == in->rank - 1;
    for (int d = 0; d < diagonal->rank && fits; d++) {
        const int32_t h = in->dim[d], w = in->dim[d + 1];
        fits = diagonal->dim[d] == (d < diagonal->rank - 1 ? h : h < w ? h : w);
    }
    if (!fits) {
        return ir_fail(n, diag, "a diagonal of %d dims does not fit matrices of %d dims", diagonal->rank, in->rank);
    }
    shape_copy(g, n, 0, in);
    return true;
}

bool shape_determinant(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    if (in->rank < 2 || ir_dim(in, -1) != ir_dim(in, -2)) {
        return ir_fail(n, diag, "input has %d dims, the last of %d and %d, want square matrices", in->rank,
                       ir_dim(in, -2), ir_dim(in, -1));
    }
    const struct tensor t = *in;
    shape_set(g, n, 0, t.rank - 2, t.dim);
    return true;
}

bool shape_bitcast(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const int from = ir_type_bits(in->type), to = ir_type_bits(ir_out(g, n, 0)->type);
    int64_t dim[IR_MAX_RANK + 1];
    int32_t rank = in->rank;
    for (int d = 0; d < rank; d++) {
        dim[d] = in->dim[d];
    }
    if (from > to) {
        dim[rank++] = from / to;
    } else if (from < to && (rank == 0 || dim[--rank] != to / from)) {
        return ir_fail(n, diag, "last dim is %d, want %d", ir_dim(in, -1), to / from);
    }
    return shape_set_wide(g, n, 0, rank, dim, diag);
}

bool shape_rfft2d(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t list[2 * IR_MAX_RANK], dim[IR_MAX_RANK];
    const int count = shape_list(g, n, 1, list, diag);
    if (count < 0) {
        return false;
    }
    if (in->rank < 2 || count != 2) {
        return ir_fail(n, diag, "has an input of %d dims and %d lengths, want 2 or more, and 2", in->rank, count);
    }
    for (int i = 0; i < 2; i++) {
        if (list[i] < 1 || list[i] > 1 << 20 || (list[i] & (list[i] - 1)) != 0) {
            return ir_fail(n, diag, "length %lld is no power of 2 up to 2^20", (long long)list[i]);
        }
    }
    for (int d = 0; d < in->rank; d++) {
        dim[d] = in->dim[d];
    }
    dim[in->rank - 2] = list[0];
    dim[in->rank - 1] = list[1] / 2 + 1;
    return shape_set_wide(g, n, 0, in->rank, dim, diag);
}
