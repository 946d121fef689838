/* SPDX-License-Identifier: MIT
 *
 * Pooling of ONNX.
 */
#include <math.h>
#include <string.h>

#include "onnx_image.h"

/* An average that counts the padding is one of the padded image. */
static int32_t pad_counted(struct onnx *o, int32_t x, struct onnx_window *w)
{
    struct onnx_window pads = *w;
    for (int d = 0; d < 2; d++) {
        int64_t list[2 * ONNX_MAX_SPACE];
        const int dims = w->rank - 2;
        if (onnx_list(o, "pads", list, 2 * ONNX_MAX_SPACE) == 2 * dims && d < dims) { /* without what ceil_mode adds */
            pads.after[d] = list[dims + d];
        }
        w->after[d] -= pads.after[d];
        w->before[d] = 0;
    }
    return onnx_pad_image(o, x, &pads, onnx_real(o, 0));
}

/*** By taps: each place of the window is a slice of the padded input, in the file's layout ***/

struct taps {
    const struct onnx_window *w;
    int32_t dims, padded;
    int64_t at[ONNX_MAX_SPACE];
};

static int32_t slice_tap(struct onnx *o, const struct taps *taps)
{
    const struct onnx_window *w = taps->w;
    const struct tensor t = *onnx_tensor(o, taps->padded);
    int64_t begin[IR_MAX_RANK], end[IR_MAX_RANK], stride[IR_MAX_RANK];
    for (int32_t d = 0; d < t.rank; d++) {
        begin[d] = d < 2 ? 0 : taps->at[d - 2] * w->dilation[d - 2];
        stride[d] = d < 2 ? 1 : w->stride[d - 2];
        end[d] = d < 2 ? t.dim[d] : begin[d] + (w->out[d - 2] - 1) * stride[d] + 1;
    }
    const int32_t in[] = {taps->padded, onnx_const_list(o, t.rank, begin), onnx_const_list(o, t.rank, end),
                          onnx_const_list(o, t.rank, stride)};
    return onnx_emit(o, OP_STRIDED_SLICE, NULL, in, 4);
}

static bool next_tap(struct taps *taps)
{
    for (int d = taps->dims - 1; d >= 0; d--) {
        if (++taps->at[d] < taps->w->size[d]) {
            return true;
        }
        taps->at[d] = 0;
    }
    return false;
}

static int32_t pad_space(struct onnx *o, int32_t x, const struct onnx_window *w, float value)
{
    int32_t pads[2 * IR_MAX_RANK] = {0};
    for (int32_t d = 2; d < w->rank; d++) {
        pads[2 * d] = (int32_t)w->before[d - 2];
        pads[2 * d + 1] = (int32_t)w->after[d - 2];
    }
    const int32_t list = onnx_const(o, TYPE_S32, 2, (int32_t[]){w->rank, 2}, pads);
    return onnx_emit(o, OP_PADV2, NULL, (int32_t[]){x, list, onnx_real(o, value)}, 3);
}

/* How far apart in memory neighbours along each dim of space are, for indices. */
static void find_steps(struct onnx *o, const struct tensor *t, int64_t step[])
{
    const bool columns_first = onnx_int(o, "storage_order", 0) != 0;
    int64_t size = 1;
    for (int32_t k = 2; k < t->rank; k++) {
        const int32_t d = columns_first ? k : t->rank + 1 - k;
        step[d - 2] = size;
        size *= t->dim[d];
    }
}

/* The index of the first place of the window for each output. */
static int32_t first_indices(struct onnx *o, const struct tensor *t, const struct onnx_window *w, const int64_t step[])
{
    int32_t dim[IR_MAX_RANK];
    int64_t count = 1, image = 1;
    for (int32_t d = 0; d < t->rank; d++) {
        dim[d] = d < 2 ? t->dim[d] : (int32_t)w->out[d - 2];
        count *= dim[d];
        image *= d < 2 ? 1 : t->dim[d];
    }
    int32_t *list = ARENA_ARRAY(o->arena, count, int32_t);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, index = 0;
        for (int32_t d = t->rank - 1; d >= 2; d--) {
            index += (rest % dim[d] * w->stride[d - 2] - w->before[d - 2]) * step[d - 2];
            rest /= dim[d];
        }
        list[i] = (int32_t)(rest * image + index);
    }
    return onnx_const(o, TYPE_S32, t->rank, dim, list);
}

