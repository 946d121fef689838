/* SPDX-License-Identifier: MIT
 *
 * How unusual an example is, from usual ones alone. A machine has several usual states, and a fault shows in some of its
 * features, which must not drown in the noise of the others. So each group of features has a mixture of normal
 * distributions of its own, and only the groups that are further off than is usual count.
 *
 * The distributions of a mixture have one shape and each its size: few numbers to learn, and on the device one matrix that
 * whitens, then distances to centres. Distances are judged by those of usual examples that the mixture has not seen: by
 * how many deviations their logarithm is above the mean.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn_graph.h"

enum { MOST_COMPONENTS = 8, ROUNDS = 30, LEAST_HELD_OUT = 10, EVERY = 5 };

static const double tiny = 1e-9;
static const double prior = 3; /* so many examples speak for sizes being the same */

struct rows {
    double *values; /* [count][width] */
    int32_t count;
    size_t width;
};

struct mixture {
    int32_t count;
    size_t width;
    double *mean;      /* [count][width] */
    double *whitening; /* [width][width]: lower triangular, inverse of the covariance's Cholesky factor */
    double *white;     /* [count][width]: means, whitened */
    double *variance;  /* [count] over that of the shape */
    double *weight;    /* [count] */
    double log_determinant;
    double usual, spread; /* of the logarithms of distances: mean and deviation */
};

static void free_mixture(struct mixture *m)
{
    free(m->mean);
    free(m->whitening);
    free(m->white);
    free(m->variance);
    free(m->weight);
    *m = (struct mixture){0};
}

static bool new_mixture(struct mixture *m, int32_t count, size_t width)
{
    const size_t n = (size_t)count;
    *m = (struct mixture){.count = count,
                          .width = width,
                          .mean = calloc(n * width, sizeof(double)),
                          .whitening = calloc(width * width, sizeof(double)),
                          .white = calloc(n * width, sizeof(double)),
                          .variance = calloc(n, sizeof(double)),
                          .weight = calloc(n, sizeof(double))};
    return m->mean != NULL && m->whitening != NULL && m->white != NULL && m->variance != NULL && m->weight != NULL;
}

/*** Fitting ***/

/* The covariance round the means, in the lower triangle, each row as its shares say and in the size of its component;
 * shrunk towards a round one where there are few rows: by the oracle approximation of Chen, Wiesel, Eldar and Hero. */
static void find_covariance(const struct rows *rows, const struct mixture *m, const double *share, double *covariance)
{
    const size_t width = m->width;
    double trace = 0, squares = 0;
    memset(covariance, 0, width * width * sizeof *covariance);
    for (int32_t i = 0; i < rows->count; i++) {
        const double *x = rows->values + (size_t)i * width;
        for (int32_t k = 0; k < m->count; k++) {
            const double w = share[i * m->count + k] / m->variance[k], *mean = m->mean + (size_t)k * width;
            for (size_t r = 0; w > 1e-6 && r < width; r++) {
                const double d = w * (x[r] - mean[r]);
                for (size_t c = 0; c <= r; c++) {
                    covariance[r * width + c] += d * (x[c] - mean[c]);
                }
            }
        }
    }
    for (size_t r = 0; r < width; r++) {
        for (size_t c = 0; c <= r; c++) {
            double *v = &covariance[r * width + c];
            *v /= rows->count;
            squares += (r == c ? 1 : 2) * *v * *v;
            trace += r == c ? *v : 0;
        }
    }
    const double p = (double)width, spread = (rows->count + 1 - 2 / p) * (squares - trace * trace / p);
    const double share_round = spread > 0 ? fmin(1, ((1 - 2 / p) * squares + trace * trace) / spread) : 1;
    for (size_t r = 0; r < width; r++) {
        for (size_t c = 0; c < r; c++) {
            covariance[r * width + c] *= 1 - share_round;
        }
        double *v = &covariance[r * width + r];
        *v = *v * (1 - share_round) + share_round * trace / p + 1e-6;
    }
}

