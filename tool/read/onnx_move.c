/* SPDX-License-Identifier: MIT
 *
 * Operators of ONNX that move data: shapes, joining and cutting, padding, repeating.
 */
#include <math.h>
#include <string.h>

#include "onnx.h"

static void dims_of(const struct tensor *t, int64_t dim[])
{
    for (int32_t d = 0; d < t->rank; d++) {
        dim[d] = t->dim[d];
    }
}

/*** The same elements in another shape ***/

/* 0 keeps a dim, unless `allowzero` takes it as it is. */
void onnx_convert_reshape(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t dim[IR_MAX_RANK];
    const int rank = onnx_in_list(o, 1, dim, IR_MAX_RANK);
    for (int d = 0; d < rank && onnx_int(o, "allowzero", 0) == 0; d++) {
        dim[d] = dim[d] == 0 && d < t.rank ? t.dim[d] : dim[d];
    }
    onnx_out(o, 0, rank < 0 ? NO_TENSOR : onnx_reshape(o, x, rank, dim));
}

void onnx_convert_flatten(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    const int64_t asked = onnx_int(o, "axis", 1), axis = asked < 0 ? asked + t.rank : asked;
    int64_t before = 1, behind = 1;
    for (int32_t d = 0; d < t.rank; d++) {
        *(d < axis ? &before : &behind) *= t.dim[d];
    }
    if (axis < 0 || axis > t.rank) {
        onnx_fail(o, "axis is %lld, want it in [%d, %d]", (long long)asked, -t.rank, t.rank);
    }
    onnx_out(o, 0, onnx_reshape(o, x, 2, (int64_t[]){before, behind}));
}

void onnx_convert_squeeze(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t axes[IR_MAX_RANK], dim[IR_MAX_RANK];
    const int count = onnx_in_or_list(o, 1, "axes", 13, axes, IR_MAX_RANK);
    bool drop[IR_MAX_RANK] = {false};
    int32_t rank = 0;
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        drop[onnx_axis(o, axes[i], t.rank)] = true;
    }
    for (int32_t d = 0; d < t.rank; d++) {
        if (count >= 0 ? !drop[d] : t.dim[d] != 1) {
            dim[rank++] = t.dim[d];
        }
    }
    onnx_out(o, 0, onnx_reshape(o, x, rank, dim));
}

void onnx_convert_unsqueeze(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t axes[IR_MAX_RANK], dim[IR_MAX_RANK];
    const int count = onnx_in_or_list(o, 1, "axes", 13, axes, IR_MAX_RANK);
    bool is_new[IR_MAX_RANK] = {false};
    const int32_t rank = t.rank + (count > 0 ? count : 0);
    if (rank > IR_MAX_RANK) {
        onnx_fail(o, "makes %d dims, want at most %d", rank, IR_MAX_RANK);
    }
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        is_new[onnx_axis(o, axes[i], rank)] = true;
    }
    for (int32_t d = 0, from = 0; d < rank && !onnx_failed(o); d++) {
        dim[d] = is_new[d] ? 1 : from < t.rank ? t.dim[from] : 1;
        from += !is_new[d];
    }
    onnx_out(o, 0, onnx_reshape(o, x, rank, dim));
}

void onnx_convert_transpose(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    int64_t perm[IR_MAX_RANK];
    int32_t permutation[IR_MAX_RANK] = {0};
    const int count = onnx_list(o, "perm", perm, IR_MAX_RANK);
    for (int32_t d = 0; d < rank; d++) {
        permutation[d] = count < 0 ? rank - 1 - d : d < count ? onnx_axis(o, perm[d], rank) : 0;
    }
    onnx_out(o, 0, onnx_transpose(o, x, permutation));
}

/*** Joining and cutting ***/

void onnx_convert_concat(struct onnx *o)
{
    const int count = onnx_in_count(o);
    int32_t *in = ARENA_ARRAY(o->arena, count + 1, int32_t);
    in[0] = NO_TENSOR;
    for (int i = 0; i < count; i++) {
        in[i] = onnx_in(o, i);
    }
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 1), onnx_tensor(o, in[0])->rank);
    onnx_out(o, 0, count < 1 ? onnx_fail(o, "joins nothing") : onnx_concat(o, in, count, axis));
}

