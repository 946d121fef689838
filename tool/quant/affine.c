/* SPDX-License-Identifier: MIT
 *
 * real = scale * (quantised - zero_point), and back with halves away from zero, as QUANTIZE does.
 */
#include <float.h>
#include <math.h>

#include "work.h"

static const int32_t least[] = {[TYPE_S8] = INT8_MIN, [TYPE_S16] = INT16_MIN};
static const int32_t greatest[] = {[TYPE_S8] = INT8_MAX, [TYPE_S16] = INT16_MAX};

struct quant_params quant_from_range(struct quant_range range, enum type type)
{
    const float low = range.low > 0 ? 0 : range.low, high = range.high < 0 ? 0 : range.high;
    if (type == TYPE_S16) {
        const float most = fmaxf(-low, high) / INT16_MAX;
        return (struct quant_params){fmaxf(most, FLT_MIN), 0};
    }
    const float scale = fmaxf((float)(((double)high - (double)low) / UINT8_MAX), FLT_MIN);
    const double zero = round(INT8_MIN - (double)low / (double)scale);
    return (struct quant_params){scale, (int32_t)fmin(fmax(zero, INT8_MIN), INT8_MAX)};
}

int32_t quant_to_int(float value, struct quant_params p, enum type type)
{
    const float q = roundf(value / p.scale) + (float)p.zero_point;
    return !(q > (float)least[type])    ? least[type]
           : q >= (float)greatest[type] ? greatest[type]
                                        : (int32_t)q; /* NaN too */
}

float quant_fake(float value, struct quant_params p, enum type type)
{
    return p.scale * (float)(quant_to_int(value, p, type) - p.zero_point);
}

float quant_weight_scale(float most, int bits)
{
    const float scale = most / (float)((1 << (bits - 1)) - 1);
    return scale > 0 ? scale : 1;
}

int32_t quant_weight_to_int(float value, float scale, int bits)
{
    const float most = (float)((1 << (bits - 1)) - 1);
    return (int32_t)fminf(fmaxf(roundf(value / scale), -most), most);
}

struct quant_channels quant_channels(const struct tensor *t, int32_t axis)
{
    struct quant_channels c = {.count = t->dim[axis], .outer = 1, .inner = 1};
    for (int i = 0; i < t->rank; i++) {
        *(i < axis ? &c.outer : &c.inner) *= i == axis ? 1 : t->dim[i];
    }
    return c;
}

float quant_channel_most(const struct quant_channels *c, const float *values, int32_t channel)
{
    float most = 0;
    for (int64_t o = 0; o < c->outer; o++) {
        for (int64_t i = 0; i < c->inner; i++) {
            most = fmaxf(most, fabsf(values[(o * c->count + channel) * c->inner + i]));
        }
    }
    return most;
}

void quant_fake_weights(const struct tensor *shape, int32_t axis, int bits, const float *weights, float *fake)
{
    const struct quant_channels c = quant_channels(shape, axis);
    for (int32_t k = 0; k < c.count; k++) {
        const float scale = quant_weight_scale(quant_channel_most(&c, weights, k), bits);
        for (int64_t o = 0; o < c.outer; o++) {
            for (int64_t i = 0; i < c.inner; i++) {
                const int64_t at = (o * c.count + k) * c.inner + i;
                fake[at] = scale * (float)quant_weight_to_int(weights[at], scale, bits);
            }
        }
    }
}
