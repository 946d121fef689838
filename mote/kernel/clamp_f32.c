/* SPDX-License-Identifier: MIT
 *
 * RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1, float32.
 */
#include "real.h"

#define KERNEL mote_clamp_f32
#define TYPE float
#define VALUE(p, x) mote_fclamp(x, (p)->low, (p)->high)
#include "unary_body.h"
