/* SPDX-License-Identifier: MIT
 *
 * Attention of opset 23, without what a model keeps of earlier steps: softmax(scale * q * k^T + mask) * v. Queries that share
 * a pair of key and value are rows of one product.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "onnx.h"

struct attention {
    int64_t batch, heads, pairs; /* of queries; of keys and values */
    int64_t queries, values;     /* steps */
    bool is_flat;                /* [batch, steps, heads * size], else [batch, heads, steps, size] */
};

static const int32_t swap_middle[] = {0, 2, 1, 3}, swap_last[] = {0, 1, 3, 2};

/* Input i as [batch, heads, steps, size]. */
static int32_t take(struct onnx *o, int i, int64_t heads)
{
    const int32_t x = onnx_in(o, i);
    const struct tensor t = *onnx_tensor(o, x);
    if (t.rank == 4) {
        return x;
    }
    if (t.rank != 3 || heads < 1 || t.dim[2] % heads != 0) {
        return onnx_fail(o, "input %d has %d dims, want 4, or 3 of %lld heads", i, t.rank, (long long)heads);
    }
    return onnx_transpose(o, onnx_reshape(o, x, 4, (int64_t[]){t.dim[0], t.dim[1], heads, t.dim[2] / heads}),
                          swap_middle);
}

/* What is masked is far below all else. */
static int32_t masked(struct onnx *o, const struct attention *a, int32_t scores)
{
    const int32_t mask = onnx_in(o, 3);
    if (mask != NO_TENSOR) {
        scores = onnx_tensor(o, mask)->type == TYPE_BOOL ? onnx_select(o, mask, scores, onnx_real(o, -FLT_MAX))
                                                         : onnx_binary(o, OP_ADD, scores, mask);
    }
    if (onnx_int(o, "is_causal", 0) == 0 || onnx_failed(o)) {
        return scores;
    }
    uint8_t *before = arena_array(onnx_graph(o)->arena, (size_t)a->queries, (size_t)a->values);
    for (int64_t q = 0; q < a->queries; q++) {
        memset(before + q * a->values, 1, (size_t)(q < a->values ? q + 1 : a->values));
    }
    const int32_t dim[] = {1, 1, (int32_t)a->queries, (int32_t)a->values};
    return onnx_select(o, onnx_const(o, TYPE_BOOL, 4, dim, before), scores, onnx_real(o, -FLT_MAX));
}

static int32_t attend(struct onnx *o, const struct attention *a, int32_t q, int32_t k, int32_t v)
{
    const int64_t size = onnx_tensor(o, q)->dim[3], rows = a->heads / a->pairs * a->queries;
    const float scale = onnx_float(o, "scale", (float)(1 / sqrt((double)size))), cap = onnx_float(o, "softcap", 0);
    q = onnx_reshape(o, onnx_affine(o, q, scale, 0), 4, (int64_t[]){a->batch, a->pairs, rows, size});
    int32_t scores = onnx_binary(o, OP_BATCH_MATMUL, q, onnx_transpose(o, k, swap_last));
    scores = onnx_reshape(o, scores, 4, (int64_t[]){a->batch, a->heads, a->queries, a->values});
    if (cap != 0) {
        scores = onnx_affine(o, onnx_unary(o, OP_TANH, onnx_affine(o, scores, 1 / cap, 0)), cap, 0);
    }
    scores = masked(o, a, scores);
    scores = onnx_emit(o, OP_SOFTMAX, &(struct attr){.beta = 1}, &scores, 1);
    scores = onnx_reshape(o, scores, 4, (int64_t[]){a->batch, a->pairs, rows, a->values});
    const int32_t y = onnx_binary(o, OP_BATCH_MATMUL, scores, v);
    return onnx_reshape(o, y, 4, (int64_t[]){a->batch, a->heads, a->queries, -1});
}

void onnx_convert_attention(struct onnx *o)
{
    const int32_t q = take(o, 0, onnx_int(o, "q_num_heads", 0)), k = take(o, 1, onnx_int(o, "kv_num_heads", 0));
    const int32_t v = take(o, 2, onnx_int(o, "kv_num_heads", 0));
    if (onnx_in(o, 4) != NO_TENSOR || onnx_in(o, 5) != NO_TENSOR || onnx_has_out(o, 1) || onnx_has_out(o, 3)) {
        onnx_fail(o, "goes on with keys and values of earlier steps, or puts out its scores, which mote lacks");
    }
    if (onnx_failed(o)) {
        return;
    }
    const struct tensor x = *onnx_tensor(o, q), of_key = *onnx_tensor(o, k), of_value = *onnx_tensor(o, v);
    if (of_key.dim[1] < 1 || x.dim[1] % of_key.dim[1] != 0 || of_value.dim[1] != of_key.dim[1] ||
        of_value.dim[2] != of_key.dim[2]) {
        onnx_fail(o, "has %d heads, and keys and values for %d and %d", x.dim[1], of_key.dim[1], of_value.dim[1]);
        return;
    }
    const struct attention a = {.batch = x.dim[0],
                                .heads = x.dim[1],
                                .pairs = of_key.dim[1],
                                .queries = x.dim[2],
                                .values = of_value.dim[2],
                                .is_flat = onnx_tensor(o, onnx_in(o, 0))->rank == 3};
    int32_t y = attend(o, &a, q, k, v);
    if (a.is_flat) {
        y = onnx_reshape(o, onnx_transpose(o, y, swap_middle), 3, (int64_t[]){a.batch, a.queries, -1});
    }
    onnx_out(o, 0, y);
}
