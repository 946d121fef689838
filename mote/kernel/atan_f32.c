/* SPDX-License-Identifier: MIT
 *
 * ATAN, float32.
 */
#include "real_arc.h"

#define KERNEL mote_atan_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_atan(x))
#include "unary_body.h"
