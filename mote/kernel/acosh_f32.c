/* SPDX-License-Identifier: MIT
 *
 * ACOSH, float32.
 */
#include "real_arc.h"

#define KERNEL mote_acosh_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_acosh(x))
#include "unary_body.h"
