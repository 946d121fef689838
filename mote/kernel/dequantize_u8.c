/* SPDX-License-Identifier: MIT
 *
 * DEQUANTIZE, uint8: scale * (x - zero_point), rounded once.
 */
#define KERNEL mote_dequantize_u8
#define IN uint8_t
#define OUT float
#define CONVERT(x, scale, zero_point) (scale) * (float)((x) - (zero_point))
#include "affine_body.h"
