/* SPDX-License-Identifier: MIT
 *
 * A float graph as quantisation wants it: constants that are floats, no scaling or activation of its own behind a
 * convolution that could do it, GRU and RNN step by step.
 */
#include <string.h>

#include "../pass/pass.h"
#include "../run/run.h"
#include "work.h"

/*** Weights as floats ***/

static bool is_float_input(const struct graph *g, const struct node *n)
{
    const struct tensor *input = ir_in(g, n, quant_ports(n->op).input);
    return input != NULL && input->type == TYPE_F32;
}

/* The weights of a hybrid model: integers that meet float activations. */
static void widen(struct graph *g, struct node *n)
{
    const struct quant_ports ports = quant_ports(n->op);
    const struct tensor *w = ir_in(g, n, ports.weights);
    if (w == NULL || w->data == NULL || w->type != TYPE_S8 || w->quant.count == 0 || !is_float_input(g, n)) {
        return;
    }
    const struct quant_channels c = quant_channels(w, w->quant.count > 1 ? w->quant.axis : 0);
    const int64_t count = ir_count(w);
    float *values = ARENA_ARRAY(g->arena, count, float);
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = w->quant.count > 1 ? i / c.inner % c.count : 0;
        values[i] = w->quant.scale[k] * (float)(((const int8_t *)w->data)[i] - w->quant.zero_point[k]);
    }
    struct tensor wide = *w;
    wide.type = TYPE_F32;
    wide.quant = (struct quant){0};
    wide.is_int4 = false;
    wide.data = values;
    const int32_t index = ir_add_tensor(g);
    g->tensors[index] = wide;
    n->in[ports.weights] = index;
}

/*** Batch norm: a product and a sum for each channel, behind a filter ***/

/* How often a tensor is read. */
static int32_t count_readers(const struct graph *g, int32_t tensor)
{
    int32_t count = 0;
    for (int32_t i = 0; i < g->output_count; i++) {
        count += g->outputs[i] == tensor;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].in_count; k++) {
            count += g->nodes[i].in[k] == tensor;
        }
    }
    return count;
}

static struct node *find_writer(const struct graph *g, int32_t tensor)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        if (g->nodes[i].out_count > 0 && g->nodes[i].out[0] == tensor) {
            return &g->nodes[i];
        }
    }
    return NULL;
}

/* One value for each channel of the last axis, or one for all. */
static bool is_per_channel(const struct tensor *t, int32_t channels)
{
    const int64_t count = t->data != NULL && t->type == TYPE_F32 ? ir_count(t) : 0;
    return count == 1 || (count == channels && t->rank > 0 && t->dim[t->rank - 1] == channels);
}

static float channel_value(const struct tensor *t, int32_t c)
{
    return ((const float *)t->data)[ir_count(t) > 1 ? c : 0];
}

/* The bias as values that may be changed; made of zeros where there is none. */
static float *own_bias(struct graph *g, struct node *n, int32_t channels)
{
    const struct quant_ports ports = quant_ports(n->op);
    const struct tensor *old = ir_in(g, n, ports.bias);
    float *bias = ARENA_ARRAY(g->arena, channels, float);
    if (old != NULL) {
        memcpy(bias, old->data, (size_t)channels * sizeof *bias);
    }
    const int32_t index = ir_add_tensor(g);
    struct tensor *t = &g->tensors[index];
    t->name = arena_printf(g->arena, "%s/bias", n->name);
    t->type = TYPE_F32;
    t->rank = 1;
    t->dim[0] = channels;
    t->data = bias;
    if (n->in_count <= ports.bias) {
        int32_t *in = ARENA_ARRAY(g->arena, ports.bias + 1, int32_t);
        memcpy(in, n->in, (size_t)n->in_count * sizeof *in);
        n->in = in;
        n->in_count = ports.bias + 1;
    }
    n->in[ports.bias] = index;
    return bias;
}

static float *own_weights(struct graph *g, struct node *n)
{
    const int port = quant_ports(n->op).weights;
    const struct tensor old = *ir_in(g, n, port);
    const int32_t index = ir_add_tensor(g);
    float *values = arena_copy(g->arena, old.data, (size_t)ir_size(&old));
    g->tensors[index] = old;
    g->tensors[index].data = values;
    n->in[port] = index;
    return values;
}

