/* SPDX-License-Identifier: MIT
 *
 * Inside training: nodes of a new graph, one after the other.
 */
#ifndef TRAIN_NET_H
#define TRAIN_NET_H

#include "train.h"

enum { MAP_STEP = 8 }; /* pixels from cell to cell of a heat map, across and down */

struct net {
    struct graph *graph;
    int32_t capacity; /* of graph->nodes */
    uint64_t random;
    int32_t at; /* the tensor that the next layer reads */
    struct diag *diag;
    bool failed;
};

struct net net_begin(struct graph *graph, uint64_t seed, struct diag *diag);

/* The input of the graph, a batch of one in front of the shape of an example. */
void net_input(struct net *b, const struct tensor *example);

/* A node; its first output, or where it fails b->at. More outputs follow that one. */
int32_t net_node(struct net *b, enum op op, const char *name, const struct attr *attr, const int32_t *in,
                 int32_t in_count, int32_t out_count);

/* What b->at becomes by an operator with one input. */
void net_unary(struct net *b, enum op op, const char *name, const struct attr *attr);

/* Constants: of floats; of random weights for so many inputs; of integers. */
int32_t net_floats(struct net *b, const char *name, int32_t rank, const int32_t dim[], float fill);
int32_t net_weights(struct net *b, const char *name, int32_t rank, const int32_t dim[], int32_t inputs);
int32_t net_integers(struct net *b, const char *name, int32_t count, const int32_t values[]);

/* Layers onto b->at. `name` is of the node; units or filters as in struct train_layer. */
void net_dense(struct net *b, const char *name, int32_t units, enum activation activation);
void net_reshape(struct net *b, const char *name, int32_t rank, const int32_t dim[]);
void net_centre(struct net *b); /* each band or channel less its mean over time */
void net_global_pool(struct net *b);
void net_flatten(struct net *b);
void net_dropout(struct net *b, float rate);
void net_head(struct net *b, int32_t classes, float dropout); /* dense and SOFTMAX, with what must come before */
void net_map_head(struct net *b, int32_t classes);            /* the same for each cell of a heat map */
void net_layer(struct net *b, const struct train_layer *layer, int32_t number);
void net_gru(struct net *b, const char *name, int32_t units);

/* Ends the graph at b->at, and checks it. */
bool net_end(struct net *b);

int32_t architecture_find(const char *name); /* -1: there is none of this name */

/* The layers of a named architecture, in `arena`. */
const struct train_layer *architecture_layers(const struct train_model *model, const struct tensor *input,
                                              struct arena *arena, int32_t *count);

#endif
