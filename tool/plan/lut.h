/* SPDX-License-Identifier: MIT
 *
 * Tables of functions for quantised tensors, as TensorFlow Lite computes them (LUTPopulate), in float.
 */
#ifndef PLAN_LUT_H
#define PLAN_LUT_H

#include <stdint.h>

#include "../../mote/kernel/lut_s16.h"

/* Quantisation of argument and result. */
struct lut_s16 {
    float scale_in;
    int32_t zero_in;
    float scale_out;
    int32_t zero_out;
};

/* table[MOTE_LUT_S16_COUNT]: each value is moved by half of what linear interpolation misses in the middle of its
 * interval. */
void lut_fill_s16(const struct lut_s16 *q, float (*function)(float), int16_t table[]);

#endif
