/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE, float to int8.
 */
#define KERNEL mote_quantize_f32s8
#define OUT int8_t
#define LOW INT8_MIN
#define HIGH INT8_MAX
#include "quantize.h"
