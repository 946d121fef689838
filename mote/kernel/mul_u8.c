/* SPDX-License-Identifier: MIT
 *
 * MUL, uint8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_mul_u8, struct mote_product, uint8_t, uint8_t, uint8_t, mote_mul_scaled(&p, x, y))
