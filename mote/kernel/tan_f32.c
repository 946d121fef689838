/* SPDX-License-Identifier: MIT
 *
 * TAN, float32.
 */
#include "real_arc.h"

#define KERNEL mote_tan_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_tan(x))
#include "unary_body.h"