/* From a covariance the inverse of its Cholesky factor, in place; the log of the determinant. */
static double whiten(double *m, size_t width)
{
    double log_determinant = 0;
    for (size_t r = 0; r < width; r++) {
        for (size_t c = 0; c <= r; c++) {
            double sum = m[r * width + c];
            for (size_t k = 0; k < c; k++) {
                sum -= m[r * width + k] * m[c * width + k];
            }
            m[r * width + c] = r == c ? sqrt(fmax(sum, 1e-12)) : sum / m[c * width + c];
        }
        log_determinant += 2 * log(m[r * width + r]);
    }
    for (size_t c = 0; c < width; c++) { /* column by column of the inverse, from the diagonal down */
        for (size_t r = c; r < width; r++) {
            double sum = r == c ? 1 : 0;
            for (size_t k = c; k < r; k++) {
                sum -= m[r * width + k] * m[k * width + c];
            }
            m[r * width + c] = sum / m[r * width + r];
        }
    }
    return log_determinant;
}

static void apply(const struct mixture *m, const double *x, double *y)
{
    for (size_t r = 0; r < m->width; r++) {
        y[r] = 0;
        for (size_t c = 0; c <= r; c++) {
            y[r] += m->whitening[r * m->width + c] * x[c];
        }
    }
}

/* Square distances of a row to each component, in its size. `white` is for [width] values. */
static void find_distances(const struct mixture *m, const double *x, double *white, double *distances)
{
    apply(m, x, white);
    for (int32_t k = 0; k < m->count; k++) {
        const double *mean = m->white + (size_t)k * m->width;
        double sum = 0;
        for (size_t f = 0; f < m->width; f++) {
            sum += (white[f] - mean[f]) * (white[f] - mean[f]);
        }
        distances[k] = sum / m->variance[k];
    }
}

/* Means, the shape and sizes that fit the rows best, each row belonging to components by its shares. */
static void maximise(struct mixture *m, const struct rows *rows, const double *share, double *white)
{
    const size_t width = m->width;
    double distances[MOST_COMPONENTS], sums[MOST_COMPONENTS] = {0}, total[MOST_COMPONENTS] = {0};
    memset(m->mean, 0, (size_t)m->count * width * sizeof *m->mean);
    for (int32_t i = 0; i < rows->count; i++) {
        for (int32_t k = 0; k < m->count; k++) {
            const double w = share[i * m->count + k];
            total[k] += w;
            for (size_t f = 0; f < width; f++) {
                m->mean[(size_t)k * width + f] += w * rows->values[(size_t)i * width + f];
            }
        }
    }
    for (int32_t k = 0; k < m->count; k++) {
        for (size_t f = 0; f < width; f++) {
            m->mean[(size_t)k * width + f] /= fmax(total[k], tiny);
        }
        m->weight[k] = fmax(total[k], tiny) / rows->count;
    }
    find_covariance(rows, m, share, m->whitening);
    m->log_determinant = whiten(m->whitening, width);
    for (int32_t k = 0; k < m->count; k++) {
        apply(m, m->mean + (size_t)k * width, m->white + (size_t)k * width);
    }
    for (int32_t i = 0; i < rows->count; i++) {
        find_distances(m, rows->values + (size_t)i * width, white, distances);
        for (int32_t k = 0; k < m->count; k++) {
            sums[k] += share[i * m->count + k] * distances[k] * m->variance[k];
        }
    }
    for (int32_t k = 0; k < m->count && m->count > 1; k++) {
        m->variance[k] = (sums[k] + prior * (double)width) / ((total[k] + prior) * (double)width);
    }
}

