/* SPDX-License-Identifier: MIT
 *
 * Operators of ONNX that use indices. Those below 0 count from the end.
 */
#include <string.h>

#include "onnx.h"

static bool has_negative(const struct onnx *o, int32_t indices)
{
    const struct tensor *t = onnx_tensor(o, indices);
    for (int64_t i = 0; t->data != NULL && i < ir_count(t); i++) {
        if (ir_const_int(t, i) < 0) {
            return true;
        }
    }
    return t->data == NULL;
}

/* Indices from 0 on: i modulo the extent. */
static int32_t from_start(struct onnx *o, int32_t indices, int64_t extent)
{
    const enum type type = onnx_tensor(o, indices)->type;
    if (type != TYPE_S32 && type != TYPE_S64) {
        return onnx_fail(o, "indices are %s, want int32 or int64", ir_type_text(type));
    }
    return has_negative(o, indices) ? onnx_binary(o, OP_FLOOR_MOD, indices, onnx_number(o, type, extent)) : indices;
}

void onnx_convert_gather(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 0), t.rank);
    const int32_t at = onnx_failed(o) ? NO_TENSOR : from_start(o, onnx_in(o, 1), t.dim[axis]);
    onnx_out(o, 0, onnx_emit(o, OP_GATHER, &(struct attr){.axis = axis}, (int32_t[]){x, at}, 2));
}

/* The coordinate along `axis` of each element of a tensor of this shape. */
static int32_t coordinates(struct onnx *o, const struct tensor *t, int32_t axis)
{
    const int64_t count = ir_count(t);
    int32_t *at = ARENA_ARRAY(o->arena, count, int32_t);
    int64_t inner = 1;
    for (int32_t d = axis + 1; d < t->rank; d++) {
        inner *= t->dim[d];
    }
    for (int64_t i = 0; i < count; i++) {
        at[i] = (int32_t)(i / inner % t->dim[axis]);
    }
    return onnx_const(o, TYPE_S32, t->rank, t->dim, at);
}

/* Indices along one axis as tuples of all coordinates, of type int32. */
static int32_t as_tuples(struct onnx *o, int32_t indices, int32_t axis, int32_t extent)
{
    const struct tensor t = *onnx_tensor(o, indices);
    int32_t part[IR_MAX_RANK];
    for (int32_t d = 0; d < t.rank; d++) {
        part[d] = d == axis ? onnx_cast(o, from_start(o, indices, extent), TYPE_S32) : coordinates(o, &t, d);
    }
    return onnx_emit(o, OP_PACK, &(struct attr){.axis = t.rank, .num = t.rank}, part, t.rank);
}

void onnx_convert_gather_elements(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), at = onnx_in(o, 1);
    const struct tensor t = *onnx_tensor(o, x);
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 0), t.rank);
    if (t.rank < 1 || onnx_tensor(o, at)->rank != t.rank || t.rank >= IR_MAX_RANK || onnx_failed(o)) {
        onnx_fail(o, "input has %d dims, indices %d: want as many", t.rank, onnx_tensor(o, at)->rank);
        return;
    }
    onnx_out(o, 0, onnx_binary(o, OP_GATHER_ND, x, as_tuples(o, at, axis, t.dim[axis])));
}

/* Each index of a tuple modulo its extent. */
static int32_t tuples_from_start(struct onnx *o, int32_t indices, const int32_t extent[])
{
    const struct tensor t = *onnx_tensor(o, indices);
    const int32_t depth = ir_dim(&t, -1);
    int64_t list[IR_MAX_RANK];
    if (!has_negative(o, indices) || depth > IR_MAX_RANK) {
        return indices;
    }
    for (int32_t d = 0; d < depth; d++) {
        list[d] = extent[d] > 0 ? extent[d] : 1;
    }
    return onnx_binary(o, OP_FLOOR_MOD, indices, onnx_cast(o, onnx_const_list(o, depth, list), t.type));
}

/* Batches one by one become tuples that begin with their number. */
void onnx_convert_gather_nd(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    const int64_t batch = onnx_int(o, "batch_dims", 0);
    int32_t at = onnx_in(o, 1);
    struct tensor i = *onnx_tensor(o, at);
    const int32_t depth = ir_dim(&i, -1);
    if (i.rank < 1 || batch < 0 || batch >= i.rank || batch + depth > t.rank || i.rank >= IR_MAX_RANK) {
        onnx_fail(o, "has %lld batch dims, tuples of %d for %d dims", (long long)batch, depth, t.rank);
        return;
    }
    at = tuples_from_start(o, at, t.dim + batch);
    i.dim[i.rank - 1] = 1;
    int32_t part[IR_MAX_RANK + 1];
    for (int32_t d = 0; d < batch; d++) {
        part[d] = onnx_cast(o, coordinates(o, &i, d), i.type);
    }
    part[batch] = at;
    onnx_out(o, 0, onnx_binary(o, OP_GATHER_ND, x, onnx_concat(o, part, (int)batch + 1, i.rank - 1)));
}

