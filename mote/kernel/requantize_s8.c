/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of int8.
 */
#define KERNEL mote_requantize_s8
#define T int8_t
#include "requantize_body.h"
