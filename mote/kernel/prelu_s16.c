/* SPDX-License-Identifier: MIT
 *
 * PRELU, int16 with int8 slopes.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_prelu_s16, struct mote_product, int16_t, int8_t, int16_t, mote_prelu_scaled(&p, x, y))
