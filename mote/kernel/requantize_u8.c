/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of uint8.
 */
#define KERNEL mote_requantize_u8
#define T uint8_t
#include "requantize_body.h"
