/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "resample.h"

static const double z95 = 1.959963985; /* half of the normal distribution's middle 95 %, in deviations */

int32_t eval_best(const float *scores, int32_t class_count)
{
    int32_t best = 0;
    for (int32_t c = 1; c < class_count; c++) {
        best = scores[c] > scores[best] ? c : best;
    }
    return best;
}

void eval_confusion(const struct eval_answers *a, int32_t *matrix)
{
    const size_t n = (size_t)a->class_count;
    memset(matrix, 0, n * n * sizeof *matrix);
    for (int32_t i = 0; i < a->count; i++) {
        matrix[(size_t)a->labels[i] * n + (size_t)eval_best(a->scores + (size_t)i * n, a->class_count)]++;
    }
}

/* Sums of a row and of a column. */
static int64_t count_right(const int32_t *matrix, int32_t n, int32_t class)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += matrix[class * n + i];
    }
    return sum;
}

static int64_t count_said(const int32_t *matrix, int32_t n, int32_t class)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += matrix[i * n + class];
    }
    return sum;
}

static double ratio(int64_t part, int64_t whole) { return whole > 0 ? (double)part / (double)whole : NAN; }

double eval_precision(const int32_t *matrix, int32_t n, int32_t class)
{
    return ratio(matrix[class * n + class], count_said(matrix, n, class));
}

double eval_recall(const int32_t *matrix, int32_t n, int32_t class)
{
    return ratio(matrix[class * n + class], count_right(matrix, n, class));
}

double eval_f1(const int32_t *matrix, int32_t n, int32_t class)
{
    return ratio(2 * (int64_t)matrix[class * n + class], count_right(matrix, n, class) + count_said(matrix, n, class));
}

double eval_macro_f1(const int32_t *matrix, int32_t n)
{
    double sum = 0;
    int32_t count = 0;
    for (int32_t c = 0; c < n; c++) {
        const double f1 = eval_f1(matrix, n, c);
        sum += isnan(f1) ? 0 : f1;
        count += !isnan(f1);
    }
    return count > 0 ? sum / count : NAN;
}

struct eval_figure eval_share(int64_t right, int64_t of)
{
    if (of <= 0) {
        return (struct eval_figure){NAN, NAN, NAN};
    }
    const double n = (double)of, p = (double)right / n, z2 = z95 * z95;
    const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return (struct eval_figure){p, fmax(0, middle - half), fmin(1, middle + half)};
}

struct eval_figure eval_accuracy(const struct eval_answers *a)
{
    int64_t right = 0;
    for (int32_t i = 0; i < a->count; i++) {
        right += eval_best(a->scores + (size_t)i * (size_t)a->class_count, a->class_count) == a->labels[i];
    }
    return eval_share(right, a->count);
}

/* What eval_f1_figure resamples: where each example is in the confusion matrix. */
struct cells {
    const int32_t *cell;
    int32_t *matrix, class_count, positive;
};

static double f1_of_cells(const void *context, const int32_t *picked, int32_t count)
{
    const struct cells *c = context;
    const int32_t n = c->class_count;
    memset(c->matrix, 0, (size_t)n * (size_t)n * sizeof *c->matrix);
    for (int32_t i = 0; i < count; i++) {
        c->matrix[c->cell[picked[i]]]++;
    }
    return c->positive < 0 ? eval_macro_f1(c->matrix, n) : eval_f1(c->matrix, n, c->positive);
}

struct eval_figure eval_f1_figure(const struct eval_answers *a, int32_t positive, struct arena *arena)
{
    const int32_t n = a->class_count;
    const struct arena_mark mark = arena_mark(arena);
    int32_t *cell = ARENA_ARRAY(arena, a->count, int32_t);
    for (int32_t i = 0; i < a->count; i++) {
        cell[i] = a->labels[i] * n + eval_best(a->scores + (size_t)i * (size_t)n, n);
    }
    const struct cells cells = {cell, ARENA_ARRAY(arena, (int64_t)n * n, int32_t), n, positive};
    const struct eval_figure figure = resample(f1_of_cells, &cells, a->count, arena);
    arena_release(arena, mark);
    return figure;
}