static void fold(struct graph *g, struct node *filter, const struct node *n, const struct tensor *by)
{
    const struct quant_ports ports = quant_ports(filter->op);
    const struct quant_channels c = quant_channels(ir_in(g, filter, ports.weights), ports.axis);
    const struct tensor value = *by; /* tensors move when there are more */
    float *bias = own_bias(g, filter, c.count), *weights = n->op == OP_MUL ? own_weights(g, filter) : NULL;
    for (int32_t k = 0; k < c.count; k++) {
        const float x = channel_value(&value, k);
        bias[k] = n->op == OP_MUL ? bias[k] * x : n->op == OP_SUB ? bias[k] - x : bias[k] + x;
        for (int64_t o = 0; o < c.outer && weights != NULL; o++) {
            for (int64_t i = 0; i < c.inner; i++) {
                weights[(o * c.count + k) * c.inner + i] *= x;
            }
        }
    }
    filter->attr.activation = n->attr.activation;
    filter->out[0] = n->out[0];
    filter->name = n->name;
}

static bool has_constants(const struct graph *g, const struct node *n)
{
    const struct quant_ports ports = quant_ports(n->op);
    const struct tensor *w = ir_in(g, n, ports.weights), *b = ir_in(g, n, ports.bias);
    return w != NULL && w->data != NULL && w->type == TYPE_F32 && ir_count(w) > 0 && w->rank > ports.axis &&
           (b == NULL || (b->data != NULL && b->type == TYPE_F32 && ir_count(b) == w->dim[ports.axis]));
}

/* Folds the node into the filter before it, which then writes its output. */
static bool fold_node(struct graph *g, struct node *n)
{
    if (n->op != OP_MUL && n->op != OP_ADD && n->op != OP_SUB) {
        return false;
    }
    for (int k = 0; k < (n->op == OP_SUB ? 1 : 2); k++) {
        struct node *filter = find_writer(g, n->in[k]);
        const struct tensor *by = ir_in(g, n, 1 - k), *out = ir_out(g, n, 0);
        if (filter == NULL || quant_op(filter->op)->rule != RULE_WEIGHTS || !has_constants(g, filter) ||
            filter->attr.activation != ACT_NONE || count_readers(g, n->in[k]) != 1 ||
            ir_in(g, n, k)->rank != out->rank || ir_count(out) != ir_count(ir_in(g, n, k)) ||
            !is_per_channel(by, ir_in(g, filter, quant_ports(filter->op).weights)->dim[quant_ports(filter->op).axis])) {
            continue;
        }
        fold(g, filter, n, by);
        return true;
    }
    return false;
}

static void fold_all(struct graph *g)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        if (fold_node(g, &g->nodes[i])) {
            g->node_count--;
            memmove(&g->nodes[i], &g->nodes[i + 1], (size_t)(g->node_count - i) * sizeof *g->nodes);
            i--;
        }
    }
}

/*** The whole ***/

/* Whether it can be quantised at all. */
static bool check(const struct graph *g, struct diag *diag)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (int k = 0; k < n->out_count; k++) {
            const struct tensor *t = ir_out(g, n, k);
            if (t != NULL && t->data == NULL && t->quant.count > 0 && t->type != TYPE_F32) {
                return ir_fail(n, diag, "is quantised already, to %s; give the float model", ir_type_text(t->type));
            }
        }
        if (n->op == OP_READ_VARIABLE || n->op == OP_ASSIGN_VARIABLE) {
            return ir_fail(n, diag, "keeps a variable, which cannot be quantised; pass the state in and out instead");
        }
    }
    return true;
}

bool quant_prepare(const struct graph *real, struct arena *arena, struct graph *g, struct diag *diag)
{
    *g = ir_copy(real, arena);
    g->work = 0;
    struct model model = {g, 1, ""};
    const unsigned passes = 1U << PASS_constants | 1U << PASS_dead_nodes | 1U << PASS_layout | 1U << PASS_identities |
                            1U << PASS_common | 1U << PASS_activations;
    if (!pass_some(&model, passes, run_node, diag) || !pass_unroll(g, diag)) {
        return false;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        if (quant_op(g->nodes[i].op)->rule == RULE_WEIGHTS) {
            widen(g, &g->nodes[i]);
        }
    }
    quant_spell_padding(g);
    quant_give_states(g);
    fold_all(g);
    return check(g, diag) && pass_some(&model, passes, run_node, diag);
}
