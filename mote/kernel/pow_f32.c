/* SPDX-License-Identifier: MIT
 *
 * POW, float.
 */
#include "binary.h"
#include "real.h"

MOTE_PAIR_KERNEL(mote_pow_f32, struct mote_binary_f32, float, float, float, mote_pow(x, y))
