/* SPDX-License-Identifier: MIT
 *
 * ACOS, float32.
 */
#include "real_arc.h"

#define KERNEL mote_acos_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_acos(x))
#include "unary_body.h"
