/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators that move data.
 */
#include <string.h>

#include "shape.h"

/*** The same elements in another shape ***/

/* The shape that a RESHAPE asks for: its second input, else its options, else that of the output in the file. */
static int find_new_shape(struct graph *g, struct node *n, int64_t shape[], struct diag *diag)
{
    const struct tensor *input = ir_in(g, n, 1), *out = ir_out(g, n, 0);
    if (input != NULL && (input->data != NULL || ir_count(input) == 0)) {
        return shape_list(g, n, 1, shape, diag);
    }
    const bool listed = input == NULL && n->attr.list_count > 0;
    const int32_t rank = listed ? n->attr.list_count : out->rank;
    if (rank > IR_MAX_RANK) {
        ir_fail(n, diag, "asks for %d dims, want at most %d", rank, IR_MAX_RANK);
        return -1;
    }
    for (int d = 0; d < rank; d++) {
        shape[d] = listed ? n->attr.list[d] : out->dim[d];
    }
    return listed && rank == 1 && shape[0] == 0 ? 0 : rank; /* [0] is how old files write a scalar */
}

bool shape_reshape(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t shape[2 * IR_MAX_RANK];
    const int rank = find_new_shape(g, n, shape, diag);
    if (rank < 0) {
        return false;
    }
    int64_t known = 1;
    int open = -1; /* the dim that takes what is left */
    for (int d = 0; d < rank; d++) {
        if (shape[d] < -1 || shape[d] > INT32_MAX || (shape[d] == -1 && open >= 0)) {
            return ir_fail(n, diag, "asks for a dim %d of %lld, want at least 0, or -1 once", d, (long long)shape[d]);
        }
        open = shape[d] == -1 ? d : open;
        known *= shape[d] == -1 ? 1 : shape[d];
        known = known > INT32_MAX ? INT32_MAX : known; /* more than any tensor has */
    }
    if (open >= 0) {
        shape[open] = known > 0 ? ir_count(in) / known : 0;
        known *= shape[open];
    }
    if (known != ir_count(in)) {
        return ir_fail(n, diag, "input has %lld elements, which do not fill the shape asked for",
                       (long long)ir_count(in));
    }
    return shape_set_wide(g, n, 0, rank, shape, diag);
}

bool shape_squeeze(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    bool drop[IR_MAX_RANK] = {false};
    for (int k = 0; k < n->attr.list_count; k++) {
        int32_t axis;
        if (!shape_axis(n, n->attr.list[k], in->rank, &axis, diag)) {
            return false;
        }
        if (in->dim[axis] != 1) {
            return ir_fail(n, diag, "squeezes dim %d of %d, want 1", axis, in->dim[axis]);
        }
        drop[axis] = true;
    }
    int32_t dim[IR_MAX_RANK], rank = 0;
    for (int d = 0; d < in->rank; d++) {
        if (n->attr.list_count > 0 ? !drop[d] : in->dim[d] != 1) {
            dim[rank++] = in->dim[d];
        }
    }
    shape_set(g, n, 0, rank, dim);
    return true;
}

/* Sets the shape of output i to that of `t` with a new dim before dim `axis`. */
static bool set_with_dim(struct graph *g, struct node *n, const struct tensor *t, int32_t axis, int32_t extent,
                         struct diag *diag)
{
    int64_t dim[IR_MAX_RANK + 1];
    for (int d = 0; d <= t->rank; d++) {
        dim[d] = d == axis ? extent : t->dim[d < axis ? d : d - 1];
    }
    return shape_set_wide(g, n, 0, t->rank + 1, dim, diag);
}

bool shape_expand_dims(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t value;
    int32_t axis;
    return shape_number(g, n, 1, &value, diag) && shape_axis(n, value, in->rank + 1, &axis, diag) &&
           set_with_dim(g, n, in, axis, 1, diag);
}

/*** Tensors joined ***/

static bool same_dims(const struct tensor *a, const struct tensor *b, int32_t but)
{
    for (int d = 0; d < a->rank; d++) {
        if (d != but && a->dim[d] != b->dim[d]) {
            return false;
        }
    }
    return a->rank == b->rank;
}

