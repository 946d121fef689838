/* SPDX-License-Identifier: MIT
 *
 * ELU, float32.
 */
#include "real.h"

#define KERNEL mote_elu_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), ((x) < 0 ? mote_expm1(x) : (x)))
#include "unary_body.h"
