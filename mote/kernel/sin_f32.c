/* SPDX-License-Identifier: MIT
 *
 * SIN, float32.
 */
#include "real.h"

#define KERNEL mote_sin_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_sin(x))
#include "unary_body.h"
