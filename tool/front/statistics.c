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

static int32_t mean_of(struct build *b, int32_t x) { return build_reduce(b, OP_MEAN, x, 1, true); }

/* What is put side by side in the end; each part flattens. */
struct parts {
    int32_t at[8], count;
};

static void add_part(struct build *b, struct parts *parts, int32_t x)
{
    parts->at[parts->count++] = build_reshape(b, x, 2, LIST(1, (int32_t)ir_count(build_at(b, x))));
}

/* How many pairs of axes correlate: those of one sensor, three axes each. */
static int32_t pair_count(int32_t axes) { return axes / 3 * 3 + (axes % 3 == 2); }

/* The correlation of each pair, of axes [axes, steps] of deviation 1. */
static int32_t correlations(struct build *b, int32_t unit)
{
    const int32_t axes = build_at(b, unit)->dim[0], steps = build_at(b, unit)->dim[1], pairs = pair_count(axes);
    int32_t *which = ARENA_ARRAY(b->graph->arena, pairs, int32_t), n = 0;
    for (int32_t i = 0; i < axes; i++) {
        for (int32_t k = i + 1; k < axes && k / 3 == i / 3; k++) {
            which[n++] = i * axes + k;
        }
    }
    const struct attr turned = {.adj_y = true};
    int32_t x = build_node(b, OP_BATCH_MATMUL, &turned, TYPE_F32, 2, LIST(unit, unit));
    x = build_binary(b, OP_MUL, build_reshape(b, x, 1, LIST(axes * axes)), build_float(b, 1.0F / (float)steps));
    return build_node(b, OP_GATHER, NULL, TYPE_F32, 2, LIST(x, build_ints(b, pairs, which)));
}

/* Axes [axes, steps] without their mean, of deviation 1, and their powers [axes, 1]. */
struct signal {
    int32_t unit, power;
};

static struct signal normalise(struct build *b, int32_t x)
{
    const int32_t power =
        build_binary(b, OP_ADD, mean_of(b, build_unary(b, OP_SQUARE, x)), build_float(b, least_power));
    return (struct signal){build_binary(b, OP_MUL, x, build_unary(b, OP_RSQRT, power)), power};
}

/* Root mean square and its logarithm, correlations of axes, and their shapes: skewness, kurtosis, both extremes. */
static void add_moments(struct build *b, struct parts *parts, const struct signal *s)
{
    const int32_t unit = s->unit, unit2 = build_unary(b, OP_SQUARE, unit);
    add_part(b, parts, build_unary(b, OP_SQRT, s->power));
    add_part(b, parts, build_unary(b, OP_LOG, s->power));
    if (pair_count(build_at(b, unit)->dim[0]) > 0) {
        add_part(b, parts, correlations(b, unit));
    }
    const int32_t shape[] = {
        mean_of(b, build_binary(b, OP_MUL, unit, unit2)),
        log_of(b, mean_of(b, build_unary(b, OP_SQUARE, unit2)), 1e-2F),
        build_reduce(b, OP_REDUCE_MAX, unit, 1, true),
        build_reduce(b, OP_REDUCE_MIN, unit, 1, true),
    };
    add_part(b, parts, build_node(b, OP_CONCATENATION, &(const struct attr){.axis = 1}, TYPE_F32, 4, shape));
}

/* Which band a bin from 1 on belongs to: even steps for few bins, wider ones higher up for many. */
static int32_t band_of(int32_t bin, int32_t bins, int32_t bands)
{
    const double even = (double)(bin - 1) / (bins - 1), bent = log1p(even * 30) / log(31);
    const double part = bins > 4 * bands ? 0.5 * even + 0.5 * bent : even;
    const int32_t band = (int32_t)(part * bands);
    return band < bands ? band : bands - 1;
}

static int32_t cast(struct build *b, int32_t x, enum type type)
{
    return build_node(b, OP_CAST, &(const struct attr){.type = type}, type, 1, LIST(x));
}

static int32_t transpose(struct build *b, int32_t x)
{
    return build_node(b, OP_TRANSPOSE, NULL, build_at(b, x)->type, 2, LIST(x, build_ints(b, 2, LIST(1, 0))));
}

/* Sums of squares of real and imaginary parts, [axes, 2 * bins] to [axes, bands]. The constant part is left out. */
static int32_t band_sums(struct build *b, int32_t x, int32_t bands)
{
    const int32_t axes = build_at(b, x)->dim[0], values = build_at(b, x)->dim[1] - 2, bins = values / 2 + 1;
    int32_t *band = ARENA_ARRAY(b->graph->arena, values, int32_t);
    for (int32_t i = 0; i < values; i++) {
        band[i] = band_of(i / 2 + 1, bins, bands);
    }
    x = build_node(b, OP_SLICE, NULL, TYPE_F32, 3,
                   LIST(transpose(b, x), build_ints(b, 2, LIST(2, 0)), build_ints(b, 2, LIST(values, axes))));
    return transpose(b, build_node(b, OP_SEGMENT_SUM, NULL, TYPE_F32, 2, LIST(x, build_ints(b, values, band))));
}

