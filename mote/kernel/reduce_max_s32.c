/* SPDX-License-Identifier: MIT
 *
 * REDUCE_MAX, int32.
 */
#define KERNEL mote_reduce_max_s32
#define TYPE int32_t
#define ACC int32_t
#define IN_OUTPUT 1
#define START INT32_MIN
#define ADD(p, a, x) ((x) > (a) ? (x) : (a))
#define FINISH(p, a) ((void)(p), (a))
#include "reduce_body.h"
