/* SPDX-License-Identifier: MIT
 *
 * DIV, uint8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_div_u8, struct mote_product, uint8_t, uint8_t, uint8_t, mote_div_scaled(&p, x, y))
