/* SPDX-License-Identifier: MIT
 *
 * PRELU, uint8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_prelu_u8, struct mote_product, uint8_t, uint8_t, uint8_t, mote_prelu_scaled(&p, x, y))