/*** Scattering ***/

/* mote's operator adds up what it scatters over zeros. So it also makes a mask of where something came to. */
static int32_t scatter(struct onnx *o, int32_t x, int32_t tuples, int32_t updates)
{
    const struct tensor t = *onnx_tensor(o, x);
    const char *how = onnx_text(o, "reduction", "none");
    int64_t dim[IR_MAX_RANK];
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = t.dim[d];
    }
    const int32_t shape = onnx_const_list(o, t.rank, dim);
    const int32_t values = onnx_typed(o, OP_SCATTER_ND, NULL, t.type, (int32_t[]){tuples, updates, shape}, 3);
    if (strcmp(how, "add") == 0) {
        return onnx_binary(o, OP_ADD, x, values);
    }
    if (strcmp(how, "none") != 0) {
        return onnx_fail(o, "reduces by %.20s, want none or add", how);
    }
    const int32_t ones = onnx_filled(o, onnx_number(o, TYPE_S32, 1), updates);
    const int32_t hits = onnx_typed(o, OP_SCATTER_ND, NULL, TYPE_S32, (int32_t[]){tuples, ones, shape}, 3);
    return onnx_select(o, onnx_compare(o, OP_NOT_EQUAL, hits, onnx_number(o, TYPE_S32, 0)), values, x);
}

void onnx_convert_scatter_nd(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), at = onnx_in(o, 1);
    const struct tensor t = *onnx_tensor(o, x);
    if (onnx_tensor(o, at)->rank < 1 || ir_dim(onnx_tensor(o, at), -1) > t.rank) {
        onnx_fail(o, "has tuples of %d for %d dims", ir_dim(onnx_tensor(o, at), -1), t.rank);
        return;
    }
    onnx_out(o, 0, scatter(o, x, tuples_from_start(o, at, t.dim), onnx_in(o, 2)));
}

void onnx_convert_scatter_elements(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), at = onnx_in(o, 1);
    const struct tensor t = *onnx_tensor(o, x);
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 0), t.rank);
    if (t.rank < 1 || onnx_tensor(o, at)->rank != t.rank || t.rank >= IR_MAX_RANK || onnx_failed(o)) {
        onnx_fail(o, "input has %d dims, indices %d: want as many", t.rank, onnx_tensor(o, at)->rank);
        return;
    }
    onnx_out(o, 0, scatter(o, x, as_tuples(o, at, axis, t.dim[axis]), onnx_in(o, 2)));
}

/*** Others ***/

/* Values come as [off, on]. What is out of range hits nothing. */
void onnx_convert_one_hot(struct onnx *o)
{
    int64_t depth = 0;
    const int32_t given = onnx_in(o, 1), values = onnx_in(o, 2);
    if (!onnx_is_const(o, given) || ir_count(onnx_tensor(o, given)) != 1) {
        onnx_fail(o, "its depth is known only at run time, so the shape of the result is not");
        return;
    }
    if (onnx_tensor(o, given)->type == TYPE_F32) {
        depth = (int64_t) * (const float *)onnx_tensor(o, given)->data;
    } else {
        onnx_in_list(o, 1, &depth, 1);
    }
    const int32_t at = onnx_cast(o, onnx_in(o, 0), TYPE_S64), zero = onnx_number(o, TYPE_S64, 0);
    const int32_t wrapped = onnx_binary(o, OP_ADD, at, onnx_number(o, TYPE_S64, depth));
    const int32_t index = onnx_select(o, onnx_compare(o, OP_LESS, at, zero), wrapped, at);
    const int32_t off = onnx_reshape(o, onnx_slice(o, values, 0, 0, 1), 0, NULL);
    const int32_t on = onnx_reshape(o, onnx_slice(o, values, 0, 1, 1), 0, NULL);
    const struct attr attr = {.axis = (int32_t)onnx_int(o, "axis", -1)};
    const int32_t in[] = {index, onnx_number(o, TYPE_S32, depth), on, off};
    onnx_out(o, 0, onnx_typed(o, OP_ONE_HOT, &attr, onnx_tensor(o, values)->type, in, 4));
}

