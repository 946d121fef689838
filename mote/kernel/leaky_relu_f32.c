/* SPDX-License-Identifier: MIT
 *
 * LEAKY_RELU, float32.
 */
#include "real.h"

#define KERNEL mote_leaky_relu_f32
#define TYPE float
#define VALUE(p, x) mote_select((x) > 0.0F, x, (p)->alpha * (x))
#include "unary_body.h"
