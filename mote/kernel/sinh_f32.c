/* SPDX-License-Identifier: MIT
 *
 * SINH, float32.
 */
#include "real_arc.h"

#define KERNEL mote_sinh_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_sinh(x))
#include "unary_body.h"
