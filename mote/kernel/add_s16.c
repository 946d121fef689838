/* SPDX-License-Identifier: MIT
 *
 * ADD and SUB, int16.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_add_s16, struct mote_common_scale, int16_t, int16_t, int16_t, mote_add_scaled(&p, x, y))
