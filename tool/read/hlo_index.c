/* SPDX-License-Identifier: MIT
 *
 * Gather and scatter of StableHLO: slices of the operand whose first corner is a tuple of indices. Both see the operand
 * as rows [rows, width], a row being the dims at its end that each slice has whole; a slice is then a list of rows, at fixed
 * distances from that of its corner. So what is computed at run time is one number for each of these rows.
 */
#include <string.h>

#include "hlo.h"

struct slices {
    struct tensor operand;
    int32_t size[IR_MAX_RANK];              /* of a slice, along each dim of the operand */
    int32_t step[IR_MAX_RANK];              /* rows from one index to the next, along the first `outer` dims */
    int32_t outer;                          /* dims that are not in a row */
    int32_t rows, width;                    /* of the operand */
    int32_t mapped[IR_MAX_RANK];            /* dims of the operand that a tuple has indices of */
    int32_t depth;                          /* how many */
    int32_t batch_rank, batch[IR_MAX_RANK]; /* the dims of the indices, without that of the tuple */
    int32_t count;                          /* tuples */
    int32_t parts;                          /* rows of a slice */
    int32_t tuples;                         /* int32 [count, depth] */
};

static bool is_in(int32_t value, const int32_t list[], int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (list[i] == value) {
            return true;
        }
    }
    return false;
}

/* Whether the list rises, and is within [0, most). */
static bool rises(const int32_t list[], int32_t count, int32_t most)
{
    for (int32_t i = 0; i < count; i++) {
        if (list[i] < 0 || list[i] >= most || (i > 0 && list[i] <= list[i - 1])) {
            return false;
        }
    }
    return true;
}

static void find_rows(struct hlo *h, struct slices *s)
{
    const struct tensor *t = &s->operand;
    int64_t rows = 1, parts = 1, width = 1;
    s->outer = t->rank;
    while (s->outer > 0 && s->size[s->outer - 1] == t->dim[s->outer - 1] && !is_in(s->outer - 1, s->mapped, s->depth)) {
        width *= t->dim[--s->outer];
    }
    for (int32_t d = s->outer - 1; d >= 0; d--) {
        s->step[d] = (int32_t)rows;
        rows *= t->dim[d];
        parts *= s->size[d];
    }
    if (parts * s->count > INT32_MAX / (int64_t)sizeof(int32_t)) {
        hlo_fail(h, "takes %d slices of %lld rows, which is too much", s->count, (long long)parts);
        parts = 1;
    }
    s->rows = (int32_t)rows;
    s->width = (int32_t)width;
    s->parts = (int32_t)parts;
}

/* The indices with their tuples last, as int32. */
static void find_tuples(struct hlo *h, struct slices *s, int32_t indices, int64_t tuple_axis)
{
    const struct tensor t = h->g->tensors[indices];
    int32_t order[IR_MAX_RANK], n = 0;
    s->count = 1;
    if (tuple_axis < 0 || tuple_axis > t.rank || (tuple_axis < t.rank ? t.dim[tuple_axis] : 1) != s->depth ||
        (t.type != TYPE_S32 && t.type != TYPE_S64)) {
        hlo_fail(h, "indices are %s, tuples of %d along dim %lld", ir_type_text(t.type), s->depth,
                 (long long)tuple_axis);
        return;
    }
    for (int32_t d = 0; d < t.rank; d++) {
        if (d != tuple_axis) {
            s->count *= t.dim[d];
            s->batch[n] = t.dim[d];
            order[n++] = d;
        }
    }
    s->batch_rank = n;
    if (n < t.rank) {
        order[n] = (int32_t)tuple_axis;
        indices = hlo_transpose(h, indices, t.rank, order);
    }
    s->tuples = hlo_reshape(h, hlo_cast(h, indices, TYPE_S32), 2, (int32_t[]){s->count, s->depth});
}

/* A constant [depth] of one number for each index of a tuple. */
static int32_t of_mapped(struct hlo *h, const struct slices *s, const int32_t by_dim[])
{
    int32_t list[IR_MAX_RANK];
    for (int32_t i = 0; i < s->depth; i++) {
        list[i] = by_dim[s->mapped[i]];
    }
    return hlo_const_list(h, s->depth, list);
}

