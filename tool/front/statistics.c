/* SPDX-License-Identifier: MIT
 *
 * Vibration: moments of each axis, and the powers of bands of its spectrum, as logarithms where they span decades.
 */
#include <math.h>

#include "build.h"

/* Powers below this share of the usual one count as this: -80 dB. */
static const float least_power = 1e-8F;
static const double pi = 3.14159265358979323846;

static int32_t log_of(struct build *b, int32_t x, float least)
{
    return build_unary(b, OP_LOG, build_binary(b, OP_ADD, x, build_float(b, least)));
}

/* [axes, steps] without their mean to [axes, 5]: log of the root mean square, skewness, kurtosis, both extremes. */
static int32_t moments(struct build *b, int32_t x)
{
    const int32_t square = build_unary(b, OP_SQUARE, x);
    const int32_t power =
        build_binary(b, OP_ADD, build_reduce(b, OP_MEAN, square, 1, true), build_float(b, least_power));
    const int32_t unit = build_binary(b, OP_MUL, x, build_unary(b, OP_RSQRT, power)); /* of deviation 1 */
    const int32_t unit2 = build_unary(b, OP_SQUARE, unit);
    const int32_t parts[] = {
        build_unary(b, OP_LOG, power),
        build_reduce(b, OP_MEAN, build_binary(b, OP_MUL, unit, unit2), 1, true),
        log_of(b, build_reduce(b, OP_MEAN, build_unary(b, OP_SQUARE, unit2), 1, true), 1e-2F),
        build_reduce(b, OP_REDUCE_MAX, unit, 1, true),
        build_reduce(b, OP_REDUCE_MIN, unit, 1, true),
    };
    const struct attr attr = {.axis = 1};
    return build_node(b, OP_CONCATENATION, &attr, TYPE_F32, 5, parts);
}

/* Which band a bin belongs to: even steps for few bins, wider ones higher up for many. The constant part has none. */
static int32_t band_of(int32_t bin, int32_t bins, int32_t bands)
{
    if (bin == 0) {
        return -1;
    }
    const double even = (double)(bin - 1) / (bins - 1), bent = log1p(even * 30) / log(31);
    const double part = bins > 4 * bands ? 0.5 * even + 0.5 * bent : even;
    const int32_t band = (int32_t)(part * bands);
    return band < bands ? band : bands - 1;
}

static int32_t band_matrix(struct build *b, int32_t bins, int32_t bands, double scale)
{
    float *m = ARENA_ARRAY(b->graph->arena, bands * bins, float);
    for (int32_t i = 1; i < bins; i++) {
        m[band_of(i, bins, bands) * bins + i] = (float)scale;
    }
    return build_const(b, TYPE_F32, 2, LIST(bands, bins), m);
}

/* [axes, steps] to [axes, bands]. */
static int32_t spectrum(struct build *b, const struct front_options *o, int32_t x)
{
    const int32_t axes = build_at(b, x)->dim[0], steps = build_at(b, x)->dim[1];
    int32_t fft = 16;
    while (fft < steps) {
        fft *= 2;
    }
    float *hann = ARENA_ARRAY(b->graph->arena, steps, float);
    double energy = 0;
    for (int32_t i = 0; i < steps; i++) {
        hann[i] = (float)(0.5 - 0.5 * cos(2 * pi * (i + 0.5) / steps));
        energy += hann[i] * hann[i];
    }
    const int32_t bins = fft / 2 + 1, bands = o->bands < fft / 4 ? o->bands : fft / 4;
    const struct attr length = {.fft_length = fft};
    x = build_binary(b, OP_MUL, x, build_floats(b, steps, hann));
    x = build_node(b, OP_SignalRfft, &length, TYPE_F32, 1, LIST(x));
    x = build_reshape(b, build_unary(b, OP_SQUARE, x), 3, LIST(axes, bins, 2));
    x = build_reduce(b, OP_SUM, x, 2, false);
    x = build_node(b, OP_FULLY_CONNECTED, &(const struct attr){.keep_num_dims = true}, TYPE_F32, 3,
                   LIST(x, band_matrix(b, bins, bands, 2.0 / (energy * fft)), NO_TENSOR));
    if (o->shape) {
        const int32_t sum = build_binary(b, OP_ADD, build_reduce(b, OP_SUM, x, 1, true), build_float(b, least_power));
        x = build_binary(b, OP_DIV, x, sum);
    }
    return log_of(b, x, least_power);
}

int32_t front_statistics(struct build *b, const struct front_options *o, int32_t steps)
{
    const float unit = o->level > 0 ? (float)(1 / o->level) : 1.0F;
    int32_t x = build_node(b, OP_TRANSPOSE, NULL, TYPE_F32, 2, LIST(steps, build_ints(b, 2, LIST(1, 0))));
    x = build_binary(b, OP_MUL, x, build_float(b, unit));
    const int32_t mean = build_reduce(b, OP_MEAN, x, 1, true);
    x = build_binary(b, OP_SUB, x, mean);
    const struct attr attr = {.axis = 1};
    int32_t parts[3], count = 0;
    parts[count++] = moments(b, x);
    if (o->mean) {
        parts[count++] = mean;
    }
    if (o->kind == FRONT_SPECTRUM) {
        parts[count++] = spectrum(b, o, x);
    }
    x = build_node(b, OP_CONCATENATION, &attr, TYPE_F32, count, parts);
    return build_reshape(b, x, 2, LIST(1, (int32_t)ir_count(build_at(b, x))));
}
