/* SPDX-License-Identifier: MIT
 *
 * SUM, int32; wraps.
 */
#include "reduce_int.h"

#define KERNEL mote_reduce_sum_s32
#define TYPE int32_t
#define ACC uint32_t
#define IN_OUTPUT 0
#define START 0
#define ADD(p, a, x) mote_reduce_add(a, x)
#define FINISH(p, a) ((void)(p), (int32_t)(a))
#include "reduce_body.h"
