/* SPDX-License-Identifier: MIT
 *
 * Arithmetic of StableHLO that takes several operators.
 */
#include <string.h>

#include "hlo.h"

static int32_t unary(struct hlo *h, enum op op, int32_t x) { return hlo_node(h, op, NULL, hlo_in(h, 0).type, &x, 1); }

/* Inputs least, x, most. */
void hlo_convert_clamp(struct hlo *h)
{
    if (h->from->in_count != 3) {
        hlo_fail(h, "has %d inputs, want 3", h->from->in_count);
        return;
    }
    hlo_result(h, hlo_binary(h, OP_MINIMUM, hlo_binary(h, OP_MAXIMUM, h->from->in[1], h->from->in[0]), h->from->in[2]));
}

/* sign(x) * |x|^(1/3) */
void hlo_convert_cbrt(struct hlo *h)
{
    const int32_t x = h->from->in[0];
    const int32_t root = hlo_binary(h, OP_POW, unary(h, OP_ABS, x), hlo_real(h, 1.0f / 3.0f));
    hlo_result(h, hlo_binary(h, OP_MUL, unary(h, OP_SIGN, x), root));
}

/* Of the sign of the first input: sign(x) * (|x| mod |y|). */
void hlo_convert_remainder(struct hlo *h)
{
    if (h->from->in_count != 2) {
        hlo_fail(h, "has %d inputs, want 2", h->from->in_count);
        return;
    }
    const int32_t x = h->from->in[0];
    const int32_t rest = hlo_binary(h, OP_FLOOR_MOD, unary(h, OP_ABS, x), unary(h, OP_ABS, h->from->in[1]));
    hlo_result(h, hlo_binary(h, OP_MUL, unary(h, OP_SIGN, x), rest));
}

/*** Products ***/

/* An input of a product: its dims by what they are there, and the product of their extents. */
struct side {
    int32_t rank, batches, sums;
    int32_t batch[IR_MAX_RANK], sum[IR_MAX_RANK], free[IR_MAX_RANK];
    int32_t batch_count, sum_count, free_count;
};

static void find_side(struct hlo *h, int i, struct side *s)
{
    const struct tensor t = hlo_in(h, i);
    bool is_taken[IR_MAX_RANK] = {false};
    s->rank = t.rank;
    s->batches = hlo_list(h, i, -1, t.rank, s->batch);
    s->sums = hlo_list(h, 2 + i, -1, t.rank, s->sum);
    s->batch_count = s->sum_count = s->free_count = 1;
    for (int32_t k = 0; k < s->batches + s->sums; k++) {
        const int32_t d = k < s->batches ? s->batch[k] : s->sum[k - s->batches];
        if (d < 0 || d >= t.rank || is_taken[d]) {
            hlo_fail(h, "takes dim %d of input %d, of %d dims, or takes it twice", d, i, t.rank);
            return;
        }
        is_taken[d] = true;
        *(k < s->batches ? &s->batch_count : &s->sum_count) *= t.dim[d];
    }
    for (int32_t d = 0, n = 0; d < t.rank; d++) {
        if (!is_taken[d]) {
            s->free[n++] = d;
            s->free_count *= t.dim[d];
        }
    }
}

/* [batches, free, sums], or with the last two in the other order. */
static int32_t as_matrices(struct hlo *h, int i, const struct side *s, bool sums_first)
{
    const int32_t frees = s->rank - s->batches - s->sums;
    int32_t order[IR_MAX_RANK];
    memcpy(order, s->batch, (size_t)s->batches * sizeof *order);
    memcpy(order + s->batches + (sums_first ? 0 : frees), s->sum, (size_t)s->sums * sizeof *order);
    memcpy(order + s->batches + (sums_first ? s->sums : 0), s->free, (size_t)frees * sizeof *order);
    const int32_t dim[] = {s->batch_count, sums_first ? s->sum_count : s->free_count,
                           sums_first ? s->free_count : s->sum_count};
    return hlo_reshape(h, hlo_transpose(h, h->from->in[i], s->rank, order), 3, dim);
}

void hlo_convert_dot_general(struct hlo *h)
{
    struct side a = {0}, b = {0};
    if (h->from->in_count != 2 || hlo_in(h, 0).type != TYPE_F32 || hlo_in(h, 1).type != TYPE_F32) {
        hlo_fail(h, "multiplies other than two tensors of float32; convert it to BATCH_MATMUL");
        return;
    }
    find_side(h, 0, &a);
    find_side(h, 1, &b);
    if (h->fault != NULL || a.batch_count != b.batch_count || a.sum_count != b.sum_count) {
        hlo_fail(h, "sums over %d and %d values", a.sum_count, b.sum_count);
        return;
    }
    const int32_t in[] = {as_matrices(h, 0, &a, false), as_matrices(h, 1, &b, true)};
    hlo_result(h, hlo_node(h, OP_BATCH_MATMUL, NULL, TYPE_F32, in, 2));
}
