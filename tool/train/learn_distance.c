/* SPDX-License-Identifier: MIT
 *
 * Learners that measure distances between scaled features: to centres, to examples.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn_graph.h"

/*** k-means ***/

bool learn_clusters(const struct train_set *set, const struct tensor *input, const struct learn_options *o,
                    struct graph *graph, struct diag *diag)
{
    enum { FEW = 4 };
    struct learn_scaled scaled;
    if (!learn_check(set, input, 0, diag)) {
        return false;
    }
    const int32_t few = set->count < FEW ? set->count : FEW, count = o->clusters > 0 ? o->clusters : few;
    if (count > set->count) {
        return diag_fail(diag, "%d clusters for %d examples: want no more than examples", count, set->count);
    }
    if (!learn_scale(set, &scaled, diag)) {
        return false;
    }
    double *centres = calloc((size_t)count * set->width, sizeof *centres);
    int32_t *nearest = calloc((size_t)set->count, sizeof *nearest);
    bool ok = centres != NULL && nearest != NULL &&
              learn_centres(scaled.values, set->count, set->width, count, o->seed, centres, nearest);
    if (!ok) {
        diag_fail(diag, "there is not enough memory for %d clusters", count);
    } else {
        struct net b = learn_net_begin(graph, input, &scaled, diag);
        const int32_t dim[2] = {count, (int32_t)set->width};
        learn_net_binary(&b, OP_SQUARED_DIFFERENCE, "differences", learn_net_floats(&b, "centres", 2, dim, centres));
        learn_net_reduce(&b, OP_SUM, "distances", 1);
        learn_net_reduce(&b, OP_REDUCE_MIN, "nearest", 0);
        net_unary(&b, OP_SQRT, "score", NULL);
        ok = net_end(&b);
    }
    free(centres);
    free(nearest);
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
        const int32_t in[3] = {b->at, learn_net_floats(b, "examples", 2, (int32_t[]){count, width}, weights),
                               learn_net_floats(b, "bias", 1, &count, bias)};
        b->at = net_node(b, OP_FULLY_CONNECTED, "nearness", NULL, in, 3, 1);
        const int32_t k = net_integers(b, "neighbours", 1, &neighbours);
        b->graph->tensors[k].rank = 0;
        const int32_t which = net_node(b, OP_TOPK_V2, "nearest", NULL, (int32_t[]){b->at, k}, 2, 2) + 1;
        b->graph->tensors[which].type = TYPE_S32;
        const int32_t table = learn_net_floats(b, "votes", 2, (int32_t[]){count, classes}, votes);
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
        struct net b = learn_net_begin(graph, input, &scaled, diag);
        ok = emit_neighbours(set, &scaled, classes, o->neighbours < count ? o->neighbours : count, picked, count, &b);
    }
    free(picked);
    learn_free(&scaled);
    return ok;
}
