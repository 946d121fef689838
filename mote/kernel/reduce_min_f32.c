/* SPDX-License-Identifier: MIT
 *
 * REDUCE_MIN, float32.
 */
#include <float.h>

#define KERNEL mote_reduce_min_f32
#define TYPE float
#define ACC float
#define IN_OUTPUT 1
#define START FLT_MAX
#define ADD(p, a, x) ((x) < (a) ? (x) : (a))
#define FINISH(p, a) ((void)(p), (a))
#include "reduce_body.h"
