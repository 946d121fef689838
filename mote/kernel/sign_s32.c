/* SPDX-License-Identifier: MIT
 *
 * SIGN, int32.
 */
#define KERNEL mote_sign_s32
#define TYPE int32_t
#define VALUE(p, x) ((void)(p), ((x) > 0) - ((x) < 0))
#include "unary_body.h"
