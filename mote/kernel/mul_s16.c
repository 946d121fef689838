/* SPDX-License-Identifier: MIT
 *
 * MUL, int16.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_mul_s16, struct mote_product, int16_t, int16_t, int16_t, mote_mul_scaled(&p, x, y))
