/* SPDX-License-Identifier: MIT
 *
 * ASIN, float32.
 */
#include "real_arc.h"

#define KERNEL mote_asin_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_asin(x))
#include "unary_body.h"
