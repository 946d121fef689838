/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators that use indices.
 */
#include <math.h>

#include "shape.h"

static bool check_indices(const struct graph *g, struct node *n, int i, struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    if (t->type != TYPE_S32 && t->type != TYPE_S64) {
        return ir_fail(n, diag, "input %d is %s, want int32 or int64", i, ir_type_text(t->type));
    }
    return true;
}

bool shape_gather(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *at = ir_in(g, n, 1);
    int64_t dim[2 * IR_MAX_RANK];
    int32_t axis, batch = n->attr.batch_dims, rank = 0;
    if (!check_indices(g, n, 1, diag) || !shape_axis(n, n->attr.axis, in->rank, &axis, diag)) {
        return false;
    }
    batch += batch < 0 ? at->rank : 0;
    if (batch < 0 || batch > axis || batch > at->rank) {
        return ir_fail(n, diag, "has %d batch dims, want 0 to %d", batch, axis < at->rank ? axis : at->rank);
    }
    for (int d = 0; d < batch; d++) {
        if (in->dim[d] != at->dim[d]) {
            return ir_fail(n, diag, "batch dim %d is %d and %d, want the same", d, in->dim[d], at->dim[d]);
        }
    }
    if (in->dim[axis] == 0 && ir_count(at) > 0) {
        return ir_fail(n, diag, "takes elements of dim %d, which is empty", axis);
    }
    for (int d = 0; d < axis; d++) {
        dim[rank++] = in->dim[d];
    }
    for (int d = batch; d < at->rank; d++) {
        dim[rank++] = at->dim[d];
    }
    for (int d = axis + 1; d < in->rank; d++) {
        dim[rank++] = in->dim[d];
    }
    return shape_set_wide(g, n, 0, rank, dim, diag);
}

bool shape_embedding_lookup(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *at = ir_in(g, n, 0), *values = ir_in(g, n, 1);
    int32_t dim[IR_MAX_RANK];
    if (!check_indices(g, n, 0, diag)) {
        return false;
    }
    if (at->rank != 1 || values->rank < 2 || (values->dim[0] == 0 && at->dim[0] > 0)) {
        return ir_fail(n, diag, "looks up %d dims in %d dims, want 1 in 2 or more, not empty", at->rank, values->rank);
    }
    for (int d = 0; d < values->rank; d++) {
        dim[d] = d == 0 ? at->dim[0] : values->dim[d];
    }
    shape_set(g, n, 0, values->rank, dim);
    return true;
}

/* Sets the shape of tuples of indices into `t`: [tuples..., dims of t that they leave]. */
static bool check_tuples(struct node *n, const struct tensor *indices, int32_t rank, const int64_t dim[],
                         struct diag *diag)
{
    const int32_t depth = ir_dim(indices, -1);
    if (indices->rank < 1 || depth > rank) {
        return ir_fail(n, diag, "indices have %d dims of %d, want the last to be at most %d", indices->rank, depth,
                       rank);
    }
    for (int d = 0; d < depth; d++) {
        if (dim[d] == 0 && ir_count(indices) > 0) {
            return ir_fail(n, diag, "has indices into dim %d, which is empty", d);
        }
    }
    return true;
}

bool shape_gather_nd(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *at = ir_in(g, n, 1);
    int64_t dim[2 * IR_MAX_RANK], extent[IR_MAX_RANK];
    int32_t rank = 0;
    for (int d = 0; d < in->rank; d++) {
        extent[d] = in->dim[d];
    }
    if (!check_indices(g, n, 1, diag) || !check_tuples(n, at, in->rank, extent, diag)) {
        return false;
    }
    for (int d = 0; d < at->rank - 1; d++) {
        dim[rank++] = at->dim[d];
    }
    for (int d = at->dim[at->rank - 1]; d < in->rank; d++) {
        dim[rank++] = in->dim[d];
    }
    return shape_set_wide(g, n, 0, rank, dim, diag);
}

bool shape_scatter_nd(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *at = ir_in(g, n, 0), *updates = ir_in(g, n, 1);
    int64_t dim[2 * IR_MAX_RANK];
    const int rank = shape_list(g, n, 2, dim, diag);
    if (rank < 0 || !check_indices(g, n, 0, diag) || !check_tuples(n, at, rank, dim, diag) ||
        !shape_set_wide(g, n, 0, rank, dim, diag)) {
        return false;
    }
    bool fits = true;
    int32_t k = 0;
    for (int d = 0; d < at->rank - 1; d++, k++) {
        fits = fits && ir_dim(updates, k) == at->dim[d];
    }
    for (int d = at->dim[at->rank - 1]; d < rank; d++, k++) {
        fits = fits && k < updates->rank && updates->dim[k] == dim[d];
    }
    if (!fits || k != updates->rank) {
        return ir_fail(n, diag, "updates have not the shape that indices and output give");
    }
    return true;
}

