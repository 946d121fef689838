/* SPDX-License-Identifier: MIT
 *
 * From a graph to layers: which constants are weights, what learns, where each value and each gradient lies. Values of
 * all tensors are kept until the way back; gradients share memory by their lifetimes.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

static const struct engine_op *const tables[] = {engine_convolutions, engine_depthwise, engine_pools,
                                                 engine_pointwise,    engine_moves,     engine_norms};

const struct engine_op *engine_find_op(enum op op)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        for (const struct engine_op *o = tables[i]; o->forward != NULL; o++) {
            if (o->op == op) {
                return o;
            }
        }
    }
    return NULL;
}

/*** Weights ***/

static void add_param(struct engine *e, const struct node *n, int input, struct engine_param p)
{
    const int32_t t = input < n->in_count ? n->in[input] : NO_TENSOR;
    if (t == NO_TENSOR || e->graph->tensors[t].data == NULL) {
        return;
    }
    if (e->tensors[t].param >= 0) {
        e->params[e->tensors[t].param].is_frozen |= p.is_frozen;
        return;
    }
    p.tensor = t;
    p.count = (size_t)ir_count(&e->graph->tensors[t]);
    p.offset = e->weight_count;
    e->weight_count += (p.count + 15) / 16 * 16;
    e->tensors[t].param = e->param_count;
    e->params[e->param_count++] = p;
}

static void find_params(struct engine *e, int32_t frozen)
{
    size_t most = 0;
    for (int32_t i = 0; i < e->graph->node_count; i++) {
        most += (size_t)e->graph->nodes[i].in_count;
    }
    e->params = ARENA_ARRAY(e->arena, most, struct engine_param);
    for (int32_t i = 0; i < e->graph->node_count; i++) {
        const struct node *n = &e->graph->nodes[i];
        const bool is_frozen = i < frozen;
        if (n->op == OP_CONV_2D || n->op == OP_DEPTHWISE_CONV_2D || n->op == OP_FULLY_CONNECTED) {
            const bool last = n->op == OP_DEPTHWISE_CONV_2D;
            const struct tensor *w = ir_in(e->graph, n, 1);
            const int32_t channels = ir_dim(w, last ? -1 : 0);
            add_param(e, n, 1,
                      (struct engine_param){
                          .decays = true, .channels = channels, .channels_last = last, .is_frozen = is_frozen});
            add_param(e, n, 2, (struct engine_param){.is_frozen = is_frozen});
        } else if (n->op == OP_BATCH_NORM) {
            for (int k = 1; k <= 4; k++) {
                add_param(e, n, k, (struct engine_param){.is_statistic = k > 2, .is_frozen = is_frozen});
            }
        }
    }
    e->weights = ARENA_ARRAY(e->arena, e->weight_count, float);
    for (int32_t i = 0; i < e->param_count; i++) {
        const struct engine_param *p = &e->params[i];
        memcpy(e->weights + p->offset, e->graph->tensors[p->tensor].data, p->count * sizeof(float));
    }
}

void engine_store(const struct engine *e, struct graph *graph)
{
    for (int32_t i = 0; i < e->param_count; i++) {
        const struct engine_param *p = &e->params[i];
        graph->tensors[p->tensor].data = arena_copy(graph->arena, e->weights + p->offset, p->count * sizeof(float));
    }
}

/*** Layers ***/

/* Marks the nodes that the output depends on, backwards. */
static bool *find_reached(const struct engine *e)
{
    const struct graph *g = e->graph;
    bool *tensor = ARENA_ARRAY(e->arena, g->tensor_count, bool), *node = ARENA_ARRAY(e->arena, g->node_count, bool);
    tensor[e->output] = true;
    for (int32_t i = g->node_count - 1; i >= 0; i--) {
        const struct node *n = &g->nodes[i];
        for (int32_t k = 0; k < n->out_count; k++) {
            node[i] |= n->out[k] != NO_TENSOR && tensor[n->out[k]];
        }
        for (int32_t k = 0; node[i] && k < n->in_count; k++) {
            if (n->in[k] != NO_TENSOR) {
                tensor[n->in[k]] = true;
            }
        }
    }
    return node;
}