/* The indices of a constant. */
void onnx_convert_non_zero(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const enum type type = onnx_tensor(o, x)->type, wide = type == TYPE_BOOL ? TYPE_S32 : onnx_wide_type(type);
    const int32_t hits = onnx_compare(o, OP_NOT_EQUAL, onnx_cast(o, x, wide), onnx_number(o, wide, 0));
    const int32_t rows = onnx_typed(o, OP_WHERE, NULL, TYPE_S64, &hits, 1);
    onnx_out(o, 0, onnx_transpose(o, rows, (int32_t[]){1, 0}));
}

/* Where a constant condition holds. */
void onnx_convert_compress(struct onnx *o)
{
    int32_t x = onnx_in(o, 0), axis = 0, count = 0;
    const int32_t condition = onnx_in(o, 1);
    const struct tensor c = *onnx_tensor(o, condition);
    if (!onnx_has(o, "axis")) {
        x = onnx_reshape(o, x, 1, (int64_t[]){-1});
    } else {
        axis = onnx_axis(o, onnx_int(o, "axis", 0), onnx_tensor(o, x)->rank);
    }
    if (c.data == NULL || c.type != TYPE_BOOL) {
        onnx_fail(o, "its condition is known only at run time, so the shape of the result is not");
        return;
    }
    int32_t *from = ARENA_ARRAY(o->arena, ir_count(&c), int32_t);
    for (int32_t i = 0; i < ir_count(&c); i++) {
        if (((const uint8_t *)c.data)[i] != 0) {
            from[count++] = i;
        }
    }
    const int32_t list = onnx_const(o, TYPE_S32, 1, &count, from);
    onnx_out(o, 0, onnx_emit(o, OP_GATHER, &(struct attr){.axis = axis}, (int32_t[]){x, list}, 2));
}

void onnx_convert_reverse_sequence(struct onnx *o)
{
    const struct attr attr = {.axis = (int32_t)onnx_int(o, "time_axis", 0),
                              .batch_dims = (int32_t)onnx_int(o, "batch_axis", 1)};
    onnx_out(o, 0, onnx_emit(o, OP_REVERSE_SEQUENCE, &attr, (int32_t[]){onnx_in(o, 0), onnx_in(o, 1)}, 2));
}

/*** Space and depth ***/

void onnx_convert_depth_to_space(struct onnx *o)
{
    int32_t x = onnx_in(o, 0);
    const struct tensor t = *onnx_tensor(o, x);
    const int64_t b = onnx_int(o, "blocksize", 1);
    if (t.rank != 4 || b < 1 || b > INT16_MAX || t.dim[1] % (b * b) != 0) {
        onnx_fail(o, "%d channels of an input of %d dims do not make blocks of %lld", ir_dim(&t, 1), t.rank,
                  (long long)b);
        return;
    }
    if (strcmp(onnx_text(o, "mode", "DCR"), "CRD") == 0) { /* the channels in the other order */
        const int64_t c = t.dim[1] / (b * b);
        x = onnx_reshape(o, x, 4, (int64_t[]){t.dim[0], c, b * b, (int64_t)t.dim[2] * t.dim[3]});
        x = onnx_transpose(o, x, (int32_t[]){0, 2, 1, 3});
        x = onnx_reshape(o, x, 4, (int64_t[]){t.dim[0], t.dim[1], t.dim[2], t.dim[3]});
    }
    x = onnx_transpose(o, x, (int32_t[]){0, 2, 3, 1});
    x = onnx_emit(o, OP_DEPTH_TO_SPACE, &(struct attr){.block_size = (int32_t)b}, &x, 1);
    onnx_out(o, 0, onnx_transpose(o, x, (int32_t[]){0, 3, 1, 2}));
}

void onnx_convert_space_to_depth(struct onnx *o)
{
    int32_t x = onnx_in(o, 0);
    const int64_t b = onnx_int(o, "blocksize", 1);
    if (onnx_tensor(o, x)->rank != 4 || b < 1 || b > INT16_MAX) {
        onnx_fail(o, "input has %d dims, want 4; blocks are of %lld", onnx_tensor(o, x)->rank, (long long)b);
        return;
    }
    x = onnx_transpose(o, x, (int32_t[]){0, 2, 3, 1});
    x = onnx_emit(o, OP_SPACE_TO_DEPTH, &(struct attr){.block_size = (int32_t)b}, &x, 1);
    onnx_out(o, 0, onnx_transpose(o, x, (int32_t[]){0, 3, 1, 2}));
}
