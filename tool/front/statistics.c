/* SPDX-License-Identifier: MIT
 *
 * Vibration: moments of each axis, and the powers of bands of its spectrum, as logarithms where they span decades. All is in
 * integers, with 12 fractional bits in the end.
 */
#include <math.h>

#include "build.h"

static const double pi = 3.14159265358979323846;

/* MoteMoments: both extremes, skewness and kurtosis; mean; deviation, logarithm of power; how loud the axes are that it gives. */
enum { FRACTION = 12, SHAPE = 4, MEAN = 1, POWERS = 2 };

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

static int32_t cast(struct build *b, int32_t x, enum type type)
{
    return build_node(b, OP_CAST, &(const struct attr){.type = type}, type, 1, LIST(x));
}

/* Rows `first` to `first + rows - 1` of [all, columns]. */
static int32_t rows_of(struct build *b, int32_t x, int32_t first, int32_t rows)
{
    const struct tensor *t = build_at(b, x);
    return build_node(b, OP_SLICE, NULL, t->type, 3,
                      LIST(x, build_ints(b, 2, LIST(first, 0)), build_ints(b, 2, LIST(rows, t->dim[1]))));
}

/* Which band a bin from 1 on belongs to: even steps for few bins, wider ones higher up for many. */
static int32_t band_of(int32_t bin, int32_t bins, int32_t bands)
{
    const double even = (double)(bin - 1) / (bins - 1), bent = log1p(even * 30) / log(31);
    const double part = bins > 4 * bands ? 0.5 * even + 0.5 * bent : even;
    const int32_t band = (int32_t)(part * bands);
    return band < bands ? band : bands - 1;
}

/* The first bin of each band, and the end. The constant part is in none. */
static int32_t band_edges(struct build *b, int32_t bins, int32_t bands)
{
    int32_t *edge = ARENA_ARRAY(b->graph->arena, bands + 1, int32_t), bin = 1;
    for (int32_t i = 0; i < bands; i++) {
        for (; bin < bins && band_of(bin, bins, bands) < i;) {
            bin++;
        }
        edge[i] = bin;
    }
    edge[bands] = bins;
    return build_ints(b, bands + 1, edge);
}

/* Logarithms of the powers of bands, [axes, bands], of axes of 15 bits. With the window they fill an int32 but for two bits,
 * which leaves the noise of the transform below -100 dB. */
static int32_t spectrum(struct build *b, const struct front_options *o, int32_t axes, int32_t loudness)
{
    enum { ONE = 1 << 14 };
    const int32_t steps = build_at(b, axes)->dim[1];
    int32_t fft = 16;
    while (fft < steps) {
        fft *= 2;
    }
    int32_t *hann = ARENA_ARRAY(b->graph->arena, steps, int32_t);
    for (int32_t i = 0; i < steps; i++) {
        hann[i] = (int32_t)lround((0.5 - 0.5 * cos(2 * pi * (i + 0.5) / steps)) * ONE);
    }
    const int32_t bands = o->bands < fft / 4 ? o->bands : fft / 4;
    int32_t x = build_binary(b, OP_MUL, cast(b, axes, TYPE_S32), build_ints(b, steps, hann));
    x = build_node(b, OP_SignalRfft, &(const struct attr){.fft_length = fft}, TYPE_S32, 1,
                   LIST(x)); /* over its length */
    x = build_node(b, OP_MoteBands, &(const struct attr){.relative = o->shape}, TYPE_S32, 2,
                   LIST(x, band_edges(b, fft / 2 + 1, bands)));
    return o->shape ? x : build_binary(b, OP_ADD, x, loudness);
}

int32_t front_statistics(struct build *b, const struct front_options *o, int32_t steps)
{
    const int32_t x = o->lengths && build_at(b, steps)->dim[1] >= 3
                          ? build_node(b, OP_MoteLengths, NULL, TYPE_S16, 1, LIST(steps))
                          : steps;
    int32_t moments = build_node(b, OP_MoteMoments, NULL, TYPE_S32, 1, LIST(x));
    if (b->diag->failed) {
        return 0;
    }
    const int32_t axes = b->graph->nodes[b->graph->node_count - 1].out[1], count = build_at(b, axes)->dim[0];
    moments = build_node(b, OP_TRANSPOSE, NULL, TYPE_S32, 2, LIST(moments, build_ints(b, 2, LIST(1, 0))));
    struct parts parts = {.count = 0};
    if (o->mean) {
        add_part(b, &parts, rows_of(b, moments, 0, SHAPE + MEAN + POWERS));
    } else {
        add_part(b, &parts, rows_of(b, moments, 0, SHAPE));
        add_part(b, &parts, rows_of(b, moments, SHAPE + MEAN, POWERS));
    }
    if (pair_count(count) > 0) {
        add_part(b, &parts, build_node(b, OP_MoteCorrelations, NULL, TYPE_S32, 1, LIST(axes)));
    }
    if (o->kind == FRONT_SPECTRUM) {
        const int32_t loudness = rows_of(b, moments, SHAPE + MEAN + POWERS, 1);
        add_part(b, &parts, spectrum(b, o, axes, build_reshape(b, loudness, 2, LIST(count, 1))));
    }
    const int32_t all =
        build_node(b, OP_CONCATENATION, &(const struct attr){.axis = 1}, TYPE_S32, parts.count, parts.at);
    build_quant(b, all, 1.0F / (1 << FRACTION), 0);
    return all;
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
    const int32_t sizes[] = {SHAPE * axes, o->mean ? axes : 0, POWERS * axes, pairs > 0 ? axes + pairs : 0};
    int32_t at = 0;
    for (int i = 0; i < 4; i++) {
        at -= i == 3 && sizes[i] > 0 ? axes : 0; /* correlations go with the logarithms of powers before them */
        groups[n][0] = at;
        groups[n][1] = sizes[i];
        at += sizes[i];
        n += sizes[i] > 0;
    }
    groups[n][0] = at;
    groups[n][1] = count - at;
    return n + (count > at);
}