/* How likely all rows are, in logarithms; the share of each component in each row, unless it is NULL. */
static double expect(const struct mixture *m, const struct rows *rows, double *white, double *share)
{
    double likelihood = 0, own[MOST_COMPONENTS];
    for (int32_t i = 0; i < rows->count; i++) {
        double most = -INFINITY, sum = 0;
        find_distances(m, rows->values + (size_t)i * m->width, white, own);
        for (int32_t k = 0; k < m->count; k++) {
            const double log_determinant = m->log_determinant + (double)m->width * log(m->variance[k]);
            own[k] = log(m->weight[k]) - (own[k] + log_determinant) / 2;
            most = fmax(most, own[k]);
        }
        for (int32_t k = 0; k < m->count; k++) {
            own[k] = exp(own[k] - most);
            sum += own[k];
        }
        for (int32_t k = 0; k < m->count && share != NULL; k++) {
            share[i * m->count + k] = own[k] / sum;
        }
        likelihood += log(sum) + most;
    }
    return likelihood;
}

/* Expectation and maximisation in turn, beginning with k-means. */
static bool fit(struct mixture *m, const struct rows *rows, uint64_t seed)
{
    double *share = calloc((size_t)rows->count * (size_t)m->count, sizeof *share);
    double *white = calloc(m->width, sizeof *white);
    int32_t *nearest = calloc((size_t)rows->count, sizeof *nearest);
    const bool ok = share != NULL && white != NULL && nearest != NULL &&
                    learn_centres(rows->values, rows->count, m->width, m->count, seed, m->mean, nearest);
    for (int32_t i = 0; ok && i < rows->count; i++) {
        share[i * m->count + nearest[i]] = 1;
    }
    for (int32_t k = 0; k < m->count; k++) {
        m->variance[k] = 1;
    }
    double before = -DBL_MAX;
    for (int round = 0; ok && round < ROUNDS; round++) {
        maximise(m, rows, share, white);
        const double likelihood = expect(m, rows, white, share);
        if (m->count == 1 || !(likelihood > before + 1e-6 * fabs(before))) {
            break;
        }
        before = likelihood;
    }
    free(share);
    free(white);
    free(nearest);
    return ok;
}

/*** Judging by rows that were not fitted ***/

static double log_distance(const struct mixture *m, const double *x, double *white)
{
    double distances[MOST_COMPONENTS], least = INFINITY;
    find_distances(m, x, white, distances);
    for (int32_t k = 0; k < m->count; k++) {
        least = fmin(least, distances[k]);
    }
    return log(least + tiny);
}

static void calibrate(struct mixture *m, const struct rows *rows, double *white)
{
    double sum = 0, squares = 0;
    for (int32_t i = 0; i < rows->count; i++) {
        sum += log_distance(m, rows->values + (size_t)i * m->width, white);
    }
    m->usual = sum / rows->count;
    for (int32_t i = 0; i < rows->count; i++) {
        const double d = log_distance(m, rows->values + (size_t)i * m->width, white) - m->usual;
        squares += d * d;
    }
    m->spread = fmax(sqrt(squares / rows->count), 1e-3);
}

/* The mixture of so many components, or 0: of the number by which the rows held out are likeliest. */
static bool fit_best(struct mixture *best, const struct rows *rows, const struct rows *held_out, int32_t wanted,
                     uint64_t seed)
{
    double most = -INFINITY, *white = calloc(rows->width, sizeof *white);
    bool ok = white != NULL;
    for (int32_t count = wanted > 0 ? wanted : 1;
         ok && count <= (wanted > 0 ? wanted : MOST_COMPONENTS) && count <= rows->count; count++) {
        struct mixture m;
        ok = new_mixture(&m, count, rows->width) && fit(&m, rows, seed);
        const double likelihood = ok ? expect(&m, held_out, white, NULL) : 0;
        if (ok && likelihood > most) {
            most = likelihood;
            free_mixture(best);
            *best = m;
        } else {
            free_mixture(&m);
        }
    }
    ok = ok && best->count > 0;
    if (ok) {
        calibrate(best, held_out, white);
    }
    free(white);
    return ok;
}

