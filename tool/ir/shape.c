/* SPDX-License-Identifier: MIT
 *
 * What the shape rules share.
 */
#include "shape.h"

#include <string.h>

void shape_set(struct graph *g, struct node *n, int i, int32_t rank, const int32_t dim[])
{
    struct tensor *out = ir_out(g, n, i);
    out->rank = rank;
    memset(out->dim, 0, sizeof out->dim);
    if (rank > 0) {
        memmove(out->dim, dim, (size_t)rank * sizeof dim[0]);
    }
}

void shape_copy(struct graph *g, struct node *n, int i, const struct tensor *t)
{
    int32_t dim[IR_MAX_RANK];
    memcpy(dim, t->dim, sizeof dim); /* `t` may be the output itself */
    shape_set(g, n, i, t->rank, dim);
}

int shape_list(struct graph *g, struct node *n, int i, int64_t list[], struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    if (t->type != TYPE_S32 && t->type != TYPE_S64) {
        ir_fail(n, diag, "input %d is %s, want int32 or int64", i, ir_type_text(t->type));
        return -1;
    }
    const int64_t count = ir_count(t);
    if (count > 0 && t->data == NULL) {
        ir_fail(n, diag,
                "input %d is known only at run time, so the shape of the result is not; "
                "convert the model with static shapes",
                i);
        return -1;
    }
    if (count > 2 * IR_MAX_RANK) {
        ir_fail(n, diag, "input %d has %lld values, want at most %d", i, (long long)count, 2 * IR_MAX_RANK);
        return -1;
    }
    for (int64_t k = 0; k < count; k++) {
        const int64_t value = ir_const_int(t, k), limit = INT64_C(1) << 60;
        list[k] = value < -limit ? -limit : value > limit ? limit : value;
    }
    return (int)count;
}

bool shape_number(struct graph *g, struct node *n, int i, int64_t *value, struct diag *diag)
{
    int64_t list[2 * IR_MAX_RANK];
    const int count = shape_list(g, n, i, list, diag);
    if (count < 0) {
        return false;
    }
    if (count != 1) {
        return ir_fail(n, diag, "input %d has %d values, want one", i, count);
    }
    *value = list[0];
    return true;
}

bool shape_axis(struct node *n, int64_t axis, int32_t rank, int32_t *result, struct diag *diag)
{
    if (axis < -rank || axis >= rank) {
        return ir_fail(n, diag, "axis is %lld, want it in [%d, %d]", (long long)axis, -rank, rank - 1);
    }
    *result = (int32_t)(axis < 0 ? axis + rank : axis);
    return true;
}

bool shape_set_wide(struct graph *g, struct node *n, int i, int32_t rank, const int64_t dim[], struct diag *diag)
{
    int32_t narrow[IR_MAX_RANK];
    if (rank > IR_MAX_RANK) {
        return ir_fail(n, diag, "makes a tensor of %d dims, want at most %d", rank, IR_MAX_RANK);
    }
    for (int d = 0; d < rank; d++) {
        if (dim[d] < 0 || dim[d] > INT32_MAX) {
            return ir_fail(n, diag, "makes a tensor whose dim %d is %lld", d, (long long)dim[d]);
        }
        narrow[d] = (int32_t)dim[d];
    }
    shape_set(g, n, i, rank, narrow);
    return true;
}

int32_t shape_window(enum padding padding, int32_t in, int32_t size, int32_t stride, int32_t dilation)
{
    const int64_t reach = (int64_t)(size - 1) * dilation + 1;
    const int64_t room = padding == PADDING_SAME ? in : in - reach + 1;
    return room <= 0 ? 0 : (int32_t)((room + stride - 1) / stride);
}

int32_t shape_window_pad(enum padding padding, int32_t in, int32_t size, int32_t stride, int32_t dilation)
{
    const int64_t out = shape_window(padding, in, size, stride, dilation);
    const int64_t need = (out - 1) * stride + (int64_t)(size - 1) * dilation + 1 - in;
    return need > 0 ? (int32_t)(need / 2) : 0;
}