bool shape_sparse_to_dense(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *at = ir_in(g, n, 0), *values = ir_in(g, n, 2);
    int64_t dim[2 * IR_MAX_RANK];
    const int rank = shape_list(g, n, 1, dim, diag);
    if (rank < 0 || !check_indices(g, n, 0, diag) || !shape_set_wide(g, n, 0, rank, dim, diag)) {
        return false;
    }
    const int32_t depth = at->rank == 2 ? at->dim[1] : 1, count = at->rank == 0 ? 1 : at->dim[0];
    if (at->rank > 2 || depth != rank) {
        return ir_fail(n, diag, "indices have %d dims, the last of %d, want 2, the last of %d", at->rank, depth, rank);
    }
    if ((values->rank != 0 && (values->rank != 1 || values->dim[0] != count)) || ir_count(ir_in(g, n, 3)) != 1) {
        return ir_fail(n, diag, "values and default are no single values, nor one for each of %d indices", count);
    }
    return true;
}

bool shape_one_hot(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t depth, dim[IR_MAX_RANK + 1];
    int32_t axis;
    if (!check_indices(g, n, 0, diag) || !shape_number(g, n, 1, &depth, diag) ||
        !shape_axis(n, n->attr.axis, in->rank + 1, &axis, diag)) {
        return false;
    }
    if (ir_count(ir_in(g, n, 2)) != 1 || ir_count(ir_in(g, n, 3)) != 1) {
        return ir_fail(n, diag, "on and off value are no single values");
    }
    for (int d = 0; d <= in->rank; d++) {
        dim[d] = d == axis ? depth : in->dim[d < axis ? d : d - 1];
    }
    return shape_set_wide(g, n, 0, in->rank + 1, dim, diag);
}

bool shape_reverse_sequence(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *lengths = ir_in(g, n, 1);
    int32_t sequence, batch;
    if (!check_indices(g, n, 1, diag) || !shape_axis(n, n->attr.axis, in->rank, &sequence, diag) ||
        !shape_axis(n, n->attr.batch_dims, in->rank, &batch, diag)) {
        return false;
    }
    if (sequence == batch || lengths->rank != 1 || lengths->dim[0] != in->dim[batch]) {
        return ir_fail(n, diag, "has lengths of %d dims for sequences in dim %d and batches in dim %d", lengths->rank,
                       sequence, batch);
    }
    shape_copy(g, n, 0, in);
    return true;
}

bool shape_update_slice(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *update = ir_in(g, n, 1), *start = ir_in(g, n, 2);
    bool fits = in->rank == update->rank && in->rank >= 1 && start->rank == 1 && start->dim[0] == in->rank;
    for (int d = 0; fits && d < in->rank; d++) {
        fits = update->dim[d] <= in->dim[d];
    }
    if (!fits) {
        return ir_fail(n, diag, "update and start do not fit a tensor of %d dims", in->rank);
    }
    shape_copy(g, n, 0, in);
    return check_indices(g, n, 2, diag);
}

bool shape_top_k(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t k;
    if (!shape_number(g, n, 1, &k, diag)) {
        return false;
    }
    if (in->rank < 1 || k < 0 || k > in->dim[in->rank - 1]) {
        return ir_fail(n, diag, "wants the %lld largest of %d values", (long long)k, ir_dim(in, -1));
    }
    for (int i = 0; i < 2; i++) {
        shape_copy(g, n, i, in);
        ir_out(g, n, i)->dim[in->rank - 1] = (int32_t)k;
    }
    return true;
}

