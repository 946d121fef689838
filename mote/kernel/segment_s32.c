/* SPDX-License-Identifier: MIT
 *
 * Segments of int32, modulo 2^32.
 */
#include <stdint.h>

typedef int32_t segment_value;
#define SEGMENT_LEAST INT32_MIN
#define SEGMENT_MOST INT32_MAX
#define SEGMENT_ADD(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define SEGMENT_TIMES(a, b) ((int32_t)((uint32_t)(a) * (uint32_t)(b)))
#define KERNEL mote_segment_s32
#include "segment_body.h"
