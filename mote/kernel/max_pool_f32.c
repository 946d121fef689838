/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D, float32.
 */
#include <float.h>

#include "real.h"

#define KERNEL mote_max_pool_f32
#define TYPE float
#define ACC float
#define IN_OUTPUT 1
#define START (-FLT_MAX)
#define ADD(a, x) ((a) < (x) ? (x) : (a))
#define FINISH(a, count) ((void)(count), a)
#define IS_REAL
#include "pool_body.h"