/* min(max(x, 0), most) */
static int32_t clamp(struct hlo *h, int32_t x, int32_t most)
{
    return hlo_binary(h, OP_MINIMUM, hlo_binary(h, OP_MAXIMUM, x, hlo_const(h, 0, NULL, &(int32_t){0})), most);
}

/* The rows of tuples [..., depth], without that dim. */
static int32_t row_of(struct hlo *h, const struct slices *s, int32_t tuples, int32_t rank)
{
    const int32_t parts = hlo_binary(h, OP_MUL, tuples, of_mapped(h, s, s->step));
    return hlo_binary(h, OP_SUM, parts, hlo_const_list(h, 1, &rank));
}

/* Place i of a slice's rows as coordinates along the outer dims. */
static void place_in_slice(const struct slices *s, int32_t i, int32_t at[])
{
    for (int32_t d = s->outer - 1; d >= 0; d--) {
        at[d] = i % s->size[d];
        i /= s->size[d];
    }
}

/* A constant [1, parts]: how far each row of a slice is from that of its corner, along all dims or those not mapped. */
static int32_t distances(struct hlo *h, const struct slices *s, bool all)
{
    int32_t *list = ARENA_ARRAY(h->r->arena, s->parts, int32_t), at[IR_MAX_RANK];
    for (int32_t i = 0; i < s->parts; i++) {
        place_in_slice(s, i, at);
        for (int32_t d = 0; d < s->outer; d++) {
            list[i] += all || !is_in(d, s->mapped, s->depth) ? at[d] * s->step[d] : 0;
        }
    }
    return hlo_const(h, 2, (int32_t[]){1, s->parts}, list);
}

/*** Gather ***/

/* The slices, [count * parts, width]; where they would leave the operand they are moved into it. */
static int32_t gather(struct hlo *h, const struct slices *s)
{
    int32_t last[IR_MAX_RANK];
    for (int32_t d = 0; d < s->operand.rank; d++) {
        last[d] = s->operand.dim[d] - s->size[d];
    }
    const int32_t corners = row_of(h, s, clamp(h, s->tuples, of_mapped(h, s, last)), 1);
    int32_t at = hlo_reshape(h, corners, 2, (int32_t[]){s->count, 1});
    at = s->parts == 1 ? at : hlo_binary(h, OP_ADD, at, distances(h, s, true));
    at = hlo_reshape(h, at, 1, (int32_t[]){s->count * s->parts});
    const int32_t rows = hlo_reshape(h, h->from->in[0], 2, (int32_t[]){s->rows, s->width});
    return hlo_node(h, OP_GATHER, NULL, s->operand.type, (int32_t[]){rows, at}, 2);
}

static bool check_sizes(struct hlo *h, const struct slices *s)
{
    for (int32_t d = 0; d < s->operand.rank; d++) {
        if (s->size[d] < 0 || s->size[d] > s->operand.dim[d]) {
            hlo_fail(h, "takes slices of %d along dim %d, of %d", s->size[d], d, s->operand.dim[d]);
        }
    }
    for (int32_t i = 0; i < s->depth; i++) {
        if (s->mapped[i] < 0 || s->mapped[i] >= s->operand.rank || is_in(s->mapped[i], s->mapped, i)) {
            hlo_fail(h, "has indices of dim %d of %d", s->mapped[i], s->operand.rank);
        }
    }
    return h->fault == NULL;
}

void hlo_convert_gather(struct hlo *h)
{
    struct slices s = {.operand = hlo_in(h, 0)};
    const struct tensor out = hlo_out(h);
    int32_t offset[IR_MAX_RANK], collapsed[IR_MAX_RANK], dim[2 * IR_MAX_RANK], order[IR_MAX_RANK],
        rank = s.operand.rank;
    const int32_t offsets = hlo_list(h, 0, -1, out.rank, offset), gone = hlo_list(h, 1, -1, rank, collapsed);
    s.depth = hlo_list(h, 2, -1, rank, s.mapped);
    hlo_list(h, 4, rank, rank, s.size);
    if (h->from->in_count != 2 || h->fault != NULL || !check_sizes(h, &s)) {
        hlo_fail(h, "has %d inputs, want 2", h->from->in_count);
        return;
    }
    find_tuples(h, &s, h->from->in[1], fb_int(&h->options, 3, 8, 0));
    if (!rises(offset, offsets, out.rank) || !rises(collapsed, gone, rank) || offsets != rank - gone ||
        out.rank != s.batch_rank + offsets || s.depth == 0 || h->fault != NULL) {
        hlo_fail(h, "has %d dims of slices, %d left out, for %d dims of the operand and %d of the output", offsets,
                 gone, rank, out.rank);
        return;
    }
    find_rows(h, &s);
    /* The dims of the output: those of the indices first, then those of the slices, each to its place. */
    memcpy(dim, s.batch, sizeof s.batch);
    for (int32_t d = 0, n = s.batch_rank; d < rank; d++) {
        if (!is_in(d, collapsed, gone)) {
            dim[n++] = s.size[d];
        } else if (s.size[d] != 1) {
            hlo_fail(h, "leaves out dim %d, along which slices are %d", d, s.size[d]);
        }
    }
    for (int32_t d = 0, batch = 0, slice = s.batch_rank; d < out.rank; d++) {
        order[d] = is_in(d, offset, offsets) ? slice++ : batch++;
    }
    hlo_result(h, hlo_transpose(h, hlo_reshape(h, gather(h, &s), out.rank, dim), out.rank, order));
}