/* Logarithms of the powers of bands, [axes, bands]. The transform is in integers: what has a deviation of 1 is at most the
 * root of its steps, which leaves the noise of rounding below -100 dB, and a core without an FPU transforms it several times
 * faster. */
static int32_t spectrum(struct build *b, const struct front_options *o, const struct signal *s)
{
    const int32_t steps = build_at(b, s->unit)->dim[1];
    int32_t fft = 16, one = 1 << 29;
    while (fft < steps) {
        fft *= 2;
    }
    for (int32_t root = 1; root * root < steps; root *= 2) {
        one /= 2;
    }
    float *hann = ARENA_ARRAY(b->graph->arena, steps, float);
    double energy = 0;
    for (int32_t i = 0; i < steps; i++) {
        const double weight = 0.5 - 0.5 * cos(2 * pi * (i + 0.5) / steps);
        hann[i] = (float)(weight * one);
        energy += weight * weight;
    }
    const int32_t bands = o->bands < fft / 4 ? o->bands : fft / 4;
    int32_t x = cast(b, build_binary(b, OP_MUL, s->unit, build_floats(b, steps, hann)), TYPE_S32);
    x = build_node(b, OP_SignalRfft, &(const struct attr){.fft_length = fft}, TYPE_S32, 1,
                   LIST(x)); /* over its length */
    x = band_sums(b, build_unary(b, OP_SQUARE, cast(b, x, TYPE_F32)), bands);
    x = build_binary(b, OP_MUL, x, build_float(b, (float)(2.0 * fft / (energy * one * one))));
    x = build_binary(b, OP_MUL, x, s->power);
    if (o->shape) {
        const int32_t sum = build_binary(b, OP_ADD, build_reduce(b, OP_SUM, x, 1, true), build_float(b, least_power));
        x = build_binary(b, OP_DIV, x, sum);
    }
    return log_of(b, x, least_power);
}

/* The length of each three axes as an axis more, [axes, steps] to [axes + axes / 3, steps]: it is the same however the
 * sensor is turned. */
static int32_t with_lengths(struct build *b, int32_t x)
{
    const int32_t axes = build_at(b, x)->dim[0], steps = build_at(b, x)->dim[1], sensors = axes / 3;
    if (sensors == 0) {
        return x;
    }
    int32_t square = build_unary(b, OP_SQUARE, x);
    if (axes % 3 != 0) {
        square = build_node(b, OP_SLICE, NULL, TYPE_F32, 3,
                            LIST(square, build_ints(b, 2, LIST(0, 0)), build_ints(b, 2, LIST(3 * sensors, steps))));
    }
    square = build_reduce(b, OP_SUM, build_reshape(b, square, 3, LIST(sensors, 3, steps)), 1, false);
    const int32_t both[] = {x, build_unary(b, OP_SQRT, square)};
    return build_node(b, OP_CONCATENATION, NULL, TYPE_F32, 2, both);
}

int32_t front_statistics(struct build *b, const struct front_options *o, int32_t steps)
{
    const float unit = o->level > 0 ? (float)(1 / o->level) : 1.0F;
    int32_t x = build_binary(b, OP_MUL, transpose(b, steps), build_float(b, unit));
    x = o->lengths ? with_lengths(b, x) : x;
    const int32_t mean = mean_of(b, x);
    const struct signal signal = normalise(b, build_binary(b, OP_SUB, x, mean));
    struct parts parts = {.count = 0};
    add_moments(b, &parts, &signal);
    if (o->mean) {
        add_part(b, &parts, mean);
    }
    if (o->kind == FRONT_SPECTRUM) {
        add_part(b, &parts, spectrum(b, o, &signal));
    }
    return build_node(b, OP_CONCATENATION, &(const struct attr){.axis = 1}, TYPE_F32, parts.count, parts.at);
}

int32_t front_groups(const struct front_options *o, const struct tensor *input, int32_t count,
                     int32_t groups[FRONT_MOST_GROUPS][2])
{
    int32_t n = 0;
    if (o->kind != FRONT_SPECTRUM && o->kind != FRONT_STATISTICS) {
        groups[n][0] = 0;
        groups[n++][1] = count;
        return n;
    }
    const int32_t axes = input->dim[1] + (o->lengths ? input->dim[1] / 3 : 0), pairs = pair_count(axes);
    const int32_t sizes[] = {2 * axes, pairs > 0 ? axes + pairs : 0, 4 * axes, o->mean ? axes : 0};
    int32_t at = 0;
    for (int i = 0; i < 4; i++) {
        at -=
            i == 1 && pairs > 0 ? axes : 0; /* correlations go with the logarithms of powers, which come before them */
        groups[n][0] = at;
        groups[n][1] = sizes[i];
        at += sizes[i];
        n += sizes[i] > 0;
    }
    groups[n][0] = at;
    groups[n][1] = count - at;
    return n + (count > at);
}
