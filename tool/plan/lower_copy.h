/* SPDX-License-Identifier: MIT
 *
 * Builds the parameters of the kernels that copy. Two forms: pieces laid out by hand (concatenation,
 * transposition), and the selection, for all operators that take the elements of an axis independently of the
 * other axes (slice, pad, tile, nearest neighbour...).
 */
#ifndef PLAN_LOWER_COPY_H
#define PLAN_LOWER_COPY_H

#include "../../mote/kernel/move.h"
#include "lower.h"

/* Bytes of an element; 0 for types that do not consist of whole bytes. */
int32_t copy_unit(const struct tensor *t);

/* Fails unless output i has the type of input k, and one that can be moved. */
bool copy_check(struct lower *l, int i, int k);

struct copy_maker {
    struct lower *l;
    struct mote_copy *p;
    struct mote_piece *pieces;
    struct mote_loop *loops;
    int32_t piece_count, loop_count;
};

/* Makes the step of the kernel copy_any, for at most `most_pieces` pieces. */
struct copy_maker copy_begin(struct lower *l, int32_t unit, int32_t most_pieces);

/* Adds a piece; the loops run from the outermost to the innermost one, in bytes. Loops that touch become one. */
struct mote_piece *copy_add(struct copy_maker *m, struct mote_piece piece, int32_t count,
                            const struct mote_loop loops[]);

/* Ends the list: the pieces serve `phases` output rows in turn. Now they are part of the plan. */
void copy_end(struct copy_maker *m, int32_t phases, int32_t phase_rows);

/* One axis of a selection: output index o takes input index from[o]; -1: the fill value. */
struct select_axis {
    int32_t in, out; /* extents */
    int32_t *from;   /* [out] */
};

struct select_axis select_axis(struct lower *l, int32_t in, int32_t out);

/* What stands where nothing is taken from. */
struct select_fill {
    uint8_t value[8];
    int input; /* an input that holds the value; -1: `value` */
};

/* Zero, as a tensor of 8 bits has it. */
struct select_fill select_zero(const struct tensor *t);

/* Output i, of extents axis[].out, selects from input k, of extents axis[].in. */
bool lower_select(struct lower *l, int i, int k, int32_t rank, const struct select_axis axis[],
                  const struct select_fill *fill);

#endif