bool shape_segment_sum(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *at = ir_in(g, n, 1);
    int64_t dim[IR_MAX_RANK], last = 0;
    if (in->rank < 1 || at->rank != 1 || at->dim[0] != in->dim[0] || at->type != TYPE_S32) {
        return ir_fail(n, diag, "segments are no int32 list of one for each of dim 0");
    }
    if (at->data == NULL && at->dim[0] > 0) {
        return ir_fail(n, diag,
                       "segments are known only at run time, so the shape of the result is not; "
                       "make them constant");
    }
    for (int32_t i = 0; i < at->dim[0]; i++) {
        const int64_t segment = ir_const_int(at, i);
        if (segment < last) {
            return ir_fail(n, diag, "segment %d is %lld after %lld, want them to rise from 0", i, (long long)segment,
                           (long long)last);
        }
        last = segment;
    }
    for (int d = 0; d < in->rank; d++) {
        dim[d] = d == 0 ? (at->dim[0] > 0 ? last + 1 : 0) : in->dim[d];
    }
    return shape_set_wide(g, n, 0, in->rank, dim, diag);
}

bool shape_unsorted_segment(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *at = ir_in(g, n, 1);
    int64_t dim[IR_MAX_RANK + 1];
    int32_t rank = 1;
    bool fits = at->type == TYPE_S32 && at->rank <= in->rank;
    for (int d = 0; d < at->rank && fits; d++) {
        fits = at->dim[d] == in->dim[d];
    }
    if (!fits) {
        return ir_fail(n, diag, "segments are no int32 values for the first dims of the input");
    }
    for (int d = at->rank; d < in->rank; d++) {
        dim[rank++] = in->dim[d];
    }
    return shape_number(g, n, 2, &dim[0], diag) && shape_set_wide(g, n, 0, rank, dim, diag);
}

/*** Shapes that depend on values ***/

static bool need_constants(struct graph *g, struct node *n, struct diag *diag)
{
    for (int i = 0; i < n->in_count; i++) {
        const struct tensor *t = ir_in(g, n, i);
        if (t->data == NULL && ir_count(t) > 0) {
            return ir_fail(n, diag,
                           "input %d is known only at run time, so the shape of the result is not; "
                           "convert the model with static shapes",
                           i);
        }
    }
    return true;
}

/* start, limit and step of a RANGE as double, in which int32 and float are exact. */
static int64_t range_count(const struct graph *g, const struct node *n)
{
    double value[3];
    for (int i = 0; i < 3; i++) {
        const struct tensor *t = ir_in(g, n, i);
        value[i] = t->type == TYPE_F32 ? (double)*(const float *)t->data : (double)ir_const_int(t, 0);
    }
    const double count = ceil((value[1] - value[0]) / value[2]);
    return count >= 0 && count <= INT32_MAX ? (int64_t)count : -1; /* NaN is neither */
}

bool shape_range(struct graph *g, struct node *n, struct diag *diag)
{
    const enum type type = ir_in(g, n, 0)->type;
    for (int i = 0; i < 3; i++) {
        const struct tensor *t = ir_in(g, n, i);
        if (ir_count(t) != 1 || t->type != type || (type != TYPE_F32 && type != TYPE_S32 && type != TYPE_S64)) {
            return ir_fail(n, diag, "input %d is no single value of type int32, int64 or float32, as all others", i);
        }
    }
    if (!need_constants(g, n, diag)) {
        return false;
    }
    const int64_t count = range_count(g, n);
    if (count < 0) {
        return ir_fail(n, diag, "the step does not lead from start to limit");
    }
    return shape_set_wide(g, n, 0, 1, &count, diag);
}

bool shape_where(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    if (in->type != TYPE_BOOL) {
        return ir_fail(n, diag, "condition is %s, want bool", ir_type_text(in->type));
    }
    if (!need_constants(g, n, diag)) {
        return false;
    }
    int64_t hits = 0;
    for (int64_t i = 0; i < ir_count(in); i++) {
        hits += ((const uint8_t *)in->data)[i] != 0;
    }
    return shape_set_wide(g, n, 0, 2, (int64_t[]){hits, in->rank}, diag);
}

bool shape_unique(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    if (in->rank != 1 || ir_type_bits(in->type) < 8) {
        return ir_fail(n, diag, "takes %d dims of %s, want one", in->rank, ir_type_text(in->type));
    }
    if (!need_constants(g, n, diag)) {
        return false;
    }
    const int32_t count = in->dim[0];
    int32_t *place = ARENA_ARRAY(g->arena, count + 1, int32_t), *first = ARENA_ARRAY(g->arena, count + 1, int32_t);
    const int64_t found = ir_unique(g->arena, &(struct ir_elements){in->type, in->data, count, 1}, place, first);
    shape_copy(g, n, 1, in);
    return shape_set_wide(g, n, 0, 1, &found, diag);
}
