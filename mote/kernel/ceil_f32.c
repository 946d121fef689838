/* SPDX-License-Identifier: MIT
 *
 * CEIL, float32.
 */
#include "real.h"

#define KERNEL mote_ceil_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_ceil(x))
#include "unary_body.h"
