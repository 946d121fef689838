/* SPDX-License-Identifier: MIT
 *
 * ASINH, float32.
 */
#include "real_arc.h"

#define KERNEL mote_asinh_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_asinh(x))
#include "unary_body.h"