/* The sizes are an input since version 13; without them the parts are equal but the last. */
void onnx_convert_split(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), count = onnx_out_count(o);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t *size = ARENA_ARRAY(o->arena, count + 1, int64_t);
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 0), t.rank > 0 ? t.rank : 1);
    const int sizes = onnx_in_or_list(o, 1, "split", 13, size, count);
    const int64_t each = count > 0 ? (t.dim[axis] + count - 1) / count : 0;
    int64_t begin = 0;
    if (sizes >= 0 && sizes != count) {
        onnx_fail(o, "has %d sizes for %d outputs", sizes, count);
    }
    for (int32_t i = 0; i < count && !onnx_failed(o); i++) {
        const int64_t left = t.dim[axis] - begin, part = sizes >= 0 ? size[i] : each < left ? each : left;
        onnx_out(o, i, onnx_slice(o, x, axis, begin, part));
        begin += part;
    }
    if (begin != t.dim[axis] && !onnx_failed(o)) {
        onnx_fail(o, "sizes add up to %lld, but dim %d is %d", (long long)begin, axis, t.dim[axis]);
    }
}

static int32_t bound(int64_t x) { return x < -INT32_MAX ? -INT32_MAX : x > INT32_MAX ? INT32_MAX : (int32_t)x; }

void onnx_convert_slice(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    int64_t start[IR_MAX_RANK], end[IR_MAX_RANK], axis[IR_MAX_RANK], step[IR_MAX_RANK];
    const int count = onnx_in_or_list(o, 1, "starts", 10, start, IR_MAX_RANK);
    const int ends = onnx_in_or_list(o, 2, "ends", 10, end, IR_MAX_RANK);
    const int axes = onnx_in_or_list(o, 3, "axes", 10, axis, IR_MAX_RANK);
    const int steps = onnx_in_list(o, 4, step, IR_MAX_RANK);
    int32_t from[IR_MAX_RANK] = {0}, to[IR_MAX_RANK], by[IR_MAX_RANK];
    for (int32_t d = 0; d < rank; d++) {
        to[d] = INT32_MAX;
        by[d] = 1;
    }
    if (count < 0 || ends != count || (axes >= 0 && axes != count) || (steps >= 0 && steps != count) || count > rank) {
        onnx_fail(o, "has %d starts, %d ends, %d axes, %d steps for %d dims", count, ends, axes, steps, rank);
    }
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        const int32_t d = axes >= 0 ? onnx_axis(o, axis[i], rank) : i;
        from[d] = bound(start[i]);
        to[d] = bound(end[i]);
        by[d] = steps >= 0 ? bound(step[i]) : 1;
    }
    const int32_t in[] = {x, onnx_const(o, TYPE_S32, 1, &rank, from), onnx_const(o, TYPE_S32, 1, &rank, to),
                          onnx_const(o, TYPE_S32, 1, &rank, by)};
    onnx_out(o, 0, onnx_emit(o, OP_STRIDED_SLICE, NULL, in, 4));
}

/*** Padding ***/

/* Along one axis by elements of the input: those at the edge, mirrored, or from the other side. */
static int32_t pad_axis(struct onnx *o, int32_t x, int32_t axis, const char *mode, int64_t before, int64_t after)
{
    const int64_t extent = onnx_tensor(o, x)->dim[axis], count = extent + before + after;
    if (extent < 1 || count > INT32_MAX || (strcmp(mode, "reflect") == 0 && (before >= extent || after >= extent))) {
        return onnx_fail(o, "pads dim %d of %lld by %lld and %lld", axis, (long long)extent, (long long)before,
                         (long long)after);
    }
    int32_t *from = ARENA_ARRAY(o->arena, count, int32_t);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = i - before;
        if (strcmp(mode, "edge") == 0) {
            k = k < 0 ? 0 : k < extent ? k : extent - 1;
        } else if (strcmp(mode, "wrap") == 0) {
            k = (k % extent + extent) % extent;
        } else {
            k = k < 0 ? -k : k < extent ? k : 2 * (extent - 1) - k;
        }
        from[i] = (int32_t)k;
    }
    const int32_t list = onnx_const(o, TYPE_S32, 1, &(int32_t){(int32_t)count}, from);
    return onnx_emit(o, OP_GATHER, &(struct attr){.axis = axis}, (int32_t[]){x, list}, 2);
}

