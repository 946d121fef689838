/* SPDX-License-Identifier: MIT
 *
 * PRELU, int8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_prelu_s8, struct mote_product, int8_t, int8_t, int8_t, mote_prelu_scaled(&p, x, y))
