/* SPDX-License-Identifier: MIT
 *
 * ERF, float32.
 */
#include "real.h"

#define KERNEL mote_erf_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_erf(x))
#include "unary_body.h"
