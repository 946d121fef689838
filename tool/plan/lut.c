/* SPDX-License-Identifier: MIT
 *
 * Source: TensorFlow Lite, LUTPopulate. All in float, as there, for the same roundings.
 */
#include "lut.h"

#include <math.h>

void lut_fill_x8(enum type type, int32_t (*function)(const void *state, int32_t x), const void *state, uint8_t table[])
{
    for (int i = 0; i < 256; i++) {
        table[i] = (uint8_t)function(state, type == TYPE_U8 ? i : (int8_t)(uint8_t)i);
    }
}

struct real_x8 {
    const struct lut_quant *q;
    float (*function)(float);
    float low, high;
};

static int32_t real_x8(const void *state, int32_t x)
{
    const struct real_x8 *r = state;
    const float inverse_scale = 1 / r->q->scale_out;
    const float y = r->function(r->q->scale_in * (float)(x - r->q->zero_in));
    const float quantised = roundf(y * inverse_scale) + (float)r->q->zero_out;
    return (int32_t)fminf(fmaxf(quantised, r->low), r->high);
}

void lut_fill_real_x8(const struct lut_quant *q, enum type type, float (*function)(float), uint8_t table[])
{
    const struct real_x8 r = {q, function, type == TYPE_U8 ? 0 : INT8_MIN, type == TYPE_U8 ? UINT8_MAX : INT8_MAX};
    lut_fill_x8(type, real_x8, &r, table);
}

static int16_t saturate(float x) { return (int16_t)fminf(fmaxf(x, INT16_MIN), INT16_MAX); }

void lut_fill_real_s16(const struct lut_quant *q, float (*function)(float), int16_t table[])
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
