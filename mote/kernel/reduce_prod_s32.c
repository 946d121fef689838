/* SPDX-License-Identifier: MIT
 *
 * REDUCE_PROD, int32; wraps.
 */
#define KERNEL mote_reduce_prod_s32
#define TYPE int32_t
#define ACC uint32_t
#define IN_OUTPUT 0
#define START 1
#define ADD(p, a, x) ((a) * (uint32_t)(x))
#define FINISH(p, a) ((void)(p), (int32_t)(a))
#include "reduce_body.h"