/*** The graph ***/

/* From the scaled features of one group to its score, [1, 1]. */
static void emit_group(struct net *b, const struct mixture *m, int32_t from, int32_t first, int32_t all)
{
    const int32_t width = (int32_t)m->width, dim[2] = {m->count, width};
    b->at = from;
    if (width < all) {
        const int32_t begin = net_integers(b, "begin", 2, (int32_t[]){0, first});
        const int32_t size = net_integers(b, "size", 2, (int32_t[]){1, width});
        b->at = net_node(b, OP_SLICE, "group", NULL, (int32_t[]){from, begin, size}, 3, 1);
    }
    for (int32_t r = 0; r < width; r++) {
        for (int32_t c = r + 1; c < width; c++) { /* what the covariance left above the diagonal */
            m->whitening[r * width + c] = 0;
        }
    }
    const int32_t matrix = learn_net_floats(b, "whitening", 2, (int32_t[]){width, width}, m->whitening);
    b->at = net_node(b, OP_FULLY_CONNECTED, "whitened", NULL, (int32_t[]){b->at, matrix, NO_TENSOR}, 3, 1);
    learn_net_binary(b, OP_SQUARED_DIFFERENCE, "differences", learn_net_floats(b, "centres", 2, dim, m->white));
    learn_net_reduce(b, OP_SUM, "distances", 1);
    if (m->count > 1) {
        double inverse[MOST_COMPONENTS];
        for (int32_t k = 0; k < m->count; k++) {
            inverse[k] = 1 / m->variance[k];
        }
        learn_net_binary(b, OP_MUL, "sized", learn_net_floats(b, "sizes", 2, (int32_t[]){m->count, 1}, inverse));
        learn_net_reduce(b, OP_REDUCE_MIN, "nearest", 0);
    }
    const int32_t one[2] = {1, 1};
    learn_net_binary(b, OP_ADD, "positive", learn_net_floats(b, "least", 2, one, &tiny));
    net_unary(b, OP_LOG, "logarithm", NULL);
    learn_net_binary(b, OP_SUB, "above", learn_net_floats(b, "usual", 2, one, &m->usual));
    learn_net_binary(b, OP_MUL, "deviations", learn_net_floats(b, "inverse", 2, one, &(double){1 / m->spread}));
}

static bool emit(const struct mixture *mixtures, const struct learn_options *o, struct net *b, int32_t width)
{
    int32_t scores[LEARN_MOST_GROUPS];
    const int32_t from = b->at;
    for (int32_t i = 0; i < o->group_count; i++) {
        emit_group(b, &mixtures[i], from, o->groups[i][0], width);
        scores[i] = b->at;
    }
    if (o->group_count > 1) {
        b->at = net_node(b, OP_CONCATENATION, "groups", &(const struct attr){.axis = 1}, scores, o->group_count, 1);
        net_unary(b, OP_RELU, "unusual", NULL);
        net_unary(b, OP_SQUARE, "squares", NULL);
        learn_net_reduce(b, OP_SUM, "sum", 1);
        net_unary(b, OP_SQRT, "score", NULL);
    }
    return net_end(b);
}

/*** Learning ***/

/* Columns of one group of scaled examples: every fifth, or the others, or all. */
enum part { ALL, HELD_OUT, OTHERS };

static bool take(const double *values, int32_t count, size_t width, const int32_t group[2], enum part part,
                 struct rows *to)
{
    *to = (struct rows){.width = (size_t)group[1]};
    to->values = calloc((size_t)count * to->width, sizeof *to->values);
    for (int32_t i = 0; to->values != NULL && i < count; i++) {
        const bool is_fifth = i % EVERY == EVERY - 1;
        if (part == ALL || (part == HELD_OUT) == is_fifth) {
            memcpy(to->values + (size_t)to->count++ * to->width, values + (size_t)i * width + (size_t)group[0],
                   to->width * sizeof *values);
        }
    }
    return to->values != NULL;
}

