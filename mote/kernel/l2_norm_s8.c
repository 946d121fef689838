/* SPDX-License-Identifier: MIT
 *
 * L2_NORMALIZATION, int8. The output has scale 1/128 and the zero point in the middle.
 */
#define KERNEL mote_l2_norm_s8
#define TYPE int8_t
#define LOW INT8_MIN
#define HIGH INT8_MAX
#define SCALE(x, multiplier, shift) mote_requant(x, multiplier, (shift) + 7)
#include "l2_norm_body.h"