/* Inputs: operand, one scalar for each of its dims. */
void hlo_convert_dynamic_slice(struct hlo *h)
{
    struct slices s = {.operand = hlo_in(h, 0), .count = 1};
    const int32_t rank = s.operand.rank;
    int32_t at[IR_MAX_RANK];
    hlo_list(h, 0, rank, rank, s.size);
    if (rank < 1 || h->from->in_count != 1 + rank || h->fault != NULL) {
        hlo_fail(h, "has %d inputs for %d dims", h->from->in_count, rank);
        return;
    }
    for (int32_t d = 0; d < rank; d++) { /* along a dim that the slice has whole there is but one place */
        if (s.size[d] != s.operand.dim[d]) {
            s.mapped[s.depth] = d;
            at[s.depth++] = hlo_reshape(h, hlo_cast(h, h->from->in[1 + d], TYPE_S32), 1, (int32_t[]){1});
        }
    }
    if (!check_sizes(h, &s) || s.depth == 0) {
        hlo_result(h, h->from->in[0]);
        return;
    }
    const int32_t tuple = hlo_node(h, OP_CONCATENATION, NULL, TYPE_S32, at, s.depth);
    s.tuples = hlo_reshape(h, tuple, 2, (int32_t[]){1, s.depth});
    find_rows(h, &s);
    hlo_result(h, gather(h, &s));
}

/*** Scatter ***/

/* The row of each row of the updates, [count * parts]; -1: it lies outside, and goes nowhere. */
static int32_t scatter_rows(struct hlo *h, const struct slices *s)
{
    int32_t *list = ARENA_ARRAY(h->r->arena, (size_t)s->parts * (size_t)s->depth, int32_t), at[IR_MAX_RANK];
    int32_t last[IR_MAX_RANK];
    for (int32_t i = 0; i < s->parts; i++) {
        place_in_slice(s, i, at);
        for (int32_t k = 0; k < s->depth; k++) {
            list[i * s->depth + k] = at[s->mapped[k]];
        }
    }
    for (int32_t d = 0; d < s->operand.rank; d++) {
        last[d] = s->operand.dim[d] - 1;
    }
    int32_t tuples = hlo_reshape(h, s->tuples, 3, (int32_t[]){s->count, 1, s->depth});
    if (s->parts > 1) {
        tuples = hlo_binary(h, OP_ADD, tuples, hlo_const(h, 3, (int32_t[]){1, s->parts, s->depth}, list));
    }
    const int32_t inside = clamp(h, tuples, of_mapped(h, s, last));
    int32_t rows = row_of(h, s, inside, 2), fits = hlo_compare(h, OP_EQUAL, inside, tuples);
    fits = hlo_node(h, OP_REDUCE_ALL, NULL, TYPE_BOOL, (int32_t[]){fits, hlo_const_list(h, 1, &(int32_t){2})}, 2);
    rows = s->parts == 1 ? rows : hlo_binary(h, OP_ADD, rows, distances(h, s, false));
    const int32_t nowhere = hlo_const(h, 0, NULL, &(int32_t){-1});
    rows = hlo_node(h, OP_SELECT_V2, NULL, TYPE_S32, (int32_t[]){fits, rows, nowhere}, 3);
    return hlo_reshape(h, rows, 1, (int32_t[]){s->count * s->parts});
}

