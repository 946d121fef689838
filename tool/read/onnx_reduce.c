/* SPDX-License-Identifier: MIT
 *
 * Operators of ONNX that run along axes.
 */
#include <string.h>

#include "onnx.h"

/* Sums are given axes as an input since version 13, the others since version 18. */
static bool read_axes(struct onnx *o, int32_t rank, bool reduced[])
{
    int64_t axes[IR_MAX_RANK];
    const int since = strcmp(onnx_name(o), "ReduceSum") == 0 ? 13 : 18;
    const int count = onnx_in_or_list(o, 1, "axes", since, axes, IR_MAX_RANK);
    const bool all = count <= 0 && onnx_int(o, "noop_with_empty_axes", 0) == 0;
    for (int32_t d = 0; d < IR_MAX_RANK; d++) {
        reduced[d] = all && d < rank;
    }
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        reduced[onnx_axis(o, axes[i], rank)] = true;
    }
    return !onnx_failed(o);
}

/* log(sum of e^x), the maximum taken out so that nothing overflows */
static int32_t log_sum_exp(struct onnx *o, int32_t x, const bool reduced[], bool keep)
{
    const int32_t top = onnx_reduce(o, OP_REDUCE_MAX, x, reduced, true);
    const int32_t e = onnx_unary(o, OP_EXP, onnx_binary(o, OP_SUB, x, top));
    const int32_t sum = onnx_unary(o, OP_LOG, onnx_reduce(o, OP_SUM, e, reduced, keep));
    return onnx_binary(o, OP_ADD, sum, keep ? top : onnx_reduce(o, OP_REDUCE_MAX, x, reduced, false));
}

static int32_t reduce(struct onnx *o, const char *name, int32_t x, const bool reduced[], bool keep)
{
    if (strcmp(name, "ReduceLogSumExp") == 0) {
        return log_sum_exp(o, x, reduced, keep);
    }
    if (strcmp(name, "ReduceL1") == 0) {
        x = onnx_unary(o, OP_ABS, x);
    } else if (strcmp(name, "ReduceL2") == 0 || strcmp(name, "ReduceSumSquare") == 0) {
        x = onnx_binary(o, OP_MUL, x, x);
    }
    const int32_t y = onnx_reduce(o, onnx_op(o), x, reduced, keep);
    return strcmp(name, "ReduceL2") == 0       ? onnx_unary(o, OP_SQRT, y)
           : strcmp(name, "ReduceLogSum") == 0 ? onnx_unary(o, OP_LOG, y)
                                               : y;
}

/* Reductions of int64 are computed with 32 bits, which is enough where they are constant, as shapes are. */
void onnx_convert_reduce(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const enum type type = onnx_tensor(o, x)->type;
    enum type inner = onnx_wide_type(type);
    bool reduced[IR_MAX_RANK];
    if (!read_axes(o, onnx_tensor(o, x)->rank, reduced)) {
        return;
    }
    if (inner == TYPE_S64) {
        if (!onnx_is_const(o, x)) {
            onnx_fail(o, "reduces %s known only at run time; cast to int32 or float32", ir_type_text(type));
            return;
        }
        inner = TYPE_S32;
    }
    const int32_t y = reduce(o, onnx_name(o), onnx_cast(o, x, inner), reduced, onnx_int(o, "keepdims", 1) != 0);
    onnx_out(o, 0, onnx_cast(o, y, type));
}

/* The first of equal values, or the last: then looked for from the end. */
void onnx_convert_arg(struct onnx *o)
{
    int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 0), t.rank);
    const bool from_end = onnx_int(o, "select_last_index", 0) != 0;
    if (onnx_failed(o)) {
        return;
    }
    const int32_t at = onnx_number(o, TYPE_S32, axis);
    if (from_end) {
        x = onnx_emit(o, OP_REVERSE_V2, NULL, (int32_t[]){x, onnx_const_list(o, 1, (int64_t[]){axis})}, 2);
    }
    int32_t y = onnx_typed(o, onnx_op(o), &(struct attr){.type = TYPE_S64}, TYPE_S64, (int32_t[]){x, at}, 2);
    if (from_end) {
        y = onnx_binary(o, OP_SUB, onnx_number(o, TYPE_S64, t.dim[axis] - 1), y);
    }
    if (onnx_int(o, "keepdims", 1) != 0) {
        int64_t dim[IR_MAX_RANK];
        for (int32_t d = 0; d < t.rank; d++) {
            dim[d] = d == axis ? 1 : t.dim[d];
        }
        y = onnx_reshape(o, y, t.rank, dim);
    }
    onnx_out(o, 0, y);
}

void onnx_convert_cumsum(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    int64_t axis = 0;
    onnx_in_list(o, 1, &axis, 1);
    const struct attr attr = {.exclusive = onnx_int(o, "exclusive", 0) != 0, .reverse = onnx_int(o, "reverse", 0) != 0};
    const int32_t at = onnx_number(o, TYPE_S32, onnx_axis(o, axis, onnx_tensor(o, x)->rank));
    onnx_out(o, 0, onnx_emit(o, OP_CUMSUM, &attr, (int32_t[]){x, at}, 2));
}

/* The k largest along the last axis; the smallest are the largest of the negated. */
void onnx_convert_top_k(struct onnx *o)
{
    const int32_t in = onnx_in(o, 0), rank = onnx_tensor(o, in)->rank;
    const enum type type = onnx_tensor(o, in)->type;
    int64_t k = 0;
    if (onnx_opset(o) >= 10) {
        onnx_in_list(o, 1, &k, 1);
    } else {
        k = onnx_int(o, "k", 0);
    }
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", -1), rank);
    if (onnx_failed(o)) {
        return;
    }
    const bool smallest = onnx_int(o, "largest", 1) == 0;
    int32_t x = onnx_move_axis(o, in, axis, rank - 1), out[2];
    x = smallest ? onnx_binary(o, OP_SUB, onnx_number(o, type, 0), x) : x;
    onnx_node(o, OP_TOPK_V2, NULL, (int32_t[]){x, onnx_number(o, TYPE_S32, k)}, 2, (enum type[]){type, TYPE_S32}, out,
              2);
    const int32_t values = smallest ? onnx_binary(o, OP_SUB, onnx_number(o, type, 0), out[0]) : out[0];
    onnx_out(o, 0, onnx_move_axis(o, values, rank - 1, axis));
    onnx_out(o, 1, onnx_cast(o, onnx_move_axis(o, out[1], rank - 1, axis), TYPE_S64));
}
