/* SPDX-License-Identifier: MIT
 *
 * SQUARED_DIFFERENCE, int8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_squared_difference_s8, struct mote_common_scale, int8_t, int8_t, int8_t,
                 mote_squared_difference_scaled(&p, x, y))
