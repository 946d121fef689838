/* SPDX-License-Identifier: MIT
 *
 * MUL, int8.
 */
#include "binary.h"

MOTE_PAIR_KERNEL(mote_mul_s8, struct mote_product, int8_t, int8_t, int8_t, mote_mul_scaled(&p, x, y))