static bool check_tensors(const struct engine *e, const struct node *n, struct diag *diag)
{
    for (int32_t k = 0; k < n->in_count; k++) {
        const struct tensor *t = ir_in(e->graph, n, k);
        if (t != NULL && t->is_state) {
            return ir_fail(n, diag, "keeps state, which cannot be trained");
        }
        for (int32_t j = 0; j < k; j++) {
            if (t != NULL && t->data == NULL && n->in[j] == n->in[k]) {
                return ir_fail(n, diag, "takes the same tensor twice, which cannot be trained");
            }
        }
    }
    for (int32_t k = 0; k < n->out_count; k++) {
        const struct tensor *out = ir_out(e->graph, n, k);
        if (out == NULL || out->type != TYPE_F32 || ir_count(out) < 1) {
            return ir_fail(n, diag, "output %d is empty or not float32, which cannot be trained", k);
        }
    }
    return true;
}

/* Whether a later layer's gradients pass through or end in it. */
static bool learns(const struct engine *e, const struct node *n, const bool *learning)
{
    for (int32_t k = 0; k < n->in_count; k++) {
        const int32_t t = n->in[k];
        if (t != NO_TENSOR &&
            (learning[t] || (e->tensors[t].param >= 0 && !e->params[e->tensors[t].param].is_frozen))) {
            return true;
        }
    }
    return false;
}

static void link_tensors(struct engine *e, struct engine_layer *l, bool *learning)
{
    for (int32_t k = 0; k < l->node->in_count; k++) {
        if (l->node->in[k] != NO_TENSOR) {
            e->tensors[l->node->in[k]].last_reader = l->index;
        }
    }
    for (int32_t k = 0; k < l->node->out_count; k++) {
        const int32_t t = l->node->out[k];
        if (t != NO_TENSOR) {
            e->tensors[t].writer = l->index;
            learning[t] = l->runs_back;
        }
    }
}

static bool add_layer(struct engine *e, const struct node *n, bool *learning, struct diag *diag)
{
    struct engine_layer *l = &e->layers[e->layer_count];
    l->op = engine_find_op(n->op);
    if (l->op == NULL) {
        return ir_fail(n, diag, "cannot be trained through");
    }
    if (!check_tensors(e, n, diag)) {
        return false;
    }
    const struct tensor *out = ir_out(e->graph, n, 0);
    l->node = n;
    l->graph = e->graph;
    l->engine = e;
    l->index = e->layer_count++;
    l->activation = n->attr.activation;
    l->images = ir_dim(ir_in(e->graph, n, 0), 0);
    l->depth = ir_dim(out, -1);
    l->rows = (size_t)(ir_count(out) / l->depth);
    l->runs_back = learns(e, n, learning);
    if (l->activation > ACT_TANH) {
        return ir_fail(n, diag, "has an activation that cannot be trained through");
    }
    if (!l->op->prepare(l, diag)) {
        return false;
    }
    l->saved_at = e->saved_size;
    e->saved_size += l->saved;
    e->scratch_size = l->scratch > e->scratch_size ? l->scratch : e->scratch_size;
    link_tensors(e, l, learning);
    return true;
}

static bool add_layers(struct engine *e, struct diag *diag)
{
    const struct graph *g = e->graph;
    const bool *reached = find_reached(e);
    bool *learning = ARENA_ARRAY(e->arena, g->tensor_count, bool);
    e->layers = ARENA_ARRAY(e->arena, g->node_count, struct engine_layer);
    for (int32_t i = 0; i < g->node_count; i++) {
        if (reached[i] && !add_layer(e, &g->nodes[i], learning, diag)) {
            return false;
        }
    }
    for (int32_t t = 0; t < g->tensor_count; t++) {
        struct engine_tensor *s = &e->tensors[t];
        s->last_reader = t == e->output ? e->layer_count : s->last_reader; /* the loss */
        s->has_grad = s->writer >= 0 && learning[t] && s->last_reader >= 0;
    }
    return true;
}

/*** Memory ***/

/* A gradient is alive from its last reader back to its writer. Where it meets none of those placed before. */
static size_t find_place(const struct engine *e, int32_t tensor, const int32_t *placed, int32_t placed_count)
{
    const struct engine_tensor *t = &e->tensors[tensor];
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int32_t i = 0; i < placed_count; i++) {
            const struct engine_tensor *o = &e->tensors[placed[i]];
            const bool together = o->writer <= t->last_reader && o->last_reader >= t->writer;
            if (together && at < o->grad + o->count && o->grad < at + t->count) {
                at = o->grad + o->count;
                moved = true;
            }
        }
    }
    return at;
}

