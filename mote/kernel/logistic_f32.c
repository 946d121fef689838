/* SPDX-License-Identifier: MIT
 *
 * LOGISTIC, float32.
 */
#include "real.h"

#define KERNEL mote_logistic_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_logistic(x))
#include "unary_body.h"
