/* SPDX-License-Identifier: MIT
 *
 * FLOOR_DIV, float.
 */
#include "binary.h"
#include "real.h"

MOTE_PAIR_KERNEL(mote_floor_div_f32, struct mote_binary_f32, float, float, float, mote_floor_div(x, y))