/* The maximum and, if wanted, the place of the first one. */
static int32_t max_by_taps(struct onnx *o, int32_t x, const struct onnx_window *w, int32_t *where)
{
    const struct tensor t = *onnx_tensor(o, x);
    const bool wants_place = onnx_has_out(o, 1);
    struct taps taps = {w, w->rank - 2, pad_space(o, x, w, -INFINITY), {0}};
    int64_t step[ONNX_MAX_SPACE] = {0};
    int32_t best = NO_TENSOR, place = onnx_number(o, TYPE_S32, 0);
    find_steps(o, &t, step);
    do {
        const int32_t tap = slice_tap(o, &taps);
        if (best != NO_TENSOR && wants_place) {
            int64_t away = 0;
            for (int d = 0; d < taps.dims; d++) {
                away += taps.at[d] * w->dilation[d] * step[d];
            }
            place = onnx_select(o, onnx_compare(o, OP_GREATER, tap, best), onnx_number(o, TYPE_S32, away), place);
        }
        best = best == NO_TENSOR ? tap : onnx_binary(o, OP_MAXIMUM, best, tap);
    } while (next_tap(&taps) && !onnx_failed(o));
    if (wants_place && !onnx_failed(o)) {
        *where = onnx_cast(o, onnx_binary(o, OP_ADD, first_indices(o, &t, w, step), place), TYPE_S64);
    }
    return best;
}

/* The sum over the number of what is no padding, or of all places. */
static int32_t average_by_taps(struct onnx *o, int32_t x, const struct onnx_window *w)
{
    const bool counts_pads = onnx_int(o, "count_include_pad", 0) != 0;
    const int32_t ones = onnx_filled(o, onnx_real(o, 1), x);
    struct taps taps = {w, w->rank - 2, pad_space(o, x, w, 0), {0}}, there = taps;
    there.padded = pad_space(o, ones, w, counts_pads ? 1 : 0);
    int32_t sum = NO_TENSOR, count = NO_TENSOR;
    do {
        const int32_t tap = slice_tap(o, &taps), one = slice_tap(o, &there);
        sum = sum == NO_TENSOR ? tap : onnx_binary(o, OP_ADD, sum, tap);
        count = count == NO_TENSOR ? one : onnx_binary(o, OP_ADD, count, one);
    } while (next_tap(&there) && next_tap(&taps) && !onnx_failed(o));
    return onnx_binary(o, OP_DIV, sum, count);
}

/*** Volumes: along height and width, then along depth ***/

static int32_t pool_volume(struct onnx *o, int32_t in, enum op op, const struct onnx_window *w)
{
    const int32_t x = onnx_to_nhwc(o, in);
    const struct tensor t = *onnx_tensor(o, x);
    const struct onnx_window plane = {4,      {w->size[1], w->size[2]},     {w->stride[1], w->stride[2]},
                                      {1, 1}, {w->before[1], w->before[2]}, {w->after[1], w->after[2]},
                                      {0}};
    const struct onnx_window depth = {4,  {w->size[0], 1}, {w->stride[0], 1}, {1, 1}, {w->before[0]}, {w->after[0]},
                                      {0}};
    const struct attr planes = onnx_window_attr(&plane), depths = onnx_window_attr(&depth);
    int32_t y = onnx_reshape(o, x, 4, (int64_t[]){(int64_t)t.dim[0] * t.dim[1], t.dim[2], t.dim[3], t.dim[4]});
    y = onnx_emit(o, op, &planes, &y, 1);
    y = onnx_reshape(o, y, 4, (int64_t[]){t.dim[0], t.dim[1], w->out[1] * w->out[2], t.dim[4]});
    y = onnx_emit(o, op, &depths, &y, 1);
    y = onnx_reshape(o, y, 5, (int64_t[]){t.dim[0], w->out[0], w->out[1], w->out[2], t.dim[4]});
    return onnx_from_nhwc(o, y, 5);
}

