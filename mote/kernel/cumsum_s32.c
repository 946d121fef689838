/* SPDX-License-Identifier: MIT
 *
 * CUMSUM, int32; wraps.
 */
#define KERNEL mote_cumsum_s32
#define TYPE int32_t
#define ACC uint32_t
#define START(p) 0
#define ADD(p, a, x) ((a) + (uint32_t)(x))
#define FINISH(p, a) ((int32_t)(a))
#include "cumsum_body.h"