static int32_t pad_constant(struct onnx *o, int32_t x, const int64_t pads[], int32_t rank)
{
    const enum type type = onnx_tensor(o, x)->type;
    int32_t list[2 * IR_MAX_RANK], value = onnx_in(o, 2);
    for (int32_t d = 0; d < 2 * rank; d++) {
        list[d] = (int32_t)pads[d];
    }
    if (onnx_opset(o) < 11) {
        value = onnx_real(o, onnx_float(o, "value", 0));
    } else if (value == NO_TENSOR) {
        value = onnx_number(o, type, 0);
    }
    const int32_t pairs = onnx_const(o, TYPE_S32, 2, (int32_t[]){rank, 2}, list);
    return onnx_emit(o, OP_PADV2, NULL, (int32_t[]){x, pairs, value}, 3);
}

/* Pads as pairs for each dim; negative ones are cut off first. */
static bool read_pads(struct onnx *o, int32_t *x, int32_t rank, int64_t pads[])
{
    int64_t list[2 * IR_MAX_RANK], axes[IR_MAX_RANK];
    const int count = onnx_in_or_list(o, 1, "pads", 11, list, 2 * IR_MAX_RANK);
    const int named = onnx_in_list(o, 3, axes, IR_MAX_RANK), dims = named >= 0 ? named : rank;
    if (count != 2 * dims) {
        onnx_fail(o, "pads has %d values, want %d", count, 2 * dims);
    }
    memset(pads, 0, 2 * IR_MAX_RANK * sizeof pads[0]);
    for (int i = 0; i < dims && !onnx_failed(o); i++) {
        const int32_t d = named >= 0 ? onnx_axis(o, axes[i], rank) : i;
        const int64_t before = list[i], after = list[dims + i], extent = onnx_tensor(o, *x)->dim[d];
        const int64_t cut = before < 0 ? -before : 0, left = extent - cut + (after < 0 ? after : 0);
        if (left < 0 || before > INT32_MAX || after > INT32_MAX) {
            onnx_fail(o, "pads dim %d of %lld by %lld and %lld", d, (long long)extent, (long long)before,
                      (long long)after);
        } else if (left != extent) {
            *x = onnx_slice(o, *x, d, cut, left);
        }
        pads[2 * d] = before > 0 ? before : 0;
        pads[2 * d + 1] = after > 0 ? after : 0;
    }
    return !onnx_failed(o);
}

void onnx_convert_pad(struct onnx *o)
{
    int32_t x = onnx_in(o, 0);
    const int32_t rank = onnx_tensor(o, x)->rank;
    const char *mode = onnx_text(o, "mode", "constant");
    int64_t pads[2 * IR_MAX_RANK];
    if (!read_pads(o, &x, rank, pads)) {
        return;
    }
    if (strcmp(mode, "constant") == 0) {
        onnx_out(o, 0, pad_constant(o, x, pads, rank));
        return;
    }
    for (int32_t d = 0; d < rank && !onnx_failed(o); d++) {
        if (pads[2 * d] > 0 || pads[2 * d + 1] > 0) {
            x = pad_axis(o, x, d, mode, pads[2 * d], pads[2 * d + 1]);
        }
    }
    onnx_out(o, 0, x);
}

/*** Repeating ***/

void onnx_convert_expand(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t list[IR_MAX_RANK], dim[IR_MAX_RANK];
    const int count = onnx_in_list(o, 1, list, IR_MAX_RANK), rank = count > t.rank ? count : t.rank;
    for (int d = 0; d < rank; d++) {
        const int64_t asked = d < rank - count ? 1 : list[d - (rank - count)];
        dim[d] = asked == 1 ? ir_dim(&t, d - rank) : asked;
    }
    onnx_out(o, 0, onnx_emit(o, OP_BROADCAST_TO, NULL, (int32_t[]){x, onnx_const_list(o, rank, dim)}, 2));
}

void onnx_convert_tile(struct onnx *o)
{
    int64_t times[IR_MAX_RANK];
    const int count = onnx_in_list(o, 1, times, IR_MAX_RANK);
    const int32_t list = onnx_const_list(o, count > 0 ? count : 0, times);
    onnx_out(o, 0, onnx_emit(o, OP_TILE, NULL, (int32_t[]){onnx_in(o, 0), list}, 2));
}

/*** Facts about shapes, constants ***/

