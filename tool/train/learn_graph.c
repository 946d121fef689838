/* SPDX-License-Identifier: MIT */
#include "learn_graph.h"

#include <string.h>

int32_t learn_net_floats(struct net *b, const char *name, int32_t rank, const int32_t dim[], const double *values)
{
    const int32_t index = net_floats(b, name, rank, dim, 0);
    float *data = (float *)(uintptr_t)b->graph->tensors[index].data;
    for (int64_t i = 0; !b->failed && i < ir_count(&b->graph->tensors[index]); i++) {
        data[i] = (float)values[i];
    }
    return index;
}

void learn_net_binary(struct net *b, enum op op, const char *name, int32_t with)
{
    b->at = net_node(b, op, name, NULL, (int32_t[]){b->at, with}, 2, 1);
}

void learn_net_reduce(struct net *b, enum op op, const char *name, int32_t axis)
{
    const struct attr attr = {.keep_dims = true};
    b->at = net_node(b, op, name, &attr, (int32_t[]){b->at, net_integers(b, "axis", 1, &axis)}, 2, 1);
}

struct net learn_net_begin(struct graph *g, const struct tensor *input, const struct learn_scaled *scaled,
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
    learn_net_binary(&b, OP_SUB, "centred", mean);
    learn_net_binary(&b, OP_MUL, "scaled", inverse);
    return b;
}
