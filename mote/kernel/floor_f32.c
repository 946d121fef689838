/* SPDX-License-Identifier: MIT
 *
 * FLOOR, float32.
 */
#include "real.h"

#define KERNEL mote_floor_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_floor(x))
#include "unary_body.h"