bool shape_concat(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *first = ir_in(g, n, 0);
    int64_t dim[IR_MAX_RANK], sum = 0;
    int32_t axis;
    if (!shape_axis(n, n->attr.axis, first->rank, &axis, diag)) {
        return false;
    }
    for (int i = 0; i < n->in_count; i++) {
        const struct tensor *in = ir_in(g, n, i);
        if (in == NULL || !same_dims(first, in, axis)) {
            return ir_fail(n, diag, "input %d does not match input 0 in all dims but %d", i, axis);
        }
        sum += in->dim[axis];
    }
    for (int d = 0; d < first->rank; d++) {
        dim[d] = d == axis ? sum : first->dim[d];
    }
    return shape_set_wide(g, n, 0, first->rank, dim, diag);
}

bool shape_pack(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *first = ir_in(g, n, 0);
    int32_t axis;
    for (int i = 0; i < n->in_count; i++) {
        if (ir_in(g, n, i) == NULL || !same_dims(first, ir_in(g, n, i), -1)) {
            return ir_fail(n, diag, "input %d has not the shape of input 0", i);
        }
    }
    return shape_axis(n, n->attr.axis, first->rank + 1, &axis, diag) &&
           set_with_dim(g, n, first, axis, n->in_count, diag);
}

/*** Axes exchanged, enlarged, repeated ***/

bool shape_transpose(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t permutation[2 * IR_MAX_RANK];
    int32_t dim[IR_MAX_RANK];
    bool seen[IR_MAX_RANK] = {false};
    const int count = shape_list(g, n, 1, permutation, diag);
    if (count < 0) {
        return false;
    }
    if (count != in->rank) {
        return ir_fail(n, diag, "permutation has %d values, want %d", count, in->rank);
    }
    for (int d = 0; d < count; d++) {
        int32_t axis;
        if (!shape_axis(n, permutation[d], in->rank, &axis, diag)) {
            return false;
        }
        if (seen[axis]) {
            return ir_fail(n, diag, "permutation has axis %d twice", axis);
        }
        seen[axis] = true;
        dim[d] = in->dim[axis];
    }
    shape_set(g, n, 0, count, dim);
    return true;
}

bool shape_pad(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t pads[2 * IR_MAX_RANK], dim[IR_MAX_RANK];
    const int count = shape_list(g, n, 1, pads, diag);
    if (count < 0) {
        return false;
    }
    if (count != 2 * in->rank) {
        return ir_fail(n, diag, "paddings have %d values, want 2 for each of %d dims", count, in->rank);
    }
    for (int d = 0; d < in->rank; d++) {
        const int64_t most = n->op != OP_MIRROR_PAD ? INT32_MAX : in->dim[d] - (n->attr.mode == 0 ? 1 : 0);
        for (int k = 2 * d; k < 2 * d + 2; k++) {
            if (pads[k] < 0 || (pads[k] > most && pads[k] > 0)) {
                return ir_fail(n, diag, "pads dim %d by %lld, want 0 to %lld", d, (long long)pads[k],
                               (long long)(most > 0 ? most : 0));
            }
        }
        dim[d] = in->dim[d] + pads[2 * d] + pads[2 * d + 1];
    }
    return shape_set_wide(g, n, 0, in->rank, dim, diag);
}

bool shape_tile(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t times[2 * IR_MAX_RANK];
    const int count = shape_list(g, n, 1, times, diag);
    if (count < 0) {
        return false;
    }
    if (count != in->rank) {
        return ir_fail(n, diag, "multiples have %d values, want %d", count, in->rank);
    }
    for (int d = 0; d < count; d++) {
        if (times[d] < 0 || times[d] > INT32_MAX) {
            return ir_fail(n, diag, "repeats dim %d %lld times", d, (long long)times[d]);
        }
        times[d] *= in->dim[d];
    }
    return shape_set_wide(g, n, 0, count, times, diag);
}

bool shape_fill(struct graph *g, struct node *n, struct diag *diag)
{
    int64_t dim[2 * IR_MAX_RANK];
    const int rank = shape_list(g, n, 0, dim, diag);
    if (rank >= 0 && ir_count(ir_in(g, n, 1)) != 1) {
        return ir_fail(n, diag, "value has %lld elements, want one", (long long)ir_count(ir_in(g, n, 1)));
    }
    return rank >= 0 && shape_set_wide(g, n, 0, rank, dim, diag);
}

