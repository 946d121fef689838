/* SPDX-License-Identifier: MIT
 *
 * CUMSUM, float32.
 */
#define KERNEL mote_cumsum_f32
#define TYPE float
#define ACC float
#define START(p) 0.0F
#define ADD(p, a, x) ((a) + (x))
#define FINISH(p, a) (a)
#include "cumsum_body.h"
