/* SPDX-License-Identifier: MIT
 *
 * LOG, float32.
 */
#include "real.h"

#define KERNEL mote_log_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_log(x))
#include "unary_body.h"
