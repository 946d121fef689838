/* SPDX-License-Identifier: MIT
 *
 * ATAN2, float: the angle of the point (y, x), whose ordinate is the first input.
 */
#include "binary.h"
#include "real.h"

MOTE_PAIR_KERNEL(mote_atan2_f32, struct mote_binary_f32, float, float, float, mote_atan2(x, y))
