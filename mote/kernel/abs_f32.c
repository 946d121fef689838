/* SPDX-License-Identifier: MIT
 *
 * ABS, float32.
 */
#include "real.h"

#define KERNEL mote_abs_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_fabs(x))
#include "unary_body.h"
