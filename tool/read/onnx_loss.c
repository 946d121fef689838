/* SPDX-License-Identifier: MIT
 *
 * Losses of ONNX, which tell how far off a classifier is: scores [N, C, ...] and classes [N, ...]. Classes are compared with
 * each number; a class that is to be ignored, or is none, equals none of them and adds nothing.
 */
#include <string.h>

#include "onnx.h"

/* Whether each score [N, C, ...] is that of the class there. */
static int32_t find_hits(struct onnx *o, int32_t scores, int32_t classes)
{
    const int32_t count = ir_dim(onnx_tensor(o, scores), 1);
    const enum type type = onnx_tensor(o, classes)->type;
    if (onnx_has(o, "ignore_index")) {
        const int32_t ignored = onnx_number(o, type, onnx_int(o, "ignore_index", -1));
        classes = onnx_select(o, onnx_compare(o, OP_EQUAL, classes, ignored), onnx_number(o, type, -1), classes);
    }
    const int32_t in[] = {classes, onnx_number(o, TYPE_S32, count), onnx_number(o, TYPE_BOOL, 1),
                          onnx_number(o, TYPE_BOOL, 0)};
    return onnx_typed(o, OP_ONE_HOT, &(struct attr){.axis = 1}, TYPE_BOOL, in, 4);
}

/* Of each place the value of its class; 0 where there is none. */
static int32_t pick(struct onnx *o, int32_t hits, int32_t values)
{
    const int32_t picked = onnx_select(o, hits, values, onnx_real(o, 0));
    return onnx_reduce(o, OP_SUM, picked, (const bool[IR_MAX_RANK]){false, true}, false);
}

static int32_t sum_all(struct onnx *o, int32_t x)
{
    bool all[IR_MAX_RANK];
    memset(all, true, sizeof all);
    return onnx_reduce(o, OP_SUM, x, all, false);
}

/* The negative logarithm of what the class at each place has, times the weight of the class. */
static int32_t loss(struct onnx *o, int32_t logs, int32_t classes, int32_t weights)
{
    const struct tensor t = *onnx_tensor(o, logs);
    const char *reduction = onnx_text(o, "reduction", "mean");
    if (t.rank < 2 || t.rank != onnx_tensor(o, classes)->rank + 1) {
        return onnx_fail(o, "scores have %d dims, classes %d, want 2 or more, and one less", t.rank,
                         onnx_tensor(o, classes)->rank);
    }
    const int32_t hits = find_hits(o, logs, classes);
    const int32_t each = weights != NO_TENSOR ? onnx_channels(o, weights, t.rank) : onnx_real(o, 1);
    int32_t result = onnx_unary(o, OP_NEG, pick(o, hits, logs)), share = pick(o, hits, each);
    if (weights != NO_TENSOR) {
        result = onnx_binary(o, OP_MUL, result, share);
    }
    if (strcmp(reduction, "none") == 0) {
        return result;
    }
    result = sum_all(o, result);
    if (strcmp(reduction, "mean") == 0) {
        return onnx_binary(o, OP_DIV, result, sum_all(o, share));
    }
    return strcmp(reduction, "sum") == 0 ? result : onnx_fail(o, "reduces by %.30s, want none, sum or mean", reduction);
}

void onnx_convert_nll_loss(struct onnx *o) { onnx_out(o, 0, loss(o, onnx_in(o, 0), onnx_in(o, 1), onnx_in(o, 2))); }

void onnx_convert_cross_entropy_loss(struct onnx *o)
{
    const int32_t scores = onnx_in(o, 0), last = onnx_tensor(o, scores)->rank - 1;
    if (last < 1) {
        onnx_fail(o, "scores have %d dims, want 2 or more", last + 1);
        return;
    }
    const int32_t logs = onnx_move_axis(o, onnx_unary(o, OP_LOG_SOFTMAX, onnx_move_axis(o, scores, 1, last)), last, 1);
    onnx_out(o, 0, loss(o, logs, onnx_in(o, 1), onnx_in(o, 2)));
    onnx_out(o, 1, logs);
}
