/* SPDX-License-Identifier: MIT
 *
 * Random graphs for the tests of passes and planner: convolutions with many zero filters, branches, sums, pooling,
 * padding, views, activations, conversions; odd sizes, strides, dilations. int8, now and then float32.
 */
#ifndef TEST_RANDOM_GRAPH_H
#define TEST_RANDOM_GRAPH_H

#include "../tool/ir/ir.h"

/* The same for the same seed; has shapes and passes ir_check. `nodes`: at most 256; 0: 1 to 20. */
struct graph random_graph(struct arena *arena, uint32_t seed, int32_t nodes);

/* A float image as planes, whose rows die in three places; a convolution; its mean times itself, so that it is whole. */
struct graph planes_graph(struct arena *arena);

/* A dense layer of int8 whose filters have their own scales, as a convolution of one pixel. */
struct graph dense_graph(struct arena *arena, int32_t inputs, int32_t outputs);

#endif
