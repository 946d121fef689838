/* SPDX-License-Identifier: MIT
 *
 * Trying out what a node makes of certain values, by the kernels themselves.
 */
#ifndef PASS_PROBE_H
#define PASS_PROBE_H

#include "pass.h"

/* A constant of the type and quantisation of `like`. Whoever adds it takes it away: tensor_count as it was. */
int32_t probe_add(struct graph *g, const struct tensor *like, int32_t rank, const int32_t dim[], const void *data);

/* The value of output 0 of a node that has these tensors, all constant, as inputs. NULL: it refuses them. */
const void *probe_run(struct graph *g, const struct node *n, const int32_t in[], int32_t in_count,
                      pass_evaluate *evaluate);

#endif
