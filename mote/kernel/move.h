/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators that move data and compute nothing. They see bytes: `unit` is the size of an
 * element, all steps and starts are in bytes.
 */
#ifndef MOTE_KERNEL_MOVE_H
#define MOTE_KERNEL_MOVE_H

#include "kernel.h"

/* An element of 2, 4 or 8 bytes, whatever its type is. */
#if defined(__GNUC__)
#define MOTE_MAY_ALIAS __attribute__((may_alias))
#else
#define MOTE_MAY_ALIAS
#endif
typedef uint16_t MOTE_MAY_ALIAS mote_unit2;
typedef uint32_t MOTE_MAY_ALIAS mote_unit4;
typedef uint64_t MOTE_MAY_ALIAS mote_unit8;

enum { MOTE_COPY_LOOPS = 12 }; /* deepest nest of a piece */

struct mote_loop {
    int32_t count, in_step, out_step;
};

/* A box of the output row that comes from one input row: runs of contiguous bytes in a nest of loops, outermost
 * first. */
struct mote_piece {
    int32_t row; /* index into io->in; a NULL row gives nothing */
    int32_t in_start, out_start;
    int32_t run;                    /* contiguous bytes, a multiple of unit */
    int32_t first_loop, loop_count; /* in mote_copy.loops */
    int32_t table;                  /* bytes are looked up in tables[table]; -1: taken as they are */
};

enum { MOTE_FILL_NONE, MOTE_FILL_OUTSIDE, MOTE_FILL_ALWAYS };

/* SLICE, PAD, CONCATENATION, TRANSPOSE and all others whose elements come from places known beforehand.
 * Output row y is made of the pieces [phase * piece_count, (phase + 1) * piece_count), phase = y / phase_rows %
 * phases. What no piece covers gets the fill value: always, or only if the first input row is outside. */
struct mote_copy {
    int32_t unit;
    int32_t phases, phase_rows, piece_count;
    const MOTE_FLASH struct mote_piece *pieces; /* [phases][piece_count] */
    const MOTE_FLASH struct mote_loop *loops;
    const MOTE_FLASH uint8_t *tables; /* [][256], for units of 1 byte; or NULL */
    int32_t fill;                     /* MOTE_FILL_... */
    int32_t fill_row;                 /* index into io->in of a row that holds the fill value; -1: `value` */
    int32_t out_bytes;                /* of an output row */
    uint8_t value[8];                 /* the fill value, one unit */
};

/* Output run i of a row is the run at from[i] in the input row. */
struct mote_pick {
    int32_t count, run;             /* bytes in a run */
    const MOTE_FLASH int32_t *from; /* [count], bytes */
};

/* io->out: a row of constants, for kernels that take rows; where flash is a memory of its own. */
struct mote_load {
    const MOTE_FLASH void *data; /* rows one after the other */
    int32_t bytes;               /* of a row */
};

/* RESIZE_BILINEAR. io->in: the input rows above and below the output row; the lower one is not read, and may be
 * NULL, where its weight is 0. For each output row of an image, and for each output column, the weight of the
 * second of the two rows or columns between which it lies: in units of 2^-10 for int8 and int16, else as float. */
struct mote_resize_bilinear {
    int32_t out_w, channels;
    int32_t image_rows;               /* output rows of an image */
    const MOTE_FLASH int32_t *column; /* [out_w] first element of the left one of the input columns */
    const MOTE_FLASH void *y_weight;  /* [image_rows] int32 in [0, 1024], or float in [0, 1] */
    const MOTE_FLASH void *x_weight;  /* [out_w] likewise; 0 where there is no right column */
};

#endif
