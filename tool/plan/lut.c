/* SPDX-License-Identifier: MIT */
#include "lut.h"

#include <math.h>

static int16_t saturate(float x) { return (int16_t)fminf(fmaxf(x, INT16_MIN), INT16_MAX); }

void lut_fill_s16(const struct lut_s16 *q, float (*function)(float), int16_t table[])
{
    enum { STEPS = MOTE_LUT_S16_COUNT - 1 };
    const float in_low = q->scale_in * (float)(INT16_MIN - q->zero_in);
    const float in_high = q->scale_in * (float)(INT16_MAX - q->zero_in);
    const float out_low = q->scale_out * (float)(INT16_MIN - q->zero_out);
    const float out_high = q->scale_out * (float)(INT16_MAX - q->zero_out);
    const float step = (in_high - in_low) / STEPS, half_step = step / 2;
    const float scale = 65536.0F / (out_high - out_low);
    for (int i = 0; i < STEPS; i++) {
        const float here = function(in_low + (float)i * step);
        const float middle = function(in_low + (float)i * step + half_step);
        const float next = function(in_low + (float)(i + 1) * step);
        const float value = roundf(here * scale);
        const float between = roundf((next * scale + value) / 2);
        table[i] = saturate(value - roundf((between - roundf(middle * scale)) / 2));
    }
    table[STEPS] = saturate(roundf(function(in_high) * scale));
}
