/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D, int16.
 */
#define KERNEL mote_max_pool_s16
#define TYPE int16_t
#define ACC int16_t
#define IN_OUTPUT 1
#define START INT16_MIN
#define ADD(a, x) ((a) < (x) ? (x) : (a))
#define FINISH(a, count) ((void)(count), a)
#include "pool_body.h"
