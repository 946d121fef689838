/* SPDX-License-Identifier: MIT
 *
 * FLOOR_MOD, float.
 */
#include "binary.h"
#include "real.h"

MOTE_PAIR_KERNEL(mote_floor_mod_f32, struct mote_binary_f32, float, float, float, mote_floor_mod(x, y))
