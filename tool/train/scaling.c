/* SPDX-License-Identifier: MIT
 *
 * Inputs of a new network are brought around 0 while it learns, and its first layer takes that over at the end: each
 * feature by itself before a dense layer, which can subtract a mean; all by one factor before a convolution, whose
 * padding must stay 0. Counters are not made larger: divided by its deviation a word that occurs once would weigh a
 * hundred times what a frequent one does.
 */
#include <math.h>

#include "trainer.h"

static const struct node *find_first_layer(const struct graph *g)
{
    int32_t at = g->inputs[0];
    const struct node *found = NULL;
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        const bool reads = n->in[0] == at;
        for (int32_t k = 0; k < n->in_count; k++) {
            if (n->in[k] == at && (found != NULL || k > 0)) {
                return NULL; /* another reader, which would see other values */
            }
        }
        if (reads && (n->op == OP_RESHAPE || n->op == OP_SQUEEZE || n->op == OP_EXPAND_DIMS || n->op == OP_DROPOUT)) {
            at = n->out[0];
        } else if (reads) {
            found = n;
        }
    }
    return found;
}

static bool is_whole_dense(const struct trainer *t, const struct node *n)
{
    return n->op == OP_FULLY_CONNECTED && ir_in(t->graph, n, 1)->dim[1] == (int32_t)t->train->width &&
           ir_in(t->graph, n, 2) != NULL;
}

/* Mean and inverse deviation of `step` features from `first` on, taken together. */
static void find_one(const struct trainer *t, size_t first, size_t step, float *mean, float *inverse)
{
    double sum = 0, squares = 0;
    const double count = (double)t->train->count * (double)step;
    for (int32_t i = 0; i < t->train->count; i++) {
        const float *x = t->train->inputs + (size_t)i * t->train->width + first;
        for (size_t k = 0; k < step; k++) {
            sum += (double)x[k];
            squares += (double)x[k] * (double)x[k];
        }
    }
    const double middle = step == 1 ? sum / count : 0, variance = squares / count - middle * middle;
    *mean = (float)middle;
    *inverse = variance > 1e-9 * (squares / count) && variance > 1e-20 ? (float)(1 / sqrt(variance)) : 1;
}

void scaling_find(struct trainer *t)
{
    const struct node *n = find_first_layer(t->graph);
    if (!t->options->normalise || n == NULL || t->options->frozen > 0) {
        return;
    }
    const bool is_dense = is_whole_dense(t, n);
    if (!is_dense && n->op != OP_FULLY_CONNECTED && n->op != OP_CONV_2D && n->op != OP_DEPTHWISE_CONV_2D) {
        return;
    }
    const size_t width = t->train->width;
    t->scaling.mean = ARENA_ARRAY(&t->arena, width, float);
    t->scaling.inverse = ARENA_ARRAY(&t->arena, width, float);
    for (size_t i = 0; is_dense && i < width; i++) {
        find_one(t, i, 1, &t->scaling.mean[i], &t->scaling.inverse[i]);
        t->scaling.inverse[i] = t->options->counters ? 1 : t->scaling.inverse[i];
    }
    if (!is_dense) {
        find_one(t, 0, width, t->scaling.mean, t->scaling.inverse);
        for (size_t i = 1; i < width; i++) {
            t->scaling.inverse[i] = t->scaling.inverse[0];
        }
    }
}

ENGINE_SIMD void scaling_apply(const struct scaling *scaling, size_t width, float *example)
{
    const float *mean = scaling->mean, *inverse = scaling->inverse;
    for (size_t i = 0; mean != NULL && i < width; i++) {
        example[i] = (example[i] - mean[i]) * inverse[i];
    }
}

void scaling_fold(const struct trainer *t, float *weights)
{
    if (t->scaling.mean == NULL) {
        return;
    }
    const struct node *n = find_first_layer(t->graph);
    const struct engine *e = &t->engine;
    const struct engine_param *filter = &e->params[e->tensors[n->in[1]].param];
    float *w = weights + filter->offset;
    const size_t width = is_whole_dense(t, n) ? t->train->width : 1;
    const int32_t bias = n->in_count > 2 && n->in[2] != NO_TENSOR ? e->tensors[n->in[2]].param : -1;
    for (size_t i = 0; i < filter->count; i++) {
        w[i] *= t->scaling.inverse[i % width];
        if (bias >= 0 && width > 1) {
            weights[e->params[bias].offset + i / width] -= w[i] * t->scaling.mean[i % width];
        }
    }
}
