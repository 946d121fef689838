/* SPDX-License-Identifier: MIT
 *
 * MEAN, int32: a 64-bit sum, the quotient rounded towards zero.
 */
#define KERNEL mote_reduce_mean_s32
#define TYPE int32_t
#define ACC int64_t
#define IN_OUTPUT 0
#define START 0
#define ADD(p, a, x) ((a) + (x))
#define FINISH(p, a) ((a) / (p)->count)
#include "reduce_body.h"
