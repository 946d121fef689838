/* SPDX-License-Identifier: MIT
 *
 * EXP, float32.
 */
#include "real.h"

#define KERNEL mote_exp_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_exp(x))
#include "unary_body.h"
