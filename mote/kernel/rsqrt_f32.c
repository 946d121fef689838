/* SPDX-License-Identifier: MIT
 *
 * RSQRT, float32.
 */
#include "real.h"

#define KERNEL mote_rsqrt_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_rsqrt(x))
#include "unary_body.h"
