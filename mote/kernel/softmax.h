/* SPDX-License-Identifier: MIT
 *
 * Parameters of SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION, which work on vectors: the
 * last dim.
 */
#ifndef MOTE_KERNEL_SOFTMAX_H
#define MOTE_KERNEL_SOFTMAX_H

#include "kernel.h"

/* io->in, io->out: `count` vectors of `depth` elements. */
struct mote_softmax {
    int32_t count, depth;
    float beta; /* float: factor of the argument */
    /* int8, uint8: differences to the maximum become Q5 numbers, times multiplier * 2^shift; those below least
     * are too small to count. int16: they become indices of the table, times multiplier * 2^(shift - 31) */
    int32_t multiplier, shift, least;
    int32_t log_multiplier, log_shift;          /* LOG_SOFTMAX: from Q5 back to input steps; shift <= 0 */
    const MOTE_FLASH int16_t *exp_table;        /* int16: e^x on [-10, 0], [513] */
    const MOTE_FLASH int16_t *reciprocal_table; /* int16: 1 / (1 + x) on [0, 1], [513] */
};

/* SOFTMAX of 8-bit inputs, less than 4096 elements a vector: exp[d] is the exponential of an input d steps below the
 * greatest one, Q0; of all that are further below it is exp[last]. */
struct mote_softmax_table {
    int32_t count, depth, last;
    const MOTE_FLASH int32_t *exp; /* [last + 1] */
};

/* L2_NORMALIZATION. */
struct mote_l2_norm {
    int32_t count, depth;
    int32_t in_offset; /* minus the input's zero point */
};

/* LOCAL_RESPONSE_NORMALIZATION: out[c] = in[c] * (bias + alpha * sum of in[k]^2)^-beta, |k - c| <= radius. */
struct mote_local_response {
    int32_t count, depth;
    int32_t radius; /* at least 0 */
    float bias, alpha, beta;
};

#endif
