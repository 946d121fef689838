/* SPDX-License-Identifier: MIT
 *
 * ABS of int16 without quantisation.
 */
#define KERNEL mote_abs_s16
#define TYPE int16_t
#define VALUE(p, x) ((void)(p), (int16_t)(uint16_t)((x) < 0 ? 0 - (uint32_t)(x) : (uint32_t)(x)))
#include "unary_body.h"
