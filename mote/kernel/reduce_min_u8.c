/* SPDX-License-Identifier: MIT
 *
 * REDUCE_MIN, uint8; REDUCE_ALL, bool.
 */
#define KERNEL mote_reduce_min_u8
#define TYPE uint8_t
#define ACC uint8_t
#define IN_OUTPUT 1
#define START UINT8_MAX
#define ADD(p, a, x) ((x) < (a) ? (x) : (a))
#define FINISH(p, a) ((void)(p), (a))
#include "reduce_body.h"
