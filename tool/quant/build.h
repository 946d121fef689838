/* SPDX-License-Identifier: MIT
 *
 * The graph of integers while it is built.
 */
#ifndef QUANT_BUILD_H
#define QUANT_BUILD_H

#include "work.h"

/* Tensors that have one scale. */
struct group {
    int32_t parent; /* itself: the root, which has what follows */
    bool is_fixed;
    bool is_shared; /* nodes with the same weights read or write it */
    struct quant_range range;
    struct quant_params params; /* final once all groups are made, or where fixed */
};

/* Weights and bias of a leader. */
struct shared {
    float input_scale;     /* 0: none yet */
    int32_t weights, bias; /* tensors of `out`; NO_TENSOR: no bias */
};

struct build {
    const struct quant_plan *plan;
    struct graph *out;
    enum type type;        /* of activations */
    bool *is_int;          /* [node of plan->g] */
    bool *is_int_tensor;   /* [tensor of plan->g]: where it is made, it is integers */
    struct group *groups;  /* [tensor of plan->g] */
    struct shared *shared; /* [node of plan->g]: what followers take over */
    int32_t *other;        /* [tensor of plan->g]: the same converted, integers to floats or back; NO_TENSOR: not yet */
    int32_t node_capacity;
};

/*** groups.c: which tensors have which scale ***/

void build_groups(struct build *b);
struct quant_params build_params(const struct build *b, int32_t tensor);

/* Whether input k of a node with one scale for all has to be converted to that of the output. */
bool build_requantises(const struct build *b, const struct node *n, int k);

/*** weights.c ***/

/* Weights and bias of a node of `out`, number `node` in plan->g, as integers. */
void build_weights(struct build *b, struct node *n, int32_t node, struct quant_params input);

/* A bias as input k, in units [unit_count] of sums: one for each value, or one for all. */
void build_bias(struct build *b, struct node *n, int k, const double bias[], int32_t count, const double unit[],
                int32_t unit_count);

/*** lstm.c ***/

/* Weights, biases and states of a node of `out` as integers. */
void build_lstm(struct build *b, struct node *n, struct quant_params input);

/*** build.c ***/

struct quant build_one_scale(struct build *b, struct quant_params p);

/* Input k of a node, which may have fewer. */
void build_set_index(struct build *b, struct node *n, int k, int32_t tensor);

/* The same with a new tensor of `out`. */
void build_set_input(struct build *b, struct node *n, int k, const struct tensor *t);

#endif
