/* SPDX-License-Identifier: MIT
 *
 * A filter that is followed by nothing but what is linear for each channel, or clamps at 0, and then by another filter:
 * channel c may be divided by any s > 0 in the first and multiplied by it in the second. So that channels which are
 * small everywhere get their share of the steps:
 *
 *     before a depthwise filter, whose channels have scales of their own: s is the channel's greatest magnitude
 *     before others: s balances it against the greatest weight that the second filter has for the channel
 *
 * Source: Nagel and others, Data-free quantization through weight equalization and bias correction, 2019.
 */
#include <math.h>

#include "work.h"

static const float most_factor = 32; /* channels that hardly ever say anything may do so later */

static int32_t only_reader(const struct graph *g, int32_t tensor)
{
    int32_t reader = -1;
    for (int32_t i = 0; i < g->output_count; i++) {
        if (g->outputs[i] == tensor) {
            return -1;
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].in_count; k++) {
            if (g->nodes[i].in[k] == tensor) {
                if (reader >= 0 || k != quant_ports(g->nodes[i].op).input) {
                    return -1;
                }
                reader = i;
            }
        }
    }
    return reader;
}

static int32_t last_dim(const struct tensor *t) { return t->rank > 0 ? t->dim[t->rank - 1] : 1; }

/* Hands channels on, each by itself and linearly. */
static bool keeps_channels(const struct graph *g, const struct node *n)
{
    switch (n->op) {
    case OP_AVERAGE_POOL_2D:
    case OP_MAX_POOL_2D:
        return n->attr.activation == ACT_NONE;
    case OP_RESHAPE:
        return last_dim(ir_in(g, n, 0)) == last_dim(ir_out(g, n, 0));
    default:
        return false;
    }
}

static bool is_filter(const struct graph *g, const struct node *n)
{
    const struct quant_ports ports = quant_ports(n->op);
    const struct tensor *w = ir_in(g, n, ports.weights), *b = ir_in(g, n, ports.bias);
    return (n->op == OP_CONV_2D || n->op == OP_DEPTHWISE_CONV_2D || n->op == OP_FULLY_CONNECTED) && w != NULL &&
           w->data != NULL && w->type == TYPE_F32 && (b == NULL || b->data != NULL);
}

/* The filter behind node n that reads its channels; NULL: there is none. */
static struct node *find_second(const struct graph *g, const struct node *n)
{
    for (;;) {
        const int32_t next = only_reader(g, n->out[0]);
        if (next < 0) {
            return NULL;
        }
        n = &g->nodes[next];
        if (!keeps_channels(g, n)) {
            return is_filter(g, n) ? &g->nodes[next] : NULL;
        }
    }
}

/* Channels of the second filter's input: how many, and the greatest weight of each. */
static bool has_channels(const struct graph *g, const struct node *n, int32_t channels)
{
    const struct tensor *w = ir_in(g, n, 1);
    return n->op == OP_DEPTHWISE_CONV_2D ? w->dim[3] == channels : last_dim(w) == channels;
}

static float *copy_values(struct graph *g, struct node *n, int port)
{
    struct tensor t = *ir_in(g, n, port);
    const int32_t index = ir_add_tensor(g);
    float *values = arena_copy(g->arena, t.data, (size_t)ir_size(&t));
    t.data = values;
    g->tensors[index] = t;
    n->in[port] = index;
    return values;
}

/* The factors; false: none is worth it. */
static bool find_factors(const struct graph *g, const struct node *second, const struct quant_stat *s, float factor[])
{
    const struct tensor *w = ir_in(g, second, 1);
    const int32_t channels = s->channel_count;
    const struct quant_channels c = quant_channels(w, w->rank - 1);
    float most = 0, widest = 0;
    for (int32_t k = 0; k < channels; k++) {
        most = fmaxf(most, s->most[k]);
        widest = fmaxf(widest, quant_channel_most(&c, w->data, k));
    }
    for (int32_t k = 0; k < channels; k++) {
        const float activation = s->most[k] / most, weight = quant_channel_most(&c, w->data, k) / widest;
        const float best = second->op == OP_DEPTHWISE_CONV_2D ? activation : sqrtf(activation / weight);
        factor[k] = best > 0 && isfinite(best) ? fminf(fmaxf(best, 1 / most_factor), most_factor) : 1;
    }
    return most > 0 && widest > 0;
}

static void scale_channels(const struct quant_channels *c, float *values, const float factor[], bool divide)
{
    for (int64_t i = 0; i < c->outer * c->count * c->inner; i++) {
        const float f = factor[i / c->inner % c->count];
        values[i] = divide ? values[i] / f : values[i] * f;
    }
}

static bool equalise_pair(struct graph *g, struct node *first, struct node *second, const struct quant_stat *s)
{
    const struct quant_channels out = quant_channels(ir_in(g, first, 1), quant_ports(first->op).axis);
    if (!s->is_seen || s->channel_count != out.count || !has_channels(g, second, out.count)) {
        return false;
    }
    float *factor = ARENA_ARRAY(g->arena, out.count, float);
    if (!find_factors(g, second, s, factor)) {
        return false;
    }
    const struct tensor *w = ir_in(g, second, 1);
    const struct quant_channels in = quant_channels(w, w->rank - 1);
    scale_channels(&out, copy_values(g, first, 1), factor, true);
    scale_channels(&in, copy_values(g, second, 1), factor, false);
    if (ir_in(g, first, 2) != NULL) {
        const struct quant_channels bias = {.count = out.count, .outer = 1, .inner = 1};
        scale_channels(&bias, copy_values(g, first, 2), factor, true);
    }
    return true;
}

bool quant_equalise(struct graph *g, const struct quant_stat *stats)
{
    bool changed = false;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (is_filter(g, n) && (n->attr.activation == ACT_NONE || n->attr.activation == ACT_RELU)) {
            struct node *second = find_second(g, n);
            changed = (second != NULL && equalise_pair(g, n, second, &stats[n->out[0]])) || changed;
        }
    }
    return changed;
}
