/* SPDX-License-Identifier: MIT
 *
 * NEG, int32.
 */
#define KERNEL mote_neg_s32
#define TYPE int32_t
#define VALUE(p, x) ((void)(p), (int32_t)(0 - (uint32_t)(x)))
#include "unary_body.h"