static void place_tensors(struct engine *e)
{
    const struct graph *g = e->graph;
    int32_t *placed = ARENA_ARRAY(e->arena, g->tensor_count, int32_t), placed_count = 0;
    for (int32_t t = 0; t < g->tensor_count; t++) {
        struct engine_tensor *s = &e->tensors[t];
        if (s->writer >= 0 || t == g->inputs[0]) {
            s->value = e->value_size;
            e->value_size += s->count;
        }
    }
    for (int32_t i = e->layer_count - 1; i >= 0; i--) {
        const struct node *n = e->layers[i].node;
        for (int32_t k = 0; k < n->out_count; k++) {
            struct engine_tensor *s = n->out[k] != NO_TENSOR ? &e->tensors[n->out[k]] : NULL;
            if (s != NULL && s->has_grad) {
                s->grad = find_place(e, n->out[k], placed, placed_count);
                e->grad_size = s->grad + s->count > e->grad_size ? s->grad + s->count : e->grad_size;
                placed[placed_count++] = n->out[k];
            }
        }
        size_t spare = 0;
        for (int32_t k = 0; k < n->in_count; k++) {
            spare += n->in[k] != NO_TENSOR && e->tensors[n->in[k]].has_grad ? e->tensors[n->in[k]].count : 0;
        }
        e->spare_size = spare > e->spare_size ? spare : e->spare_size;
    }
}

static float *align(void *p) { return (float *)(((uintptr_t)p + ENGINE_ALIGN - 1) & ~(uintptr_t)(ENGINE_ALIGN - 1)); }

static void init_work(struct engine *e, struct engine_work *w)
{
    const struct graph *g = e->graph;
    const size_t slice = (size_t)e->slice;
    const size_t total = slice * (e->value_size + e->grad_size + e->spare_size) + e->scratch_size + e->saved_size;
    w->memory = align(arena_array(e->arena, total + 5 * ENGINE_ALIGN, sizeof(float)));
    w->grads = align(w->memory + slice * e->value_size);
    w->spare = align(w->grads + slice * e->grad_size);
    w->scratch = align(w->spare + slice * e->spare_size);
    w->saved = align(w->scratch + e->scratch_size);
    w->value = ARENA_ARRAY(e->arena, g->tensor_count, float *);
    w->grad = ARENA_ARRAY(e->arena, g->tensor_count, float *);
    for (int32_t t = 0; t < g->tensor_count; t++) {
        const struct engine_tensor *s = &e->tensors[t];
        if (s->writer >= 0 || t == g->inputs[0]) {
            w->value[t] = w->memory + slice * s->value;
            w->grad[t] = s->has_grad ? w->grads + slice * s->grad : NULL;
        } else if (s->param < 0) { /* a constant, which is only read */
            w->value[t] = (float *)(uintptr_t)g->tensors[t].data;
        }
    }
}

static bool check_graph(const struct graph *g, struct diag *diag)
{
    if (g->input_count != 1 || g->output_count != 1) {
        return diag_fail(diag, "the network has %d inputs and %d outputs: one of each can be trained", g->input_count,
                         g->output_count);
    }
    const struct tensor *in = &g->tensors[g->inputs[0]], *out = &g->tensors[g->outputs[0]];
    if (in->type != TYPE_F32 || out->type != TYPE_F32) {
        return diag_fail(diag, "the network takes %s and gives %s: only float32 can be trained", ir_type_text(in->type),
                         ir_type_text(out->type));
    }
    if (in->rank < 1 || in->dim[0] != 1 || ir_count(in) < 1) {
        return diag_fail(diag, "the network's input should be one example: its first dim should be 1");
    }
    return true;
}

