/* SPDX-License-Identifier: MIT
 *
 * REDUCE_MAX, uint8; REDUCE_ANY, bool.
 */
#define KERNEL mote_reduce_max_u8
#define TYPE uint8_t
#define ACC uint8_t
#define IN_OUTPUT 1
#define START 0
#define ADD(p, a, x) ((x) > (a) ? (x) : (a))
#define FINISH(p, a) ((void)(p), (a))
#include "reduce_body.h"
