/* SPDX-License-Identifier: MIT
 *
 * Classical learners: what they learn is a graph of operators, too, and so compiles for a device like any network.
 */
#ifndef TRAIN_LEARN_H
#define TRAIN_LEARN_H

#include "train.h"

enum { LEARN_MOST_GROUPS = 8 };

struct learn_options {
    const float *class_weights; /* of forests: one for each class; NULL: 1 */
    int32_t trees;              /* of a forest */
    int32_t depth;              /* of a tree at most */
    int32_t leaf;               /* examples in a leaf at least */
    int32_t features;           /* tried for each split; 0: the root of their number */
    int32_t clusters;           /* centres of k-means, 0: a few; components of a mixture, 0: as many as fit best */
    const int32_t (*groups)[2]; /* of features that are judged together: {first, how many} */
    int32_t group_count;        /* 0: all features are one group */
    int32_t neighbours;         /* that vote */
    int32_t prototypes;         /* examples to keep for neighbours at most; 0: all */
    uint64_t seed;
    int32_t threads; /* 0: one for each core */
};

struct learn_options learn_defaults(void);

/* Each fills `graph`, which has its arena and is otherwise zeroed. `input` is the shape of one example without the
 * batch. Classifiers put out a share for each class, [1, classes]; detectors of anomalies how far an example is from
 * what they have seen, [1, 1], and look at no labels. */

/* A forest of classification trees, by Breiman: bootstrap, Gini's impurity, some features at each split. */
bool learn_forest(const struct train_set *set, const struct tensor *input, int32_t classes,
                  const struct learn_options *options, struct graph *graph, struct diag *diag);

/* A forest that was learned, in integers, for features of this type and quantisation; floats are to become int16. Its
 * input is [1, features], its output int16. */
bool learn_forest_integers(const struct graph *forest, const struct tensor *features, struct graph *graph,
                           struct diag *diag);

/* The classes of the nearest examples, each feature scaled to deviation 1. */
bool learn_neighbours(const struct train_set *set, const struct tensor *input, int32_t classes,
                      const struct learn_options *options, struct graph *graph, struct diag *diag);

/* The distance to the nearest centre of k-means. */
bool learn_clusters(const struct train_set *set, const struct tensor *input, const struct learn_options *options,
                    struct graph *graph, struct diag *diag);

/* Mahalanobis' distance to the nearest of a mixture of normal distributions, for each group of features: by how many
 * deviations its logarithm is above the mean of examples that were held out. Of several groups the root of the sum of
 * squares, of those above. `held_out` NULL or too small: some of the set are held out. */
bool learn_gaussian(const struct train_set *set, const struct train_set *held_out, const struct tensor *input,
                    const struct learn_options *options, struct graph *graph, struct diag *diag);

/*** Inside ***/

/* Mean and 1 over the deviation of each feature (1 where it never changes), and all examples so scaled; malloc'ed. */
struct learn_scaled {
    float *mean, *inverse;
    double *values; /* [count][width] */
};

bool learn_check(const struct train_set *set, const struct tensor *input, int32_t classes, struct diag *diag);
bool learn_scale(const struct train_set *set, struct learn_scaled *scaled, struct diag *diag);
void learn_free(struct learn_scaled *scaled);

/* Centres [clusters][width] of the rows of `values` by k-means, the best of a few tries; and which is nearest to each
 * row. */
bool learn_centres(const double *values, int32_t count, size_t width, int32_t clusters, uint64_t seed, double *centres,
                   int32_t *nearest);

#endif
