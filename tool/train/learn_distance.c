/* SPDX-License-Identifier: MIT
 *
 * Learners that measure distances between scaled features: to centres, to a mixture of normal distributions, to examples.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "net.h"

static int32_t constant(struct net *b, const char *name, int32_t rank, const int32_t dim[], const double *values)
{
    const int32_t index = net_floats(b, name, rank, dim, 0);
    float *data = (float *)(uintptr_t)b->graph->tensors[index].data;
    for (int64_t i = 0; !b->failed && i < ir_count(&b->graph->tensors[index]); i++) {
        data[i] = (float)values[i];
    }
    return index;
}

static void binary(struct net *b, enum op op, const char *name, int32_t with)
{
    b->at = net_node(b, op, name, NULL, (int32_t[]){b->at, with}, 2, 1);
}

/* Reduces an axis, which stays as 1. */
static void reduce(struct net *b, enum op op, const char *name, int32_t axis)
{
    const struct attr attr = {.keep_dims = true};
    b->at = net_node(b, op, name, &attr, (int32_t[]){b->at, net_integers(b, "axis", 1, &axis)}, 2, 1);
}

/* The graph's input as scaled features [1, width]. */
static struct net begin(struct graph *g, const struct tensor *input, const struct learn_scaled *scaled,
                        struct diag *diag)
{
    struct net b = net_begin(g, 1, diag);
    const int32_t width = (int32_t)ir_count(input);
    net_input(&b, input);
    net_flatten(&b);
    const int32_t mean = net_floats(&b, "mean", 1, &width, 0), inverse = net_floats(&b, "inverse", 1, &width, 0);
    if (!b.failed) {
        memcpy((float *)(uintptr_t)g->tensors[mean].data, scaled->mean, (size_t)width * sizeof *scaled->mean);
        memcpy((float *)(uintptr_t)g->tensors[inverse].data, scaled->inverse, (size_t)width * sizeof *scaled->inverse);
    }
    binary(&b, OP_SUB, "centred", mean);
    binary(&b, OP_MUL, "scaled", inverse);
    return b;
}

static bool check_clusters(const struct train_set *set, int32_t clusters, struct diag *diag)
{
    return (clusters >= 1 && clusters <= set->count) ||
           diag_fail(diag, "%d clusters for %d examples: want 1 to as many", clusters, set->count);
}

/*** k-means ***/

bool learn_clusters(const struct train_set *set, const struct tensor *input, const struct learn_options *o,
                    struct graph *graph, struct diag *diag)
{
    struct learn_scaled scaled;
    if (!learn_check(set, input, 0, diag) || !check_clusters(set, o->clusters, diag) ||
        !learn_scale(set, &scaled, diag)) {
        return false;
    }
    double *centres = calloc((size_t)o->clusters * set->width, sizeof *centres);
    int32_t *nearest = calloc((size_t)set->count, sizeof *nearest);
    bool ok = centres != NULL && nearest != NULL &&
              learn_centres(scaled.values, set->count, set->width, o->clusters, o->seed, centres, nearest);
    if (!ok) {
        diag_fail(diag, "there is not enough memory for %d clusters", o->clusters);
    } else {
        struct net b = begin(graph, input, &scaled, diag);
        const int32_t dim[2] = {o->clusters, (int32_t)set->width};
        binary(&b, OP_SQUARED_DIFFERENCE, "differences", constant(&b, "centres", 2, dim, centres));
        reduce(&b, OP_SUM, "distances", 1);
        reduce(&b, OP_REDUCE_MIN, "nearest", 0);
        net_unary(&b, OP_SQRT, "score", NULL);
        ok = net_end(&b);
    }
    free(centres);
    free(nearest);
    learn_free(&scaled);
    return ok;
}

/*** Normal distributions ***/

/* A mixture of `count` of them in `width` dims. */
struct mixture {
    int32_t count;
    size_t width;
    double *mean;      /* [count][width] */
    double *whitening; /* [count][width][width]: lower triangular, inverse of the covariance's Cholesky factor */
    double *constant;  /* [count]: -2 log of weight over the root of the determinant */
};

