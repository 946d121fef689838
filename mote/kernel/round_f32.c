/* SPDX-License-Identifier: MIT
 *
 * ROUND, halves to even, float32.
 */
#include "real.h"

#define KERNEL mote_round_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), mote_round_even(x))
#include "unary_body.h"
