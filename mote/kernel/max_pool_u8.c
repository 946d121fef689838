/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D, uint8.
 */
#define KERNEL mote_max_pool_u8
#define TYPE uint8_t
#define ACC uint8_t
#define IN_OUTPUT 1
#define START 0
#define ADD(a, x) ((a) < (x) ? (x) : (a))
#define FINISH(a, count) ((void)(count), a)
#include "pool_body.h"
