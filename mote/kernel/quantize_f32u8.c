/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE, float to uint8.
 */
#define KERNEL mote_quantize_f32u8
#define OUT uint8_t
#define LOW 0
#define HIGH UINT8_MAX
#include "quantize.h"
