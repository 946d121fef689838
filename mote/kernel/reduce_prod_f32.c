/* SPDX-License-Identifier: MIT
 *
 * REDUCE_PROD, float32.
 */
#define KERNEL mote_reduce_prod_f32
#define TYPE float
#define ACC float
#define IN_OUTPUT 1
#define START 1.0F
#define ADD(p, a, x) ((a) * (x))
#define FINISH(p, a) ((void)(p), (a))
#include "reduce_body.h"
