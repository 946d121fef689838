/* SPDX-License-Identifier: MIT
 *
 * Where a detector of anomalies raises an alarm. All that is known is what is usual, and of that seldom enough to count how
 * much lies beyond a limit that few pass. So the limit is where a normal distribution of the scores of recordings that were
 * held out, or of their logarithms, has the wanted share of false alarms beyond it; at least where the scores have it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/run.h"
#include "training.h"

enum { LEAST_HELD_OUT = 10 };

/* How many deviations above the mean this share of a normal distribution lies. */
static double normal_quantile(double share)
{
    double low = 0, high = 40;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) / 2 > share) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Scores of what is usual: of recordings for validation, of all if these are few. */
static int32_t score_usual(const struct training *t, const struct graph *device, struct plan *plan, double *scores)
{
    const struct tensor *in = &device->tensors[device->inputs[0]];
    uint8_t *given = arena_alloc(t->arena, (size_t)ir_size(in));
    const struct lesson *l = &t->lesson;
    const int32_t normal = lesson_normal(l);
    const bool is_few = data_count(&l->data, SPLIT_VALIDATION, normal) < LEAST_HELD_OUT;
    struct runner runner;
    run_init(&runner, plan);
    int32_t count = 0;
    for (int32_t i = 0; i < l->data.count; i++) {
        const struct data_example *e = &l->data.examples[i];
        if (e->label == normal && (e->split == SPLIT_VALIDATION || (is_few && e->split == SPLIT_TRAIN))) {
            float score;
            mote_init(&plan->code, runner.arena);
            lesson_give(l, in, data_values(&l->data, i), given);
            run_invoke(&runner, given, (uint8_t *)&score);
            scores[count++] = (double)score;
        }
    }
    return count;
}

static int by_score(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double find_limit(double *scores, int32_t count, double share)
{
    double sum = 0, squares = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += scores[i];
    }
    for (int32_t i = 0; i < count; i++) {
        const double d = scores[i] - sum / count;
        squares += d * d;
    }
    qsort(scores, (size_t)count, sizeof *scores, by_score);
    const int32_t rank = (int32_t)ceil((1 - share) * (count + 1)); /* only that share of new ones is above it */
    const double by_rank = scores[rank < count ? rank - 1 : count - 1];
    return fmax(sum / count + normal_quantile(share) * sqrt(squares / count), by_rank);
}

bool detector_set_limit(struct training *t, struct graph *device, struct diag *diag)
{
    const struct recipe *r = &t->lesson.recipe;
    t->limit = 1;
    if (!lesson_is_detector(r)) {
        return true;
    }
    struct plan plan;
    double *scores = ARENA_ARRAY(t->arena, t->lesson.data.count + 1, double);
    if (!plan_graph(device, PLAN_STREAM, &plan, diag)) {
        return false;
    }
    const int32_t count = score_usual(t, device, &plan, scores);
    const bool is_distance = strcmp(r->model_name, "gaussian") != 0; /* that one's score is in logarithms already */
    for (int32_t i = 0; i < count && is_distance; i++) {
        scores[i] = log(scores[i] + 1e-12);
    }
    const double limit = find_limit(scores, count, r->model_false_alarms);
    t->limit = (float)(is_distance ? exp(limit) : fmax(limit, 1e-3));
    return front_standardise(device, &(float){0}, &t->limit, diag);
}
