/* SPDX-License-Identifier: MIT
 *
 * A function of int16 by linear interpolation between 513 values, each 128 steps of the argument after the other.
 *
 * Source: TensorFlow Lite, LUTLookup.
 */
#ifndef MOTE_KERNEL_LUT_S16_H
#define MOTE_KERNEL_LUT_S16_H

#include <stdint.h>

#include "flash.h"

enum { MOTE_LUT_S16_COUNT = 513 };

static inline int16_t mote_lut_s16_value(const MOTE_FLASH int16_t *table, int16_t x)
{
    const MOTE_FLASH int16_t *at = table + 256 + (x >> 7);
    const int16_t slope = (int16_t)((int32_t)at[1] - at[0]);
    return (int16_t)(at[0] + ((slope * (int32_t)(x & 0x7F) + 64) >> 7));
}

#endif
