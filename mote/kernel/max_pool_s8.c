/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D, int8.
 */
#define KERNEL mote_max_pool_s8
#define TYPE int8_t
#define ACC int8_t
#define IN_OUTPUT 1
#define START INT8_MIN
#define ADD(a, x) ((a) < (x) ? (x) : (a))
#define FINISH(a, count) ((void)(count), a)
#include "pool_body.h"
