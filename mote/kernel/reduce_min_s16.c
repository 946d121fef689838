/* SPDX-License-Identifier: MIT
 *
 * REDUCE_MIN, int16.
 */
#define KERNEL mote_reduce_min_s16
#define TYPE int16_t
#define ACC int16_t
#define IN_OUTPUT 1
#define START INT16_MAX
#define ADD(p, a, x) ((x) < (a) ? (x) : (a))
#define FINISH(p, a) ((void)(p), (a))
#include "reduce_body.h"
