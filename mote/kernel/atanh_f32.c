/* SPDX-License-Identifier: MIT
 *
 * ATANH, float32.
 */
#include "real_arc.h"

#define KERNEL mote_atanh_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_atanh(x))
#include "unary_body.h"
