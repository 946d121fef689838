/* SPDX-License-Identifier: MIT
 *
 * ABS, int32.
 */
#define KERNEL mote_abs_s32
#define TYPE int32_t
#define VALUE(p, x) ((void)(p), (int32_t)((x) < 0 ? 0 - (uint32_t)(x) : (uint32_t)(x)))
#include "unary_body.h"
