/* SPDX-License-Identifier: MIT
 *
 * Comparisons, int8: on the common scale of 2^-8, rounded, so that values closer than that may count as equal.
 * Source: TensorFlow Lite, reference_ops::ComparisonWithScaling.
 */
#include "binary.h"

#define KERNEL mote_compare_s8
#define PARAMS struct mote_common_scale
#define T int8_t
#define VALUE_X mote_to_common_scale(x, &p.x, p.left)
#define VALUE_Y mote_to_common_scale(y, &p.y, p.left)
#include "compare_body.h"
