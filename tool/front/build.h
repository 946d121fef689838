/* SPDX-License-Identifier: MIT
 *
 * Making graphs node by node. The first error stays; calls after it do nothing of use and return tensor 0.
 */
#ifndef FRONT_BUILD_H
#define FRONT_BUILD_H

#include "front.h"

enum { BUILD_MOST_NODES = 512 };

struct build {
    struct graph *graph;
    struct diag *diag;
};

void build_begin(struct build *b, struct graph *graph, struct diag *diag);

/* A tensor without a value. */
int32_t build_tensor(struct build *b, const char *name, enum type type, int32_t rank, const int32_t dim[]);

/* A constant; the value is copied. */
int32_t build_const(struct build *b, enum type type, int32_t rank, const int32_t dim[], const void *data);
int32_t build_floats(struct build *b, int32_t count, const float *values); /* [count] */
int32_t build_float(struct build *b, float value);                         /* scalar */
int32_t build_ints(struct build *b, int32_t count, const int32_t *values);

/* A node with one output of `type`; its shape is inferred. The node is graph->nodes[graph->node_count - 1] then. */
int32_t build_node(struct build *b, enum op op, const struct attr *attr, enum type type, int32_t in_count,
                   const int32_t in[]);

/* The last `rows` rows, [1, rows, ...], of a value [1, new rows, ...], which goes to their end at each invoke. */
int32_t build_window(struct build *b, int32_t x, int32_t rows);

/* The same with float outputs and one or two inputs. */
int32_t build_unary(struct build *b, enum op op, int32_t x);
int32_t build_binary(struct build *b, enum op op, int32_t x, int32_t y);

/* SUM, MEAN, REDUCE_MAX... over one axis, which stays with extent 1 if `keep`. */
int32_t build_reduce(struct build *b, enum op op, int32_t x, int32_t axis, bool keep);

int32_t build_reshape(struct build *b, int32_t x, int32_t rank, const int32_t dim[]);

/* Gives a tensor a scale and a zero point. */
void build_quant(struct build *b, int32_t tensor, float scale, int32_t zero_point);

void build_end(struct build *b, int32_t input, int32_t output);

struct tensor *build_at(const struct build *b, int32_t tensor);

/* To the type and quantisation of another tensor. */
int32_t build_like(struct build *b, int32_t x, const struct tensor *wanted);

/* A copy of `front` with room for `network` and what goes between them. */
bool build_behind(struct build *b, const struct graph *front, const struct graph *network, struct graph *graph,
                  struct diag *diag);

/* The nodes of another graph behind the last one, whose input is tensor `input`; its outputs become those of this one. */
void build_append(struct build *b, const struct graph *network, int32_t input);

#define LIST(...) ((const int32_t[]){__VA_ARGS__})

/*** Kinds ***/

int32_t front_mel(struct build *b, const struct front_options *options, int32_t samples);
int32_t front_bands(struct build *b, const struct front_options *options,
                    int32_t frames); /* what front_mel does to them */
int32_t front_mfcc(struct build *b, const struct front_options *options, int32_t mel);
int32_t front_statistics(struct build *b, const struct front_options *options, int32_t steps);

#endif
