/* SPDX-License-Identifier: MIT
 *
 * AVERAGE_POOL_2D, float32.
 *
 * Source: TensorFlow Lite, reference_ops::AveragePool.
 */
#include "real.h"

#define KERNEL mote_average_pool_f32
#define TYPE float
#define ACC float
#define IN_OUTPUT 1
#define START 0.0F
#define ADD(a, x) ((a) + (x))
#define FINISH(a, count) ((a) / (float)(count))
#define IS_REAL
#include "pool_body.h"
