/* SPDX-License-Identifier: MIT
 *
 * SUM and MEAN, float32.
 */
#define KERNEL mote_reduce_sum_f32
#define TYPE float
#define ACC float
#define IN_OUTPUT 1
#define START 0.0F
#define ADD(p, a, x) ((a) + (x))
#define FINISH(p, a) ((a) / (float)(p)->count)
#include "reduce_body.h"
