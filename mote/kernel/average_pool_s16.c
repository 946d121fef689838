/* SPDX-License-Identifier: MIT
 *
 * AVERAGE_POOL_2D, int16: the mean rounded to the nearest, halves away from zero.
 *
 * Precondition: filter_h * filter_w * 2^15 < 2^31.
 * Source: TensorFlow Lite, reference_integer_ops::AveragePool.
 */
#define KERNEL mote_average_pool_s16
#define TYPE int16_t
#define ACC int32_t
#define IN_OUTPUT 0
#define START 0
#define ADD(a, x) ((a) + (x))
#define FINISH(a, count) (((a) > 0 ? (a) + (count) / 2 : (a) - (count) / 2) / (count))
#include "pool_body.h"
