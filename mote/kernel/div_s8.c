/* SPDX-License-Identifier: MIT
 *
 * DIV, int8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_div_s8, struct mote_product, int8_t, int8_t, int8_t, mote_div_scaled(&p, x, y))
