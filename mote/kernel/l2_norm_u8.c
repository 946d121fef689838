/* SPDX-License-Identifier: MIT
 *
 * L2_NORMALIZATION, uint8. The output has scale 1/128 and the zero point in the middle.
 */
#define KERNEL mote_l2_norm_u8
#define TYPE uint8_t
#define LOW 0
#define HIGH UINT8_MAX
#define SCALE(x, multiplier, shift) mote_requant(128 * (x), multiplier, shift)
#include "l2_norm_body.h"
