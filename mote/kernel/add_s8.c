/* SPDX-License-Identifier: MIT
 *
 * ADD and SUB, int8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_add_s8, struct mote_common_scale, int8_t, int8_t, int8_t, mote_add_scaled(&p, x, y))
