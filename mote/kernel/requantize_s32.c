/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of int32.
 */
#define KERNEL mote_requantize_s32
#define T int32_t
#include "requantize_body.h"