int32_t onnx_pool(struct onnx *o, int32_t given, bool is_average, int32_t *place)
{
    const struct tensor t = *onnx_tensor(o, given);
    const enum op op = is_average ? OP_AVERAGE_POOL_2D : OP_MAX_POOL_2D;
    struct onnx_window w;
    const int32_t in = onnx_cast(o, given, TYPE_F32); /* bytes without a scale */
    if (!onnx_read_window(o, in, NULL, &w)) {
        return NO_TENSOR;
    }
    const bool has_holes = w.dilation[0] != 1 || w.dilation[1] != 1 || w.dilation[2] != 1;
    const bool counts_pads = onnx_int(o, "count_include_pad", 0) != 0;
    if (is_average && (has_holes || (t.rank == 5 && counts_pads))) {
        return average_by_taps(o, in, &w);
    }
    if (!is_average && (has_holes || onnx_has_out(o, 1))) {
        return max_by_taps(o, in, &w, place);
    }
    if (t.rank == 5) {
        return onnx_cast(o, pool_volume(o, in, op, &w), t.type);
    }
    int32_t x = onnx_to_nhwc(o, in);
    x = is_average && counts_pads ? pad_counted(o, x, &w) : x;
    const struct attr attr = onnx_window_attr(&w);
    return onnx_cast(o, onnx_from_nhwc(o, onnx_emit(o, op, &attr, &x, 1), t.rank), t.type);
}

void onnx_convert_pool(struct onnx *o)
{
    int32_t place = NO_TENSOR;
    onnx_out(o, 0, onnx_pool(o, onnx_in(o, 0), onnx_op(o) == OP_AVERAGE_POOL_2D, &place));
    if (place != NO_TENSOR) {
        onnx_out(o, 1, place);
    }
}

/* Values go to where the maxima came from; the rest is 0. A larger output shape only adds zeros behind. */
void onnx_convert_max_unpool(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t dim[IR_MAX_RANK], wanted[IR_MAX_RANK], all = 1;
    const int given = onnx_in_list(o, 2, wanted, IR_MAX_RANK);
    struct onnx_window w;
    if (!onnx_read_transposed_window(o, x, NULL, &w) || (given >= 0 && given != t.rank)) {
        onnx_fail(o, "output shape has %d dims, want %d", given, t.rank);
        return;
    }
    for (int32_t d = 0; d < t.rank; d++) {
        const int s = d - 2;
        dim[d] = d < 2 ? t.dim[d] : (t.dim[d] - 1) * w.stride[s] + w.size[s] - w.before[s] - w.after[s];
        if (dim[d] < 1 || dim[d] > INT32_MAX / all) {
            onnx_fail(o, "makes an output whose dim %d is %lld", d, (long long)dim[d]);
            return;
        }
        all *= dim[d];
    }
    const int32_t at = onnx_reshape(o, onnx_cast(o, onnx_in(o, 1), TYPE_S32), 2, (int64_t[]){-1, 1});
    const int32_t in[] = {at, onnx_reshape(o, x, 1, (int64_t[]){-1}), onnx_const_list(o, 1, &all)};
    int32_t y = onnx_reshape(o, onnx_typed(o, OP_SCATTER_ND, NULL, t.type, in, 3), t.rank, dim);
    int32_t pads[2 * IR_MAX_RANK] = {0};
    for (int32_t d = 0; d < t.rank && given >= 0; d++) {
        pads[2 * d + 1] = (int32_t)(wanted[d] - dim[d]);
    }
    if (given >= 0) {
        y = onnx_emit(o, OP_PAD, NULL, (int32_t[]){y, onnx_const(o, TYPE_S32, 2, (int32_t[]){t.rank, 2}, pads)}, 2);
    }
    onnx_out(o, 0, y);
}

void onnx_convert_global_pool(struct onnx *o)
{
    static const bool spatial[IR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    onnx_out(o, 0, onnx_reduce(o, onnx_op(o), onnx_in(o, 0), spatial, true));
}

/* (sum of |x|^p)^(1/p) */
void onnx_convert_global_lp_pool(struct onnx *o)
{
    static const bool spatial[IR_MAX_RANK] = {false, false, true, true, true, true, true, true};
    const float p = (float)onnx_int(o, "p", 2);
    const int32_t size = onnx_unary(o, OP_ABS, onnx_in(o, 0));
    const int32_t power = onnx_binary(o, OP_POW, size, onnx_real(o, p));
    const int32_t sum = onnx_reduce(o, OP_SUM, power, spatial, true);
    onnx_out(o, 0, onnx_binary(o, OP_POW, sum, onnx_real(o, 1 / p)));
}