/* The covariance of weighted rows, in the lower triangle, shrunk towards a round one where there are few rows: by the
 * oracle approximation of Chen, Wiesel, Eldar and Hero. */
static void find_covariance(const double *values, int32_t count, size_t width, const double *weights, size_t stride,
                            const double *mean, double *covariance)
{
    double total = 0, trace = 0, squares = 0;
    memset(covariance, 0, width * width * sizeof *covariance);
    for (int32_t i = 0; i < count; i++) {
        const double w = weights[(size_t)i * stride];
        const double *x = values + (size_t)i * width;
        total += w;
        for (size_t r = 0; w > 1e-9 && r < width; r++) {
            for (size_t c = 0; c <= r; c++) {
                covariance[r * width + c] += w * (x[r] - mean[r]) * (x[c] - mean[c]);
            }
        }
    }
    for (size_t r = 0; r < width; r++) {
        for (size_t c = 0; c <= r; c++) {
            double *v = &covariance[r * width + c];
            *v /= fmax(total, 1e-9);
            squares += (r == c ? 1 : 2) * *v * *v;
            trace += r == c ? *v : 0;
        }
    }
    const double p = (double)width, spread = (total + 1 - 2 / p) * (squares - trace * trace / p);
    const double share = spread > 0 ? fmin(1, ((1 - 2 / p) * squares + trace * trace) / spread) : 1;
    for (size_t r = 0; r < width; r++) {
        for (size_t c = 0; c < r; c++) {
            covariance[r * width + c] *= 1 - share;
        }
        double *v = &covariance[r * width + r];
        *v = *v * (1 - share) + share * trace / p + 1e-6;
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

static double square_mahalanobis(const struct mixture *m, int32_t k, const double *x)
{
    const double *mean = m->mean + (size_t)k * m->width, *w = m->whitening + (size_t)k * m->width * m->width;
    double sum = 0;
    for (size_t r = 0; r < m->width; r++) {
        double y = 0;
        for (size_t c = 0; c <= r; c++) {
            y += w[r * m->width + c] * (x[c] - mean[c]);
        }
        sum += y * y;
    }
    return sum;
}

/* Distributions that fit the rows best, each row belonging to each by its share. */
static void maximise(struct mixture *m, const double *values, int32_t count, const double *share)
{
    const size_t components = (size_t)m->count;
    for (size_t k = 0; k < components; k++) {
        double *mean = m->mean + k * m->width, *covariance = m->whitening + k * m->width * m->width, total = 0;
        memset(mean, 0, m->width * sizeof *mean);
        for (int32_t i = 0; i < count; i++) {
            total += share[(size_t)i * components + k];
            for (size_t f = 0; f < m->width; f++) {
                mean[f] += share[(size_t)i * components + k] * values[(size_t)i * m->width + f];
            }
        }
        for (size_t f = 0; f < m->width; f++) {
            mean[f] /= fmax(total, 1e-9);
        }
        find_covariance(values, count, m->width, share + k, components, mean, covariance);
        m->constant[k] = whiten(covariance, m->width) - 2 * log(fmax(total, 1e-9) / count);
    }
}

/* The share of each distribution in each row; how likely all rows are, in logarithms. */
static double expect(const struct mixture *m, const double *values, int32_t count, double *share)
{
    double likelihood = 0;
    for (int32_t i = 0; i < count; i++) {
        double *own = share + (size_t)i * (size_t)m->count, least = INFINITY, sum = 0;
        for (int32_t k = 0; k < m->count; k++) {
            own[k] = square_mahalanobis(m, k, values + (size_t)i * m->width) + m->constant[k];
            least = fmin(least, own[k]);
        }
        for (int32_t k = 0; k < m->count; k++) {
            own[k] = exp((least - own[k]) / 2);
            sum += own[k];
        }
        for (int32_t k = 0; k < m->count; k++) {
            own[k] /= sum;
        }
        likelihood += log(sum) - least / 2;
    }
    return likelihood;
}

/* Expectation and maximisation in turn, beginning with k-means. */
static bool fit_mixture(struct mixture *m, const double *values, int32_t count, uint64_t seed)
{
    enum { ROUNDS = 60 };
    double *share = calloc((size_t)count * (size_t)m->count, sizeof *share);
    int32_t *nearest = calloc((size_t)count, sizeof *nearest);
    const bool ok =
        share != NULL && nearest != NULL && learn_centres(values, count, m->width, m->count, seed, m->mean, nearest);
    for (int32_t i = 0; ok && i < count; i++) {
        share[(size_t)i * (size_t)m->count + (size_t)nearest[i]] = 1;
    }
    double before = -INFINITY;
    for (int round = 0; ok && round < ROUNDS; round++) {
        maximise(m, values, count, share);
        const double likelihood = m->count > 1 ? expect(m, values, count, share) : before;
        if (!(likelihood > before + 1e-6 * fabs(before))) {
            break;
        }
        before = likelihood;
    }
    free(share);
    free(nearest);
    return ok;
}

static bool emit_mixture(const struct mixture *m, struct net *b)
{
    const int32_t width = (int32_t)m->width, rows = m->count * width, dim[2] = {rows, width};
    double *bias = calloc((size_t)rows, sizeof *bias), least = INFINITY;
    for (int32_t r = 0; bias != NULL && r < rows; r++) {
        for (int32_t c = 0; c < width; c++) {
            bias[r] -=
                m->whitening[(size_t)r * m->width + (size_t)c] * m->mean[(size_t)(r / width) * m->width + (size_t)c];
            if (c > r % width) {
                m->whitening[(size_t)r * m->width + (size_t)c] = 0;
            }
        }
    }
    if (bias == NULL) {
        return diag_fail(b->diag, "there is not enough memory for %d components", m->count);
    }
    const int32_t in[3] = {b->at, constant(b, "whitening", 2, dim, m->whitening), constant(b, "bias", 1, &rows, bias)};
    b->at = net_node(b, OP_FULLY_CONNECTED, "whitened", NULL, in, 3, 1);
    net_unary(b, OP_SQUARE, "squares", NULL);
    net_reshape(b, "components", 2, (int32_t[]){m->count, width});
    reduce(b, OP_SUM, "distances", 1);
    for (int32_t k = 0; k < m->count; k++) {
        least = fmin(least, m->constant[k]);
    }
    for (int32_t k = 0; k < m->count; k++) {
        m->constant[k] -= least; /* so that nothing below the root is negative */
    }
    if (m->count > 1) {
        binary(b, OP_ADD, "weighted", constant(b, "constants", 2, (int32_t[]){m->count, 1}, m->constant));
        reduce(b, OP_REDUCE_MIN, "nearest", 0);
    }
    net_unary(b, OP_SQRT, "score", NULL);
    free(bias);
    return net_end(b);
}

bool learn_gaussian(const struct train_set *set, const struct tensor *input, const struct learn_options *o,
                    struct graph *graph, struct diag *diag)
{
    struct learn_scaled scaled;
    if (!learn_check(set, input, 0, diag) || !check_clusters(set, o->clusters, diag) ||
        !learn_scale(set, &scaled, diag)) {
        return false;
    }
    const size_t count = (size_t)o->clusters, width = set->width;
    struct mixture m = {.count = o->clusters,
                        .width = width,
                        .mean = calloc(count * width, sizeof(double)),
                        .whitening = calloc(count * width * width, sizeof(double)),
                        .constant = calloc(count, sizeof(double))};
    bool ok = m.mean != NULL && m.whitening != NULL && m.constant != NULL &&
              fit_mixture(&m, scaled.values, set->count, o->seed);
    if (!ok) {
        diag_fail(diag, "there is not enough memory for %d components of %zu features", o->clusters, width);
    } else {
        struct net b = begin(graph, input, &scaled, diag);
        ok = emit_mixture(&m, &b);
    }
    free(m.mean);
    free(m.whitening);
    free(m.constant);
    learn_free(&scaled);
    return ok;
}

/*** Neighbours ***/

/* Which examples to keep: all, or at random as many of each class as its share allows, at least one. */
static int32_t pick_examples(const struct train_set *set, int32_t most, uint64_t seed, int32_t *picked)
{
    int32_t count = 0;
    for (int32_t i = 0; i < set->count; i++) {
        picked[count++] = i;
    }
    for (int32_t i = count - 1; most > 0 && most < set->count && i > 0; i--) {
        const int32_t other = (int32_t)(train_random(&seed) % (uint64_t)(i + 1)), own = picked[i];
        picked[i] = picked[other];
        picked[other] = own;
    }
    return most > 0 && most < count ? most : count;
}

/* |x - c|^2 without |x|^2, which is the same for all: nearest is largest 2 c x - |c|^2. */
static bool emit_neighbours(const struct train_set *set, const struct learn_scaled *scaled, int32_t classes,
                            int32_t neighbours, const int32_t *picked, int32_t count, struct net *b)
{
    const int32_t width = (int32_t)set->width;
    double *weights = calloc((size_t)count * set->width, sizeof *weights), *bias = calloc((size_t)count, sizeof *bias);
    double *votes = calloc((size_t)count * (size_t)classes, sizeof *votes);
    if (weights == NULL || bias == NULL || votes == NULL) {
        b->failed = !diag_fail(b->diag, "there is not enough memory for %d examples", count);
    }
    for (int32_t i = 0; !b->failed && i < count; i++) {
        const double *x = scaled->values + (size_t)picked[i] * set->width;
        for (size_t f = 0; f < set->width; f++) {
            weights[(size_t)i * set->width + f] = 2 * x[f];
            bias[i] -= x[f] * x[f];
        }
        votes[(size_t)i * (size_t)classes + (size_t)set->labels[picked[i]]] = 1;
    }
    if (!b->failed) {
        const int32_t in[3] = {b->at, constant(b, "examples", 2, (int32_t[]){count, width}, weights),
                               constant(b, "bias", 1, &count, bias)};
        b->at = net_node(b, OP_FULLY_CONNECTED, "nearness", NULL, in, 3, 1);
        const int32_t k = net_integers(b, "neighbours", 1, &neighbours);
        b->graph->tensors[k].rank = 0;
        const int32_t which = net_node(b, OP_TOPK_V2, "nearest", NULL, (int32_t[]){b->at, k}, 2, 2) + 1;
        b->graph->tensors[which].type = TYPE_S32;
        const int32_t table = constant(b, "votes", 2, (int32_t[]){count, classes}, votes);
        b->at = net_node(b, OP_GATHER, "votes", NULL, (int32_t[]){table, which}, 2, 1);
        const int32_t axis = net_integers(b, "axis", 1, (int32_t[]){1});
        b->at = net_node(b, OP_MEAN, "classes", NULL, (int32_t[]){b->at, axis}, 2, 1);
    }
    free(weights);
    free(bias);
    free(votes);
    return net_end(b);
}

bool learn_neighbours(const struct train_set *set, const struct tensor *input, int32_t classes,
                      const struct learn_options *o, struct graph *graph, struct diag *diag)
{
    struct learn_scaled scaled;
    if (classes < 1 || o->neighbours < 1 || o->prototypes < 0) {
        return diag_fail(diag, "%d classes, %d neighbours: want at least 1", classes, o->neighbours);
    }
    if (!learn_check(set, input, classes, diag) || !learn_scale(set, &scaled, diag)) {
        return false;
    }
    int32_t *picked = calloc((size_t)set->count, sizeof *picked);
    bool ok = picked != NULL || diag_fail(diag, "there is not enough memory for %d examples", set->count);
    if (ok) {
        const int32_t count = pick_examples(set, o->prototypes, o->seed, picked);
        struct net b = begin(graph, input, &scaled, diag);
        ok = emit_neighbours(set, &scaled, classes, o->neighbours < count ? o->neighbours : count, picked, count, &b);
    }
    free(picked);
    learn_free(&scaled);
    return ok;
}
