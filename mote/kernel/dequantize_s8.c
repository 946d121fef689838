/* SPDX-License-Identifier: MIT
 *
 * DEQUANTIZE, int8: scale * (x - zero_point), rounded once.
 */
#define KERNEL mote_dequantize_s8
#define IN int8_t
#define OUT float
#define CONVERT(x, scale, zero_point) (scale) * (float)((x) - (zero_point))
#include "affine_body.h"