bool shape_resize(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t size[2 * IR_MAX_RANK];
    if (in->rank != 4) {
        return ir_fail(n, diag, "input has %d dims, want 4 (NHWC)", in->rank);
    }
    const int count = shape_list(g, n, 1, size, diag);
    if (count < 0) {
        return false;
    }
    if (count != 2 || size[0] < 1 || size[1] < 1 || in->dim[1] < 1 || in->dim[2] < 1) {
        return ir_fail(n, diag, "resizes %dx%d to a size of %d values, want height and width of at least 1", in->dim[1],
                       in->dim[2], count);
    }
    if (n->attr.align_corners && n->attr.half_pixel_centers && n->op == OP_RESIZE_BILINEAR) {
        return ir_fail(n, diag, "has both align_corners and half_pixel_centers, want at most one");
    }
    return shape_set_wide(g, n, 0, 4, (int64_t[]){in->dim[0], size[0], size[1], in->dim[3]}, diag);
}

/*** Space to and from depth and batch ***/

bool shape_space_depth(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const int64_t b = n->attr.block_size;
    if (in->rank != 4) {
        return ir_fail(n, diag, "input has %d dims, want 4 (NHWC)", in->rank);
    }
    if (b < 1 || b > INT16_MAX) {
        return ir_fail(n, diag, "block size is %lld, want 1 or more", (long long)b);
    }
    const int32_t *d = in->dim;
    const bool to_depth = n->op == OP_SPACE_TO_DEPTH;
    if (to_depth ? d[1] % b != 0 || d[2] % b != 0 : d[3] % (b * b) != 0) {
        return ir_fail(n, diag, "input of %dx%dx%d does not divide into blocks of %lld", d[1], d[2], d[3],
                       (long long)b);
    }
    return shape_set_wide(g, n, 0, 4,
                          to_depth ? (int64_t[]){d[0], d[1] / b, d[2] / b, d[3] * b * b}
                                   : (int64_t[]){d[0], d[1] * b, d[2] * b, d[3] / (b * b)},
                          diag);
}

bool shape_space_batch(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const bool to_batch = n->op == OP_SPACE_TO_BATCH_ND;
    int64_t block[2 * IR_MAX_RANK], edge[2 * IR_MAX_RANK], dim[IR_MAX_RANK];
    const int blocks = shape_list(g, n, 1, block, diag), edges = blocks < 0 ? -1 : shape_list(g, n, 2, edge, diag);
    if (edges < 0) {
        return false;
    }
    if ((in->rank != 3 && in->rank != 4) || blocks != in->rank - 2 || edges != 2 * blocks) {
        return ir_fail(n, diag,
                       "has %d dims, %d block sizes, %d paddings or crops; want 3 or 4 dims, 2 fewer blocks, "
                       "2 paddings each",
                       in->rank, blocks, edges);
    }
    int64_t all = 1;
    for (int k = 0; k < blocks; k++) {
        if (block[k] < 1 || block[k] > INT16_MAX || edge[2 * k] < 0 || edge[2 * k] > INT32_MAX || edge[2 * k + 1] < 0 ||
            edge[2 * k + 1] > INT32_MAX) {
            return ir_fail(n, diag, "block %d is %lld with %lld and %lld at the edges, want at least 1, 0, 0", k,
                           (long long)block[k], (long long)edge[2 * k], (long long)edge[2 * k + 1]);
        }
        const int64_t edges_sum = edge[2 * k] + edge[2 * k + 1];
        all *= block[k];
        dim[k + 1] = to_batch ? (in->dim[k + 1] + edges_sum) / block[k] : in->dim[k + 1] * block[k] - edges_sum;
        if (to_batch && (in->dim[k + 1] + edges_sum) % block[k] != 0) {
            return ir_fail(n, diag, "dim %d of %d with padding does not divide into blocks of %lld", k + 1,
                           in->dim[k + 1], (long long)block[k]);
        }
    }
    if (!to_batch && in->dim[0] % all != 0) {
        return ir_fail(n, diag, "batch of %d does not divide into blocks of %lld", in->dim[0], (long long)all);
    }
    dim[0] = to_batch ? in->dim[0] * all : in->dim[0] / all;
    dim[in->rank - 1] = in->dim[in->rank - 1];
    return shape_set_wide(g, n, 0, in->rank, dim, diag);
}

/*** Facts about shapes ***/

bool shape_shape(struct graph *g, struct node *n, struct diag *diag)
{
    (void)diag;
    shape_set(g, n, 0, 1, (int32_t[]){ir_in(g, n, 0)->rank});
    return true;
}

bool shape_rank(struct graph *g, struct node *n, struct diag *diag)
{
    (void)diag;
    shape_set(g, n, 0, 0, NULL);
    return true;
}
