/* SPDX-License-Identifier: MIT
 *
 * Matrix products of ONNX. One with constant columns becomes a FULLY_CONNECTED, whose filter has them as rows.
 */
#include "onnx.h"

static int32_t turned(struct onnx *o, int32_t matrix) { return onnx_transpose(o, matrix, (int32_t[]){1, 0}); }

/* The constant as a bias of so many outputs; NO_TENSOR: it is none. */
static int32_t as_bias(struct onnx *o, int32_t c, int32_t units)
{
    const struct tensor *t = onnx_tensor(o, c);
    const bool fits = onnx_is_const(o, c) && t->type == TYPE_F32 && ir_count(t) == units && ir_dim(t, -1) == units;
    return fits ? onnx_reshape(o, c, 1, (int64_t[]){units}) : NO_TENSOR;
}

int32_t onnx_gemm(struct onnx *o)
{
    int32_t a = onnx_in(o, 0), b = onnx_in(o, 1), c = onnx_in(o, 2);
    const bool turns_a = onnx_int(o, "transA", 0) != 0, turns_b = onnx_int(o, "transB", 0) != 0;
    const float alpha = onnx_float(o, "alpha", 1), beta = onnx_float(o, "beta", 1);
    if (onnx_tensor(o, a)->rank != 2 || onnx_tensor(o, b)->rank != 2) {
        return onnx_fail(o, "inputs have %d and %d dims, want 2", onnx_tensor(o, a)->rank, onnx_tensor(o, b)->rank);
    }
    int32_t y, bias = NO_TENSOR;
    c = c == NO_TENSOR ? c : onnx_affine(o, c, beta, 0);
    if (onnx_is_const(o, b)) {
        const int32_t filter = onnx_affine(o, turns_b ? b : turned(o, b), alpha, 0);
        bias = c == NO_TENSOR ? c : as_bias(o, c, onnx_tensor(o, filter)->dim[0]);
        a = turns_a ? turned(o, a) : a;
        y = onnx_emit(o, OP_FULLY_CONNECTED, NULL, (int32_t[]){a, filter, bias}, bias == NO_TENSOR ? 2 : 3);
    } else {
        y = onnx_emit(o, OP_BATCH_MATMUL, &(struct attr){.adj_x = turns_a, .adj_y = turns_b}, (int32_t[]){a, b}, 2);
        y = onnx_affine(o, y, alpha, 0);
    }
    return c == NO_TENSOR || bias != NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, c);
}

void onnx_convert_gemm(struct onnx *o) { onnx_out(o, 0, onnx_gemm(o)); }

/* Vectors are matrices of one row or one column, which the product loses again. */
int32_t onnx_matmul(struct onnx *o, int32_t a, int32_t b)
{
    const struct tensor x = *onnx_tensor(o, a), y = *onnx_tensor(o, b);
    if (x.rank < 1 || y.rank < 1) {
        return onnx_fail(o, "multiplies a scalar");
    }
    a = x.rank == 1 ? onnx_reshape(o, a, 2, (int64_t[]){1, x.dim[0]}) : a;
    b = y.rank == 1 ? onnx_reshape(o, b, 2, (int64_t[]){y.dim[0], 1}) : b;
    int32_t product;
    if (onnx_is_const(o, b) && y.rank <= 2 && x.type == TYPE_F32) {
        product =
            onnx_emit(o, OP_FULLY_CONNECTED, &(struct attr){.keep_num_dims = true}, (int32_t[]){a, turned(o, b)}, 2);
    } else {
        product = onnx_binary(o, OP_BATCH_MATMUL, a, b);
    }
    if (x.rank > 1 && y.rank > 1) {
        return product;
    }
    const struct tensor p = *onnx_tensor(o, product);
    int64_t dim[IR_MAX_RANK];
    int32_t rank = 0;
    for (int32_t d = 0; d < p.rank; d++) {
        if (!(x.rank == 1 && d == p.rank - 2) && !(y.rank == 1 && d == p.rank - 1)) {
            dim[rank++] = p.dim[d];
        }
    }
    return onnx_reshape(o, product, rank, dim);
}

void onnx_convert_matmul(struct onnx *o) { onnx_out(o, 0, onnx_matmul(o, onnx_in(o, 0), onnx_in(o, 1))); }
