/* SPDX-License-Identifier: MIT
 *
 * TANH, float32.
 */
#include "real.h"

#define KERNEL mote_tanh_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_tanh(x))
#include "unary_body.h"
