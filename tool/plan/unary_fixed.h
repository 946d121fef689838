/* SPDX-License-Identifier: MIT
 *
 * The element-wise operators that TensorFlow Lite computes in fixed point, one quantised value at a time: from these
 * the tables for 8 bits are made.
 */
#ifndef PLAN_UNARY_FIXED_H
#define PLAN_UNARY_FIXED_H

#include "../../mote/kernel/unary.h"
#include "lower.h"

/* What a function on quantised values needs to know; each uses its own part. */
struct unary_fixed {
    int32_t in_zero, out_zero, low, high;
    struct mote_piecewise piecewise;
    int32_t multiplier, shift;
    int32_t radius;                      /* LOGISTIC, TANH: from here on the result is at its end */
    int32_t relu_multiplier, relu_shift; /* HARD_SWISH */
};

/* From the node's quantisation and attributes; false after an error. */
typedef bool unary_prepare(struct lower *l, struct unary_fixed *u);

/* An output from an input. `state`: a struct unary_fixed. */
typedef int32_t unary_value(const void *state, int32_t x);

unary_prepare unary_prepare_relu, unary_prepare_relu6, unary_prepare_relu_n1_to_1, unary_prepare_relu_0_to_1,
    unary_prepare_leaky_relu, unary_prepare_abs, unary_prepare_logistic, unary_prepare_tanh, unary_prepare_hard_swish,
    unary_prepare_rsqrt;

unary_value unary_piecewise, unary_logistic, unary_tanh, unary_hard_swish, unary_rsqrt;

/* LOGISTIC and TANH of int16. */
bool unary_fill_sigmoid_s16(struct lower *l, struct mote_sigmoid *p);

#endif
