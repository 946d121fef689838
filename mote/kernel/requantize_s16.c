/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of int16.
 */
#define KERNEL mote_requantize_s16
#define T int16_t
#include "requantize_body.h"
