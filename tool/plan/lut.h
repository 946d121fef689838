/* SPDX-License-Identifier: MIT
 *
 * Tables of functions for quantised tensors.
 */
#ifndef PLAN_LUT_H
#define PLAN_LUT_H

#include "../../mote/kernel/lut_s16.h"
#include "../ir/ir.h"

/* Quantisation of argument and result. */
struct lut_quant {
    float scale_in;
    int32_t zero_in;
    float scale_out;
    int32_t zero_out;
};

/* The table of an 8-bit type for kernel lut_x8: function(state, x) for each value x of the type, which the function
 * keeps within the type. */
void lut_fill_x8(enum type type, int32_t (*function)(const void *state, int32_t x), const void *state, uint8_t table[]);

/* The table of a real function: computed in float, rounded, saturated; the least value where it is NaN. */
void lut_fill_real_x8(const struct lut_quant *q, enum type type, float (*function)(float), uint8_t table[]);

/* The same for int16, table[MOTE_LUT_S16_COUNT]: each value is moved by half of what linear interpolation misses in the
 * middle of its interval. */
void lut_fill_real_s16(const struct lut_quant *q, float (*function)(float), int16_t table[]);

#endif
