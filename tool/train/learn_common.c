/* SPDX-License-Identifier: MIT
 *
 * What classical learners share: scaling of features, and k-means.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"

struct learn_options learn_defaults(void)
{
    return (struct learn_options){.trees = 50, .depth = 16, .leaf = 1, .neighbours = 5, .seed = 1};
}

bool learn_check(const struct train_set *set, const struct tensor *input, int32_t classes, struct diag *diag)
{
    if (set->count < 1 || set->inputs == NULL || set->width < 1 || set->width != (size_t)ir_count(input)) {
        return diag_fail(diag, "there are %d examples of %zu values, want some of %lld", set->count, set->width,
                         (long long)ir_count(input));
    }
    if (classes > 0 && set->labels == NULL) {
        return diag_fail(diag, "examples have no labels, which a classifier needs");
    }
    for (int32_t i = 0; classes > 0 && i < set->count; i++) {
        if (set->labels[i] < 0 || set->labels[i] >= classes) {
            return diag_fail(diag, "example %d is of class %d of %d", i, set->labels[i], classes);
        }
    }
    for (size_t i = 0; i < (size_t)set->count * set->width; i++) {
        if (!isfinite(set->inputs[i])) {
            return diag_fail(diag, "example %zu has a value that is no number", i / set->width);
        }
    }
    return true;
}

void learn_free(struct learn_scaled *scaled)
{
    free(scaled->mean);
    free(scaled->inverse);
    free(scaled->values);
}

bool learn_scale(const struct train_set *set, struct learn_scaled *s, struct diag *diag)
{
    const size_t width = set->width, count = (size_t)set->count;
    *s = (struct learn_scaled){calloc(width, sizeof *s->mean), calloc(width, sizeof *s->inverse),
                               calloc(count * width, sizeof *s->values)};
    if (s->mean == NULL || s->inverse == NULL || s->values == NULL) {
        learn_free(s);
        return diag_fail(diag, "there is not enough memory for %d examples", set->count);
    }
    for (size_t f = 0; f < width; f++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++) {
            sum += (double)set->inputs[i * width + f];
        }
        const double mean = sum / (double)count;
        for (size_t i = 0; i < count; i++) {
            const double d = (double)set->inputs[i * width + f] - mean;
            squares += d * d;
        }
        const double deviation = sqrt(squares / (double)count);
        s->mean[f] = (float)mean;
        s->inverse[f] = deviation > 1e-6 * (fabs(mean) + 1e-12) ? (float)(1 / deviation) : 1;
        for (size_t i = 0; i < count; i++) { /* as the graph does it, in float */
            s->values[i * width + f] = (double)((set->inputs[i * width + f] - s->mean[f]) * s->inverse[f]);
        }
    }
    return true;
}

/*** k-means ***/

static double square_distance(const double *a, const double *b, size_t width)
{
    double sum = 0;
    for (size_t f = 0; f < width; f++) {
        sum += (a[f] - b[f]) * (a[f] - b[f]);
    }
    return sum;
}

/* Centres far apart, by Arthur and Vassilvitskii: each is an example, picked by its square distance to those before. */
static void pick_centres(const double *values, int32_t count, size_t width, int32_t clusters, uint64_t *random,
                         double *centres, double *distance)
{
    for (int32_t c = 0; c < clusters; c++) {
        double sum = 0;
        for (int32_t i = 0; i < count; i++) {
            const double *last = centres + (size_t)(c > 0 ? c - 1 : 0) * width;
            const double d = c > 0 ? square_distance(values + (size_t)i * width, last, width) : 1;
            distance[i] = c < 2 || d < distance[i] ? d : distance[i];
            sum += distance[i];
        }
        double at = (double)train_uniform(random) * sum;
        int32_t pick = 0;
        while (pick < count - 1 && (at -= distance[pick]) > 0) {
            pick++;
        }
        memcpy(centres + (size_t)c * width, values + (size_t)pick * width, width * sizeof *centres);
    }
}

/* Each row to its nearest centre; the sum of square distances. */
static double assign(const double *values, int32_t count, size_t width, int32_t clusters, const double *centres,
                     int32_t *nearest)
{
    double sum = 0;
    for (int32_t i = 0; i < count; i++) {
        double best = DBL_MAX;
        for (int32_t c = 0; c < clusters; c++) {
            const double d = square_distance(values + (size_t)i * width, centres + (size_t)c * width, width);
            if (d < best) {
                best = d;
                nearest[i] = c;
            }
        }
        sum += best;
    }
    return sum;
}

/* Centres become means of their rows; one without rows stays. */
static void move_centres(const double *values, int32_t count, size_t width, int32_t clusters, const int32_t *nearest,
                         double *centres)
{
    for (int32_t c = 0; c < clusters; c++) {
        double *centre = centres + (size_t)c * width;
        int32_t members = 0;
        for (int32_t i = 0; i < count; i++) {
            members += nearest[i] == c;
        }
        for (size_t f = 0; members > 0 && f < width; f++) {
            double sum = 0;
            for (int32_t i = 0; i < count; i++) {
                sum += nearest[i] == c ? values[(size_t)i * width + f] : 0;
            }
            centre[f] = sum / members;
        }
    }
}

bool learn_centres(const double *values, int32_t count, size_t width, int32_t clusters, uint64_t seed, double *centres,
                   int32_t *nearest)
{
    enum { TRIES = 4, ROUNDS = 100 };
    double *own = calloc((size_t)clusters * width, sizeof *own), *distance = calloc((size_t)count, sizeof *distance);
    double best = DBL_MAX;
    for (int try = 0; own != NULL && distance != NULL && try < TRIES; try++) {
        pick_centres(values, count, width, clusters, &seed, own, distance);
        double sum = DBL_MAX, before = DBL_MAX;
        for (int round = 0; round < ROUNDS; round++) {
            sum = assign(values, count, width, clusters, own, nearest);
            if (!(sum < before * (1 - 1e-9))) {
                break;
            }
            before = sum;
            move_centres(values, count, width, clusters, nearest, own);
        }
        if (sum < best) {
            best = sum;
            memcpy(centres, own, (size_t)clusters * width * sizeof *own);
        }
    }
    const bool ok = own != NULL && distance != NULL;
    free(own);
    free(distance);
    if (ok) {
        assign(values, count, width, clusters, centres, nearest);
    }
    return ok;
}
