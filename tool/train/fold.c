/* SPDX-License-Identifier: MIT
 *
 * What is for training only leaves the graph: the scale and shift of a batch normalisation go into the weights of the
 * layer before it, with the activation after it; dropout passes everything.
 */
#include <math.h>
#include <string.h>

#include "trainer.h"

static struct node *find_writer(const struct graph *g, int32_t tensor)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        if (g->nodes[i].out_count > 0 && g->nodes[i].out[0] == tensor) {
            return &g->nodes[i];
        }
    }
    return NULL;
}

static int32_t count_readers(const struct graph *g, int32_t tensor)
{
    int32_t count = g->outputs[0] == tensor;
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int32_t k = 0; k < g->nodes[i].in_count; k++) {
            count += g->nodes[i].in[k] == tensor;
        }
    }
    return count;
}

static int32_t add_constant(struct graph *g, const char *name, int32_t count, const float *values)
{
    const int32_t index = ir_add_tensor(g);
    struct tensor *t = &g->tensors[index];
    *t = (struct tensor){.name = name, .type = TYPE_F32, .rank = 1, .dim = {count}};
    t->data = arena_copy(g->arena, values, (size_t)count * sizeof *values);
    return index;
}

/* Scales the filters of `layer`, of which channel c is every `step`-th element or a run of them. */
static void scale_filters(struct graph *g, const struct node *layer, const float *scale, int32_t channels)
{
    struct tensor *t = ir_in(g, layer, 1);
    const size_t count = (size_t)ir_count(t), size = count / (size_t)channels;
    float *w = arena_copy(g->arena, t->data, count * sizeof *w);
    for (size_t i = 0; i < count; i++) {
        w[i] *= scale[layer->op == OP_DEPTHWISE_CONV_2D ? i % (size_t)channels : i / size];
    }
    t->data = w;
}

static bool fold_norm(struct graph *g, const struct node *norm, struct diag *diag)
{
    struct node *layer = find_writer(g, norm->in[0]);
    const bool is_layer = layer != NULL && (layer->op == OP_CONV_2D || layer->op == OP_DEPTHWISE_CONV_2D ||
                                            layer->op == OP_FULLY_CONNECTED);
    if (!is_layer || layer->attr.activation != ACT_NONE || count_readers(g, norm->in[0]) != 1 ||
        count_readers(g, layer->in[1]) != 1) {
        return ir_fail(norm, diag, "does not follow a convolution or a dense layer of its own");
    }
    const int32_t channels = (int32_t)ir_count(ir_in(g, norm, 1));
    const float *gamma = ir_in(g, norm, 1)->data, *beta = ir_in(g, norm, 2)->data;
    const float *mean = ir_in(g, norm, 3)->data, *variance = ir_in(g, norm, 4)->data;
    const struct tensor *old = ir_in(g, layer, 2);
    float *scale = ARENA_ARRAY(g->arena, channels, float), *bias = ARENA_ARRAY(g->arena, channels, float);
    for (int32_t c = 0; c < channels; c++) {
        scale[c] = gamma[c] / sqrtf(variance[c] + norm->attr.epsilon);
        bias[c] = beta[c] + scale[c] * ((old != NULL ? ((const float *)old->data)[c] : 0) - mean[c]);
    }
    scale_filters(g, layer, scale, channels);
    const int32_t in[3] = {layer->in[0], layer->in[1],
                           add_constant(g, arena_printf(g->arena, "%s/bias", norm->name), channels, bias)};
    layer->in = arena_copy(g->arena, in, sizeof in);
    layer->in_count = 3;
    layer->out = norm->out;
    layer->name = norm->name;
    layer->attr.activation = norm->attr.activation;
    return true;
}

static void skip_node(struct graph *g, const struct node *dropout)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int32_t k = 0; k < g->nodes[i].in_count; k++) {
            if (g->nodes[i].in[k] == dropout->out[0]) {
                g->nodes[i].in[k] = dropout->in[0];
            }
        }
    }
    g->outputs[0] = g->outputs[0] == dropout->out[0] ? dropout->in[0] : g->outputs[0];
}

bool fold_graph(struct graph *g, struct diag *diag)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (n->op == OP_BATCH_NORM) {
            const struct node norm = *n;
            n->out_count = 0; /* its output is that of the layer from now on */
            if (!fold_norm(g, &norm, diag)) {
                return false;
            }
            n->in_count = 0;
        } else if (n->op == OP_DROPOUT) {
            const struct node dropout = *n;
            n->in_count = n->out_count = 0;
            skip_node(g, &dropout);
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        if (g->nodes[i].op != OP_BATCH_NORM && g->nodes[i].op != OP_DROPOUT) {
            g->nodes[kept++] = g->nodes[i];
            g->nodes[kept - 1].index = kept - 1;
        }
    }
    g->node_count = kept;
    return true;
}