/* The held-out examples, scaled as the others are. */
static double *scale_held_out(const struct train_set *set, const struct learn_scaled *scaled)
{
    double *values = calloc((size_t)set->count * set->width + 1, sizeof *values);
    for (size_t i = 0; values != NULL && i < (size_t)set->count * set->width; i++) {
        const size_t f = i % set->width;
        values[i] = (double)((set->inputs[i] - scaled->mean[f]) * scaled->inverse[f]);
    }
    return values;
}

static bool learn_groups(const struct train_set *set, const struct train_set *held_out,
                         const struct learn_scaled *scaled, const double *held_out_values,
                         const struct learn_options *o, struct mixture *mixtures)
{
    bool ok = true;
    for (int32_t i = 0; ok && i < o->group_count; i++) {
        struct rows rows = {0}, judges = {0};
        if (held_out != NULL) {
            ok = take(scaled->values, set->count, set->width, o->groups[i], ALL, &rows) &&
                 take(held_out_values, held_out->count, set->width, o->groups[i], ALL, &judges);
        } else {
            const bool is_few = set->count < EVERY * 2;
            ok = take(scaled->values, set->count, set->width, o->groups[i], is_few ? ALL : OTHERS, &rows) &&
                 take(scaled->values, set->count, set->width, o->groups[i], is_few ? ALL : HELD_OUT, &judges);
        }
        ok = ok && fit_best(&mixtures[i], &rows, &judges, o->clusters, o->seed);
        free(rows.values);
        free(judges.values);
    }
    return ok;
}

static bool check_groups(const struct train_set *set, const struct learn_options *o, struct diag *diag)
{
    if (o->clusters > MOST_COMPONENTS || o->clusters > set->count) {
        return diag_fail(diag, "%d components for %d examples: want at most %d, and no more than examples", o->clusters,
                         set->count, MOST_COMPONENTS);
    }
    for (int32_t i = 0; i < o->group_count; i++) {
        const int32_t first = o->groups[i][0], count = o->groups[i][1];
        if (first < 0 || count < 1 || (size_t)first + (size_t)count > set->width ||
            o->group_count > LEARN_MOST_GROUPS) {
            return diag_fail(diag, "group %d has features %d to %d of %zu", i, first, first + count - 1, set->width);
        }
    }
    return true;
}

bool learn_gaussian(const struct train_set *set, const struct train_set *held_out, const struct tensor *input,
                    const struct learn_options *options, struct graph *graph, struct diag *diag)
{
    struct learn_scaled scaled;
    struct learn_options o = *options;
    const int32_t all[1][2] = {{0, (int32_t)set->width}};
    if (o.group_count == 0) {
        o.groups = all;
        o.group_count = 1;
    }
    held_out = held_out != NULL && held_out->count >= LEAST_HELD_OUT ? held_out : NULL;
    if (!learn_check(set, input, 0, diag) || (held_out != NULL && !learn_check(held_out, input, 0, diag)) ||
        !check_groups(set, &o, diag) || !learn_scale(set, &scaled, diag)) {
        return false;
    }
    struct mixture mixtures[LEARN_MOST_GROUPS] = {{0}};
    double *held_out_values = held_out != NULL ? scale_held_out(held_out, &scaled) : NULL;
    bool ok = (held_out == NULL || held_out_values != NULL) &&
              learn_groups(set, held_out, &scaled, held_out_values, &o, mixtures);
    if (!ok) {
        diag_fail(diag, "there is not enough memory for mixtures of %zu features", set->width);
    } else {
        struct net b = learn_net_begin(graph, input, &scaled, diag);
        ok = emit(mixtures, &o, &b, (int32_t)set->width);
    }
    for (int32_t i = 0; i < o.group_count; i++) {
        free_mixture(&mixtures[i]);
    }
    free(held_out_values);
    learn_free(&scaled);
    return ok;
}
