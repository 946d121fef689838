/* SPDX-License-Identifier: MIT
 *
 * SUM and MEAN, int8.
 */
#include "reduce_int.h"

#define KERNEL mote_reduce_sum_s8
#define TYPE int8_t
#define ACC uint32_t
#define IN_OUTPUT 0
#define START 0
#define ADD(p, a, x) mote_reduce_add(a, x)
#define FINISH(p, a) mote_reduce_mean(p, a)
#include "reduce_body.h"
