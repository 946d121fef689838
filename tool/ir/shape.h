/* SPDX-License-Identifier: MIT
 *
 * Shape rules: one function for each name in the `shape` column of op.def.
 */
#ifndef IR_SHAPE_H
#define IR_SHAPE_H

#include "ir.h"

typedef bool shape_rule(struct graph *g, struct node *n, struct diag *diag);

#define OP(name, code, in_min, in_max, out_min, out_max, shape, ...) shape_rule shape_##shape;
#include "op.def"
#undef OP

/* Sets the shape of output i. */
void shape_set(struct graph *g, struct node *n, int i, int32_t rank, const int32_t dim[]);

/* Output i has the shape of `t`. */
void shape_copy(struct graph *g, struct node *n, int i, const struct tensor *t);

/* The same from dims that may be out of range, which is an error. */
bool shape_set_wide(struct graph *g, struct node *n, int i, int32_t rank, const int64_t dim[], struct diag *diag);

/* The values of a constant int32/int64 input as list of at most 2 * IR_MAX_RANK; returns their count, or
 * -1 with an error if it is not constant, not integer, or too long. Clamped to +-2^60, so that sums do not overflow. */
int shape_list(struct graph *g, struct node *n, int i, int64_t list[], struct diag *diag);

/* The one value of such an input. */
bool shape_number(struct graph *g, struct node *n, int i, int64_t *value, struct diag *diag);

/* An axis in [-rank, rank) as one in [0, rank). */
bool shape_axis(struct node *n, int64_t axis, int32_t rank, int32_t *result, struct diag *diag);

/* Which dims of input 0 the list of axes in input 1 names. */
bool shape_axes(struct graph *g, struct node *n, bool named[], struct diag *diag);

/* What an operator that cuts boxes out of its input takes for output i: begin, begin + step, ... along each axis of
 * the input. SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK, REVERSE_V2. */
struct shape_box {
    int input; /* which input of the node is cut */
    int32_t begin[IR_MAX_RANK], step[IR_MAX_RANK], count[IR_MAX_RANK];
    int32_t rank; /* of the output, which may lack axes or have new ones of extent 1 */
    int32_t dim[IR_MAX_RANK];
};

bool shape_find_box(struct graph *g, struct node *n, int i, struct shape_box *box, struct diag *diag);

/* Output extent of a window of `size` elements `dilation` apart moved by `stride`; and the padding
 * before the first element. TensorFlow's SAME and VALID. */
int32_t shape_window(enum padding padding, int32_t in, int32_t size, int32_t stride, int32_t dilation);
int32_t shape_window_pad(enum padding padding, int32_t in, int32_t size, int32_t stride, int32_t dilation);

/* What SAME padding takes from the full extent stride * (in - 1) + size of a transposed convolution, in
 * MediaPipe's sense. */
int32_t shape_transposed_cut(enum padding padding, int32_t in, int32_t size, int32_t stride);

#endif
