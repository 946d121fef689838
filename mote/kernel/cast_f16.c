/* SPDX-License-Identifier: MIT
 *
 * CAST from float16; DEQUANTIZE of it.
 */
#include "convert.h"

#define KERNEL mote_cast_f16
#define T uint16_t
#define TO_FLOAT(x) mote_f32_of_f16(x)
#include "cast_float.h"