bool engine_init(struct engine *e, const struct graph *g, struct arena *arena, struct engine_setup setup,
                 struct diag *diag)
{
    *e = (struct engine){.graph = g, .arena = arena, .slice = setup.slice, .work_count = setup.threads};
    if (!check_graph(g, diag)) {
        return false;
    }
    e->output = g->outputs[0];
    for (int32_t i = 0; setup.cuts_softmax && i < g->node_count; i++) {
        if (g->nodes[i].op == OP_SOFTMAX && g->nodes[i].out[0] == g->outputs[0]) {
            e->output = g->nodes[i].in[0];
        }
    }
    e->tensors = ARENA_ARRAY(arena, g->tensor_count, struct engine_tensor);
    for (int32_t t = 0; t < g->tensor_count; t++) {
        e->tensors[t] = (struct engine_tensor){.count = (size_t)ir_count(&g->tensors[t]),
                                               .param = -1,
                                               .last_reader = -1,
                                               .writer = -1};
    }
    find_params(e, setup.frozen);
    if (!add_layers(e, diag)) {
        return false;
    }
    place_tensors(e);
    e->works = ARENA_ARRAY(arena, setup.threads, struct engine_work);
    for (int32_t i = 0; i < setup.threads; i++) {
        init_work(e, &e->works[i]);
    }
    return true;
}

/*** Forwards and backwards ***/

struct engine_slice engine_begin(const struct engine *e, int32_t work, int32_t count, float *weight_grad)
{
    const struct engine_work *w = &e->works[work];
    const float *weights = e->quantised != NULL ? e->quantised : e->weights;
    for (int32_t i = 0; i < e->param_count; i++) {
        const struct engine_param *p = &e->params[i];
        w->value[p->tensor] = (float *)(uintptr_t)weights + p->offset;
        w->grad[p->tensor] = p->is_frozen || weight_grad == NULL ? NULL : weight_grad + p->offset;
    }
    return (struct engine_slice){.engine = e,
                                 .count = count,
                                 .share = 1,
                                 .is_training = weight_grad != NULL,
                                 .value = w->value,
                                 .grad = w->grad,
                                 .scratch = w->scratch,
                                 .saved = w->saved,
                                 .grads = w->grads,
                                 .spare = w->spare};
}

void engine_forward(struct engine_slice *s)
{
    const struct engine *e = s->engine;
    engine_quantise(s, e->graph->inputs[0]);
    for (int32_t i = 0; i < e->layer_count; i++) {
        const struct engine_layer *l = &e->layers[i];
        l->op->forward(l, s);
        for (int32_t k = 0; k < l->node->out_count; k++) {
            if (l->node->out[k] != NO_TENSOR) {
                engine_quantise(s, l->node->out[k]);
            }
        }
    }
}

ENGINE_SIMD static void add(const float *from, size_t count, float *into)
{
    for (size_t i = 0; i < count; i++) {
        into[i] += from[i];
    }
}

/* Where the gradient of an input lies that a later layer has set already; NULL: this layer is the first, or there is
 * none. */
static float *find_earlier(const struct engine_layer *l, const struct engine_slice *s, int32_t k)
{
    const int32_t t = l->node->in[k];
    const struct engine_tensor *e = t != NO_TENSOR ? &s->engine->tensors[t] : NULL;
    const bool is_later = e != NULL && e->has_grad && e->last_reader != l->index;
    return is_later ? s->grads + (size_t)s->engine->slice * e->grad : NULL;
}

/* One layer back. A gradient that is not the first for its tensor goes to spare memory and is added. */
static void step_back(const struct engine_layer *l, struct engine_slice *s)
{
    float *at = s->spare;
    for (int32_t k = 0; k < l->node->in_count; k++) {
        if (find_earlier(l, s, k) != NULL) {
            s->grad[l->node->in[k]] = at;
            at += s->engine->tensors[l->node->in[k]].count * (size_t)s->count;
        }
    }
    l->op->backward(l, s);
    for (int32_t k = 0; k < l->node->in_count; k++) {
        float *earlier = find_earlier(l, s, k);
        if (earlier != NULL) {
            const int32_t t = l->node->in[k];
            add(s->grad[t], s->engine->tensors[t].count * (size_t)s->count, earlier);
            s->grad[t] = earlier;
        }
    }
}

void engine_backward(struct engine_slice *s)
{
    const struct engine *e = s->engine;
    for (int32_t i = e->layer_count - 1; i >= 0; i--) {
        const struct engine_layer *l = &e->layers[i];
        for (int32_t k = 0; l->runs_back && k < l->node->out_count; k++) {
            if (l->node->out[k] != NO_TENSOR && e->tensors[l->node->out[k]].has_grad) {
                engine_unquantise(s, l->node->out[k]);
            }
        }
        if (l->runs_back) {
            step_back(l, s);
        }
    }
}
