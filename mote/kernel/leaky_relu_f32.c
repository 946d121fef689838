/* SPDX-License-Identifier: MIT
 *
 * LEAKY_RELU, float32.
 */
#define KERNEL mote_leaky_relu_f32
#define TYPE float
#define VALUE(p, x) ((x) > 0 ? (x) : (p)->alpha * (x))
#include "unary_body.h"
