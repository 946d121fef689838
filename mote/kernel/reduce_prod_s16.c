/* SPDX-License-Identifier: MIT
 *
 * REDUCE_PROD, int16.
 */
#include "reduce_int.h"

#define KERNEL mote_reduce_prod_s16
#define TYPE int16_t
#define ACC int64_t
#define IN_OUTPUT 0
#define START MOTE_REDUCE_EMPTY
#define ADD(p, a, x) mote_reduce_factor(p, a, x)
#define FINISH(p, a) mote_reduce_product(p, a)
#include "reduce_body.h"
