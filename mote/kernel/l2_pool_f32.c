/* SPDX-License-Identifier: MIT
 *
 * L2_POOL_2D, float32: the root of the mean square.
 *
 * Source: TensorFlow Lite, reference_ops::L2Pool.
 */
#include "real.h"

#define KERNEL mote_l2_pool_f32
#define TYPE float
#define ACC float
#define IN_OUTPUT 1
#define START 0.0F
#define ADD(a, x) ((a) + (x) * (x))
#define FINISH(a, count) mote_sqrt((a) / (float)(count))
#define IS_REAL
#include "pool_body.h"
