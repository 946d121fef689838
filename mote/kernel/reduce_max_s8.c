/* SPDX-License-Identifier: MIT
 *
 * REDUCE_MAX, int8.
 */
#define KERNEL mote_reduce_max_s8
#define TYPE int8_t
#define ACC int8_t
#define IN_OUTPUT 1
#define START INT8_MIN
#define ADD(p, a, x) ((x) > (a) ? (x) : (a))
#define FINISH(p, a) ((void)(p), (a))
#include "reduce_body.h"
