/* SPDX-License-Identifier: MIT
 *
 * SQUARED_DIFFERENCE, int16.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_squared_difference_s16, struct mote_common_scale, int16_t, int16_t, int16_t,
                 mote_squared_difference_scaled(&p, x, y))
