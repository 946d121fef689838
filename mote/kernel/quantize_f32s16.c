/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE, float to int16.
 */
#define KERNEL mote_quantize_f32s16
#define OUT int16_t
#define LOW INT16_MIN
#define HIGH INT16_MAX
#include "quantize.h"
