/* SPDX-License-Identifier: MIT
 *
 * HARD_SWISH, float32.
 */
#include "real.h"

#define KERNEL mote_hard_swish_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), ((x)*mote_fclamp((x) + 3.0F, 0.0F, 6.0F) * (1.0F / 6.0F)))
#include "unary_body.h"
