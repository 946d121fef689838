/* SPDX-License-Identifier: MIT */
#include "resample.h"

#include <math.h>
#include <stdlib.h>

enum { TURNS = 1000 };

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct eval_figure resample(resample_figure *figure, const void *context, int32_t count, struct arena *arena)
{
    if (count == 0) {
        return (struct eval_figure){NAN, NAN, NAN};
    }
    const struct arena_mark mark = arena_mark(arena);
    int32_t *picked = ARENA_ARRAY(arena, count, int32_t);
    double *values = ARENA_ARRAY(arena, TURNS, double);
    for (int32_t i = 0; i < count; i++) {
        picked[i] = i;
    }
    const double whole = figure(context, picked, count);
    uint64_t random = 1;
    for (int32_t turn = 0; turn < TURNS; turn++) {
        for (int32_t i = 0; i < count; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U; /* Knuth's MMIX generator */
            picked[i] = (int32_t)((random >> 33) % (uint64_t)count);
        }
        const double value = figure(context, picked, count);
        values[turn] = isnan(value) ? 0 : value;
    }
    qsort(values, TURNS, sizeof *values, by_value);
    const struct eval_figure found = {whole, values[TURNS / 40], values[TURNS - 1 - TURNS / 40]}; /* the middle 95 % */
    arena_release(arena, mark);
    return found;
}
