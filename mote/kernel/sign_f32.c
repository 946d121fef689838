/* SPDX-License-Identifier: MIT
 *
 * SIGN, float32.
 */
#define KERNEL mote_sign_f32
#define TYPE float
#define VALUE(p, x) ((void)(p), (x) > 0 ? 1.0F : (x) < 0 ? -1.0F : (x))
#include "unary_body.h"
