/* SPDX-License-Identifier: MIT
 *
 * GELU, float32.
 */
#include "real.h"

#define KERNEL mote_gelu_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), (0.5F * (x) * (1.0F + mote_erf((x)*0.707106781F))))
#include "unary_body.h"
