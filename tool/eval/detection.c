/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "eval.h"

struct ranked {
    float score;
    bool is_positive;
};

static int by_falling_score(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static struct ranked *rank(const float *scores, const bool *positive, int32_t count, struct arena *arena)
{
    struct ranked *list = ARENA_ARRAY(arena, count, struct ranked);
    for (int32_t i = 0; i < count; i++) {
        list[i] = (struct ranked){scores[i], positive[i]};
    }
    qsort(list, (size_t)count, sizeof *list, by_falling_score);
    return list;
}

int32_t eval_roc(const float *scores, const bool *positive, int32_t count, double **x, double **y, struct arena *arena)
{
    const struct ranked *list = rank(scores, positive, count, arena);
    *x = ARENA_ARRAY(arena, count + 1, double);
    *y = ARENA_ARRAY(arena, count + 1, double);
    int32_t points = 1, found = 0, alarms = 0;
    for (int32_t i = 0; i < count; i++) {
        found += list[i].is_positive;
        alarms += !list[i].is_positive;
        if (i + 1 == count || list[i + 1].score < list[i].score) { /* equal scores go together */
            (*x)[points] = alarms;
            (*y)[points++] = found;
        }
    }
    for (int32_t i = 0; i < points; i++) {
        (*x)[i] = alarms > 0 ? (*x)[i] / alarms : 0;
        (*y)[i] = found > 0 ? (*y)[i] / found : 0;
    }
    return points;
}

struct eval_figure eval_auc(const float *scores, const bool *positive, int32_t count, struct arena *arena)
{
    double *x, *y, area = 0, positives = 0;
    for (int32_t i = 0; i < count; i++) {
        positives += positive[i];
    }
    const double negatives = count - positives;
    if (positives == 0 || negatives == 0) {
        return (struct eval_figure){NAN, NAN, NAN};
    }
    const struct arena_mark mark = arena_mark(arena);
    const int32_t points = eval_roc(scores, positive, count, &x, &y, arena);
    for (int32_t i = 1; i < points; i++) {
        area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
    }
    arena_release(arena, mark);
    const double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area);
    const double variance =
        area * (1 - area) + (positives - 1) * (q1 - area * area) + (negatives - 1) * (q2 - area * area);
    const double half = 1.959963985 * sqrt(fmax(0, variance / (positives * negatives)));
    return (struct eval_figure){area, fmax(0, area - half), fmin(1, area + half)};
}
