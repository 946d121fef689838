/* SPDX-License-Identifier: MIT
 *
 * GELU by its approximation with tanh, float32.
 */
#include "real.h"

#define KERNEL mote_gelu_tanh_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), (0.5F * (x) * (1.0F + mote_tanh(0.797884561F * ((x) + 0.044715F * (x) * (x) * (x))))))
#include "unary_body.h"
