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

/* The values of a constant int32/int64 input as list of at most IR_MAX_RANK; returns their count, or
 * -1 with an error if it is not constant, not integer, or too long. */
int shape_list(struct graph *g, struct node *n, int i, int64_t list[], struct diag *diag);

/* Output extent of a window of `size` elements `dilation` apart moved by `stride`; and the padding
 * before the first element. TensorFlow's SAME and VALID. */
int32_t shape_window(enum padding padding, int32_t in, int32_t size, int32_t stride, int32_t dilation);
int32_t shape_window_pad(enum padding padding, int32_t in, int32_t size, int32_t stride, int32_t dilation);

#endif
