/* SPDX-License-Identifier: MIT
 *
 * NEG, float32.
 */
#define KERNEL mote_neg_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), -(x))
#include "unary_body.h"
