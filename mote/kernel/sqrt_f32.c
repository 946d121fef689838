/* SPDX-License-Identifier: MIT
 *
 * SQRT, float32.
 */
#include "real.h"

#define KERNEL mote_sqrt_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_sqrt(x))
#include "unary_body.h"
