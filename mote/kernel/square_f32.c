/* SPDX-License-Identifier: MIT
 *
 * SQUARE, float32.
 */
#define KERNEL mote_square_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), (x) * (x))
#include "unary_body.h"
