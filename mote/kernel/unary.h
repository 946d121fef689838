/* SPDX-License-Identifier: MIT
 *
 * Parameters of the element-wise operators with one input. io->in, io->out: one row of `count` elements, which
 * may be the same.
 */
#ifndef MOTE_KERNEL_UNARY_H
#define MOTE_KERNEL_UNARY_H

#include "kernel.h"

/* A function of float32 or int32. */
struct mote_unary {
    int32_t count;
    float low, high; /* the RELU family, FAKE_QUANT: the range of the output */
    float alpha;     /* LEAKY_RELU: the slope below 0; FAKE_QUANT: the step */
};

/* BUCKETIZE: how many of the rising boundaries are not above x, by the type of x: float32, int32, int64. */
struct mote_bucketize {
    int32_t count, boundary_count;
    const MOTE_FLASH float *boundaries;
};

/* Any function of 8 or 16 bits, by table: lut_x8 by [256] values, index the byte of the element; lut_s16 as
 * in lut_s16.h. */
struct mote_lut {
    int32_t count;
    const MOTE_FLASH void *table;
};

/* A function that is linear on either side of the zero point, rescaled:
 *   x = in + in_offset
 *   y = x * multiplier[0] * 2^(shift[0] - 31) for x >= 0, out_sign * (in_sign * x) * multiplier[1] * 2^(shift[1] - 31)
 *       for x < 0
 *   out = y + out_offset, within [low, high] */
struct mote_piecewise {
    int32_t count;
    int32_t in_offset, out_offset;
    int32_t multiplier[2], shift[2];
    int32_t in_sign, out_sign; /* 1 or -1 */
    int32_t low, high;
};

/* LOGISTIC and TANH of int16: the argument of the table is in * multiplier * 2^-shift. */
struct mote_sigmoid {
    int32_t count;
    int32_t multiplier; /* at most 2^15 */
    int32_t shift;      /* 0 to 31 */
};

#endif
