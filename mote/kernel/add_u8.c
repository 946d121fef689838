/* SPDX-License-Identifier: MIT
 *
 * ADD and SUB, uint8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_add_u8, struct mote_common_scale, uint8_t, uint8_t, uint8_t, mote_add_scaled(&p, x, y))
