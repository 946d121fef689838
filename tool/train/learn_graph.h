/* SPDX-License-Identifier: MIT
 *
 * Inside classical learners: the pieces of their graphs.
 */
#ifndef TRAIN_LEARN_GRAPH_H
#define TRAIN_LEARN_GRAPH_H

#include "learn.h"
#include "net.h"

/* A float constant. */
int32_t learn_net_floats(struct net *b, const char *name, int32_t rank, const int32_t dim[], const double *values);

/* b->at and another tensor become one. */
void learn_net_binary(struct net *b, enum op op, const char *name, int32_t with);

/* Reduces an axis, which stays as 1. */
void learn_net_reduce(struct net *b, enum op op, const char *name, int32_t axis);

/* A graph whose b->at is its input as scaled features, [1, width]. */
struct net learn_net_begin(struct graph *g, const struct tensor *input, const struct learn_scaled *scaled,
                           struct diag *diag);

#endif