void onnx_convert_shape(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t dim[IR_MAX_RANK] = {0}, start = onnx_int(o, "start", 0), end = onnx_int(o, "end", t.rank);
    start += start < 0 ? t.rank : 0;
    end += end < 0 ? t.rank : 0;
    start = start < 0 ? 0 : start > t.rank ? t.rank : start;
    end = end < start ? start : end > t.rank ? t.rank : end;
    dims_of(&t, dim);
    onnx_out(o, 0, onnx_const(o, TYPE_S64, 1, &(int32_t){(int32_t)(end - start)}, dim + start));
}

void onnx_convert_size(struct onnx *o)
{
    onnx_out(o, 0, onnx_number(o, TYPE_S64, ir_count(onnx_tensor(o, onnx_in(o, 0)))));
}

void onnx_convert_constant(struct onnx *o)
{
    int32_t count;
    const float *reals = onnx_floats(o, "value_floats", &count);
    if (reals != NULL) {
        onnx_out(o, 0, onnx_const(o, TYPE_F32, 1, &count, reals));
        return;
    }
    const int64_t *ints = onnx_ints(o, "value_ints", &count);
    if (ints != NULL) {
        onnx_out(o, 0, onnx_const(o, TYPE_S64, 1, &count, ints));
    } else if (onnx_has(o, "value_float")) {
        onnx_out(o, 0, onnx_real(o, onnx_float(o, "value_float", 0)));
    } else if (onnx_has(o, "value_int")) {
        onnx_out(o, 0, onnx_number(o, TYPE_S64, onnx_int(o, "value_int", 0)));
    } else {
        const int32_t t = onnx_attr_tensor(o, "value");
        onnx_out(o, 0, t != NO_TENSOR ? t : onnx_fail(o, "has a value of a kind that mote lacks; want numbers"));
    }
}

void onnx_convert_constant_of_shape(struct onnx *o)
{
    int64_t dim[IR_MAX_RANK];
    const int rank = onnx_in_list(o, 0, dim, IR_MAX_RANK);
    int32_t value = onnx_has(o, "value") ? onnx_attr_tensor(o, "value") : onnx_real(o, 0);
    value = onnx_reshape(o, value, 0, NULL);
    const int32_t list = onnx_const_list(o, rank > 0 ? rank : 0, dim);
    onnx_out(o, 0, onnx_typed(o, OP_FILL, NULL, onnx_tensor(o, value)->type, (int32_t[]){list, value}, 2));
}

void onnx_convert_range(struct onnx *o)
{
    int32_t in[3];
    for (int i = 0; i < 3; i++) {
        in[i] = onnx_in(o, i);
    }
    onnx_out(o, 0, onnx_emit(o, OP_RANGE, NULL, in, 3));
}

/* A bool of the last two dims: where column - row is in the triangle or on the diagonal. */
static int32_t make_mask(struct onnx *o, int32_t rows, int32_t columns, int64_t low, int64_t high)
{
    const int32_t dim[] = {rows, columns};
    uint8_t *mask = arena_array(o->arena, (size_t)rows, (size_t)columns);
    for (int32_t y = 0; y < rows; y++) {
        for (int32_t x = 0; x < columns; x++) {
            mask[(size_t)y * (size_t)columns + (size_t)x] = (int64_t)x - y >= low && (int64_t)x - y <= high;
        }
    }
    return onnx_const(o, TYPE_BOOL, 2, dim, mask);
}

void onnx_convert_eye_like(struct onnx *o)
{
    const struct tensor t = *onnx_tensor(o, onnx_in(o, 0));
    const int64_t k = onnx_int(o, "k", 0), code = onnx_int(o, "dtype", 0);
    if (t.rank != 2) {
        onnx_fail(o, "input has %d dims, want 2", t.rank);
        return;
    }
    const enum type type = code == 0 ? t.type : code == 6 ? TYPE_S32 : code == 7 ? TYPE_S64 : TYPE_F32;
    onnx_out(o, 0, onnx_cast(o, make_mask(o, t.dim[0], t.dim[1], k, k), type));
}

void onnx_convert_trilu(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t k = 0;
    onnx_in_list(o, 1, &k, 1);
    const bool upper = onnx_int(o, "upper", 1) != 0;
    if (t.rank < 2 || onnx_failed(o)) {
        onnx_fail(o, "input has %d dims, want 2 or more", t.rank);
        return;
    }
    const int64_t far = INT64_C(1) << 40;
    const int32_t mask = make_mask(o, ir_dim(&t, -2), ir_dim(&t, -1), upper ? k : -far, upper ? far : k);
    onnx_out(o, 0, onnx_select(o, mask, x, onnx_number(o, t.type, 0)));
}
