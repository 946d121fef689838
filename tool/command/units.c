/* SPDX-License-Identifier: MIT
 *
 * In which steps the device is given what examples have as floats: the steps of a sensor's int16, the last decimal of a
 * table's columns.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lesson.h"

enum { SENSOR = 3, LEAST_STEPS = 32, MOST_COLUMN = 1 << 30, MOST_DECIMALS = 6 };

/* Of an axis or column, over the training examples. */
struct extent {
    float most;       /* magnitude */
    double deviation; /* of axes within an example, of columns over all examples */
    bool is_whole;
};

static void look_at_axis(const float *x, int32_t steps, int32_t stride, struct extent *e, double *variance)
{
    double sum = 0, squares = 0;
    for (int32_t t = 0; t < steps; t++) {
        const float v = x[t * stride];
        sum += v;
        squares += (double)v * v;
        e->most = fmaxf(e->most, fabsf(v));
        e->is_whole = e->is_whole && v == rintf(v);
    }
    *variance += fmax(squares / steps - sum / steps * (sum / steps), 0);
}

static struct extent *look_at_axes(const struct dataset *d, struct arena *arena)
{
    const int32_t steps = d->shape.dim[0], axes = d->shape.dim[1];
    struct extent *all = ARENA_ARRAY(arena, axes, struct extent);
    const int32_t count = data_count(d, SPLIT_TRAIN, NO_LABEL);
    for (int32_t a = 0; a < axes; a++) {
        all[a].is_whole = true;
        double variance = 0;
        for (int32_t i = 0; i < d->count; i++) {
            if (d->examples[i].split == SPLIT_TRAIN) {
                look_at_axis((const float *)data_values(d, i) + a, steps, axes, &all[a], &variance);
            }
        }
        all[a].deviation = count > 0 ? sqrt(variance / count) : 0;
    }
    return all;
}

/* A step for what is at most so large, with as much room above it; whole numbers that fit, and change by many, as they are. */
static float step_for(const struct extent *e)
{
    int exponent;
    if (e->is_whole && e->most <= INT16_MAX + 1 && e->deviation >= LEAST_STEPS) {
        return 1;
    }
    frexpf(e->most > 0 ? e->most : 1, &exponent);
    return ldexpf(1, exponent - 14);
}

static void join(struct extent *to, const struct extent *from)
{
    to->most = fmaxf(to->most, from->most);
    to->deviation = fmax(to->deviation, from->deviation);
    to->is_whole = to->is_whole && from->is_whole;
}

/* One step for all axes if the three of each sensor change by many; else the device takes floats, and each sensor has its
 * own. */
static void find_steps(struct lesson *l, struct arena *arena)
{
    const int32_t axes = l->data.shape.dim[1];
    const struct extent *all = look_at_axes(&l->data, arena);
    float *units = ARENA_ARRAY(arena, axes, float);
    struct extent overall = {.is_whole = true};
    double least = HUGE_VAL, squares = 0;
    for (int32_t a = 0; a < axes; a += SENSOR) {
        const int32_t end = a + SENSOR < axes ? a + SENSOR : axes;
        struct extent e = {.is_whole = true};
        for (int32_t k = a; k < end; k++) {
            join(&e, &all[k]);
            squares += all[k].deviation * all[k].deviation;
        }
        for (int32_t k = a; k < end; k++) {
            units[k] = step_for(&e);
        }
        least = e.deviation > 0 ? fmin(least, e.deviation) : least;
        join(&overall, &e);
    }
    const float unit = step_for(&overall);
    l->level = squares > 0 ? sqrt(squares / axes) : 1;
    l->front_options.unit = least >= LEAST_STEPS * (double)unit && !l->recipe.front_floats ? unit : 0;
    l->front_options.units = units;
}

/* The largest power of ten of which all values of a table are multiples; 0: there is none, or they do not fit. */
static float find_decimal(const struct dataset *d)
{
    const int32_t columns = d->shape.dim[0];
    double unit = 1;
    for (int decimals = 0; decimals <= MOST_DECIMALS; decimals++, unit *= 10) {
        bool fits = true;
        for (int32_t i = 0; i < d->count && fits; i++) {
            const float *x = data_values(d, i);
            for (int32_t c = 0; c < columns && fits && d->examples[i].split == SPLIT_TRAIN; c++) {
                const double v = (double)x[c] * unit;
                fits = fabs(v - rint(v)) <= 1e-3 + 2e-7 * fabs(v) && fabs(v) <= MOST_COLUMN;
            }
        }
        if (fits) {
            return (float)(1 / unit);
        }
    }
    return 0;
}

void lesson_find_units(struct lesson *l, struct arena *arena)
{
    if (l->data.shape.type != TYPE_F32) {
        return;
    }
    if (l->data.shape.rank == 2) {
        find_steps(l, arena);
    } else {
        l->front_options.unit = l->recipe.front_floats ? 0 : find_decimal(&l->data);
    }
}

void lesson_give(const struct lesson *l, const struct tensor *in, const void *values, void *to)
{
    if (l->data.shape.type == in->type || in->quant.count != 1) {
        memcpy(to, values, l->data.example_size);
        return;
    }
    const double scale = (double)ir_scale(in);
    const int32_t zero = ir_zero_point(in), most = in->type == TYPE_S16 ? INT16_MAX : INT32_MAX;
    const size_t count = l->data.example_size / sizeof(float);
    for (size_t i = 0; i < count; i++) {
        const double v = rint((double)((const float *)values)[i] / scale) + zero;
        const int32_t q = (int32_t)fmin(fmax(v, -most - 1.0), most);
        if (in->type == TYPE_S16) {
            ((int16_t *)to)[i] = (int16_t)q;
        } else {
            ((int32_t *)to)[i] = q;
        }
    }
}

bool lesson_takes(const struct lesson *l, const struct tensor *in)
{
    const bool is_steps =
        l->data.shape.type == TYPE_F32 && (in->type == TYPE_S16 || in->type == TYPE_S32) && in->quant.count == 1;
    return is_steps ? (size_t)ir_count(in) == l->data.example_size / sizeof(float)
                    : in->type == l->data.shape.type && (size_t)ir_size(in) == l->data.example_size;
}
