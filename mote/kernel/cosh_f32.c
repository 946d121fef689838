/* SPDX-License-Identifier: MIT
 *
 * COSH, float32.
 */
#include "real_arc.h"

#define KERNEL mote_cosh_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_cosh(x))
#include "unary_body.h"
