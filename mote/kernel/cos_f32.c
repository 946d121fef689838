/* SPDX-License-Identifier: MIT
 *
 * COS, float32.
 */
#include "real.h"

#define KERNEL mote_cos_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_cos(x))
#include "unary_body.h"
