/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators that reduce a tensor along some of its dims.
 */
#ifndef MOTE_KERNEL_REDUCE_H
#define MOTE_KERNEL_REDUCE_H

#include "kernel.h"

enum { MOTE_REDUCE_RANK = 8 };

/* io->in: `rows` rows, which are reduced to one. io->out: one row of out_count elements; if folded, the rows come one
 * each firing, and io->out has a second row for the accumulators, if the kernel needs them.
 *
 * The dims within a row, the last one innermost: step 0 where they are reduced, else how far apart their elements are
 * in the output. Dims that belong together are merged, so that reduced and kept ones alternate. */
struct mote_reduce {
    int32_t rows, out_count;
    int32_t folded;                 /* 1: yes */
    int32_t rank;                   /* at least 1 */
    int32_t dim[MOTE_REDUCE_RANK];  /* at least 1 */
    int32_t step[MOTE_REDUCE_RANK]; /* 0, 1 for the last */
    /* quantised sums, means and products */
    int32_t in_offset;         /* subtracted from a sum; for products minus the zero point, added to each factor */
    int32_t multiplier, shift; /* see fixed.h */
    int32_t out_offset, low, high;
    /* means of float and int32 */
    int32_t count; /* elements reduced to one; 1 for sums */
};

/* ARG_MAX, ARG_MIN. Each of `rows` input rows is [outer, depth, inner], one of rows and depth is 1; io->out: one row
 * [outer, inner] of int32 or int64. */
struct mote_arg {
    int32_t rows, outer, depth, inner;
    int32_t is_max;  /* 0: the least element */
    int32_t is_wide; /* the output is int64 */
};

/* CUMSUM. A row is [outer, depth, inner]. */
struct mote_cumsum {
    int32_t outer, depth, inner;
    int32_t exclusive, reverse;
    /* int8 */
    int32_t in_offset, out_offset;
    int32_t multiplier, shift;
};

#endif