/* Where several updates come to a row, the last one stays: its number, from 1 on, is the highest. */
static int32_t scatter_last(struct hlo *h, const struct slices *s, int32_t old, int32_t updates, int32_t rows)
{
    const int32_t count = s->count * s->parts, zero = hlo_const(h, 0, NULL, &(int32_t){0});
    const int32_t one = hlo_const(h, 0, NULL, &(int32_t){1}), all = hlo_const(h, 0, NULL, &s->rows);
    int32_t *numbers = ARENA_ARRAY(h->r->arena, count, int32_t);
    for (int32_t i = 0; i < count; i++) {
        numbers[i] = i + 1;
    }
    const int32_t in[] = {hlo_const_list(h, count, numbers), rows, all};
    int32_t last = hlo_node(h, OP_UNSORTED_SEGMENT_MAX, NULL, TYPE_S32, in, 3);
    const int32_t from = hlo_binary(h, OP_SUB, hlo_binary(h, OP_MAXIMUM, last, one), one);
    const int32_t fresh = hlo_node(h, OP_GATHER, NULL, s->operand.type, (int32_t[]){updates, from}, 2);
    last = hlo_reshape(h, last, 2, (int32_t[]){s->rows, 1});
    const int32_t hits = hlo_compare(h, OP_GREATER, last, zero);
    return hlo_node(h, OP_SELECT_V2, NULL, s->operand.type, (int32_t[]){hits, fresh, old}, 3);
}

/* The updates with the dims of the indices first, [count * parts, width]. */
static int32_t update_rows(struct hlo *h, const struct slices *s, const int32_t window[], int32_t windows)
{
    const int32_t rank = hlo_in(h, 2).rank;
    int32_t order[IR_MAX_RANK], n = 0;
    for (int32_t d = 0; d < rank; d++) {
        if (!is_in(d, window, windows)) {
            order[n++] = d;
        }
    }
    for (int32_t i = 0; i < windows; i++) {
        order[n++] = window[i];
    }
    return hlo_reshape(h, hlo_transpose(h, h->from->in[2], rank, order), 2, (int32_t[]){s->count * s->parts, s->width});
}

void hlo_convert_scatter(struct hlo *h)
{
    struct slices s = {.operand = hlo_in(h, 0)};
    const struct tensor updates = hlo_in(h, 2);
    int32_t window[IR_MAX_RANK], inserted[IR_MAX_RANK];
    const int32_t rank = s.operand.rank, windows = hlo_list(h, 1, -1, updates.rank, window);
    const int32_t gone = hlo_list(h, 2, -1, rank, inserted);
    s.depth = hlo_list(h, 3, -1, rank, s.mapped);
    if (h->from->in_count != 3 || windows != rank - gone || !rises(window, windows, updates.rank) ||
        !rises(inserted, gone, rank) || s.depth == 0 || h->fault != NULL) {
        hlo_fail(h, "has %d inputs, %d dims of slices and %d left out for %d of the operand", h->from->in_count,
                 windows, gone, rank);
        return;
    }
    for (int32_t d = 0, n = 0; d < rank; d++) {
        s.size[d] = is_in(d, inserted, gone) ? 1 : updates.dim[window[n++]];
    }
    const struct hlo_join *join = hlo_body(h, fb_int(&h->options, 6, 4, 0));
    if (!check_sizes(h, &s)) {
        return;
    }
    find_tuples(h, &s, h->from->in[1], fb_int(&h->options, 4, 8, 0));
    find_rows(h, &s);
    if (h->fault != NULL || (join != NULL && (join->segment == OP_COUNT || s.operand.quant.count > 0)) ||
        updates.rank != s.batch_rank + windows) {
        hlo_fail(h, "joins flags or quantised values, or updates of %d dims for %d of the indices", updates.rank,
                 s.batch_rank);
        return;
    }
    const int32_t old = hlo_reshape(h, h->from->in[0], 2, (int32_t[]){s.rows, s.width});
    const int32_t fresh = update_rows(h, &s, window, windows), rows = scatter_rows(h, &s);
    if (join == NULL) {
        hlo_result(h, scatter_last(h, &s, old, fresh, rows));
        return;
    }
    const int32_t in[] = {fresh, rows, hlo_const(h, 0, NULL, &s.rows)};
    hlo_result(h, hlo_binary(h, join->two, old, hlo_node(h, join->segment, NULL, s.operand.type, in, 3)));
}
