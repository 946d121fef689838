/* SPDX-License-Identifier: MIT
 *
 * New networks: by name, by a list of layers, or on top of a network that was trained before.
 */
#include <string.h>

#include "net.h"

static bool is_named(const struct train_model *m, const char *name)
{
    return m->name != NULL && strcmp(m->name, name) == 0;
}

/* Those that look at pictures take a rank of 2 as one channel. */
static bool wants_image(const struct train_model *m)
{
    return is_named(m, "ds_cnn") || is_named(m, "mobilenet") || is_named(m, "resnet") || is_named(m, "cnn") ||
           is_named(m, "fomo");
}

static bool check_model(const struct train_model *m, int32_t classes, struct diag *diag)
{
    if (m->name != NULL && architecture_find(m->name) < 0) {
        return diag_fail(diag, "there is no architecture \"%.40s\"", m->name);
    }
    if (classes < 0 || (is_named(m, "fomo") && classes < 2)) {
        return diag_fail(diag, "%d classes: want at least 2, of which the first is nothing", classes);
    }
    if (!(m->width >= 0 && m->width <= 16) || !(m->dropout >= 0 && m->dropout < 1) || m->filters < 0 ||
        m->filters > 1 << 16 || m->depth < 0 || m->outputs < 0) {
        return diag_fail(diag, "width, dropout, filters, depth or outputs is negative or too large");
    }
    return true;
}

bool train_build(const struct train_model *model, const struct tensor *input, int32_t classes, uint64_t seed,
                 struct graph *graph, struct diag *diag)
{
    if (!check_model(model, classes, diag)) {
        return false;
    }
    struct net b = net_begin(graph, seed, diag);
    const struct train_layer *layers = model->layers;
    int32_t count = model->layer_count;
    net_input(&b, input);
    if (b.failed) {
        return false;
    }
    if (wants_image(model) && input->rank == 2) {
        net_reshape(&b, "image", 4, (int32_t[]){1, input->dim[0], input->dim[1], 1});
    }
    if (model->name != NULL) {
        layers = architecture_layers(model, input, classes, graph->arena, &count);
    }
    for (int32_t i = 0; i < count; i++) {
        net_layer(&b, &layers[i], i + 1);
    }
    if (is_named(model, "fomo")) {
        net_unary(&b, OP_SOFTMAX, "classes", &(struct attr){.beta = 1});
    } else if (classes > 0) {
        net_head(&b, classes, model->dropout);
    } else if (!is_named(model, "autoencoder") && model->outputs > 0) {
        net_global_pool(&b);
        net_dropout(&b, model->dropout);
        net_dense(&b, "output", model->outputs, ACT_NONE);
    }
    return net_end(&b);
}

/*** Transfer ***/

/* How many nodes to take: up to `cut`, else up to the last layer with weights, without it. -1: there is none. */
static int32_t find_cut(const struct graph *g, const char *cut)
{
    for (int32_t i = g->node_count - 1; i >= 0; i--) {
        const struct node *n = &g->nodes[i];
        if (cut != NULL ? strcmp(n->name, cut) == 0 : n->op == OP_FULLY_CONNECTED || n->op == OP_CONV_2D) {
            return cut != NULL ? i + 1 : i;
        }
    }
    return -1;
}

static void copy_nodes(const struct graph *base, int32_t count, struct graph *g)
{
    struct arena *a = g->arena;
    g->tensors = arena_copy(a, base->tensors, (size_t)base->tensor_count * sizeof *base->tensors);
    g->tensor_count = g->tensor_capacity = base->tensor_count;
    for (int32_t i = 0; i < g->tensor_count; i++) {
        struct tensor *t = &g->tensors[i];
        t->data = t->data != NULL ? arena_copy(a, t->data, (size_t)ir_size(t)) : NULL;
        t->name = arena_printf(a, "%s", t->name);
    }
    g->nodes = arena_copy(a, base->nodes, (size_t)count * sizeof *base->nodes);
    g->node_count = count;
    for (int32_t i = 0; i < count; i++) {
        struct node *n = &g->nodes[i];
        n->name = arena_printf(a, "%s", n->name);
        n->in = arena_copy(a, n->in, (size_t)n->in_count * sizeof *n->in);
        n->out = arena_copy(a, n->out, (size_t)n->out_count * sizeof *n->out);
    }
    g->inputs = arena_copy(a, base->inputs, (size_t)base->input_count * sizeof *base->inputs);
    g->input_count = base->input_count;
    g->input_names = ARENA_ARRAY(a, base->input_count, const char *);
    for (int32_t i = 0; i < base->input_count; i++) {
        g->input_names[i] = g->tensors[g->inputs[i]].name;
    }
}

bool train_transfer(const struct graph *base, const char *cut, int32_t classes, float dropout, uint64_t seed,
                    struct graph *graph, int32_t *kept, struct diag *diag)
{
    const int32_t count = find_cut(base, cut);
    if (count < 1) {
        return cut != NULL ? diag_fail(diag, "the network to start from has no operator \"%.80s\"", cut)
                           : diag_fail(diag, "the network to start from has no layer before its last with weights");
    }
    if (classes < 1 || !(dropout >= 0 && dropout < 1)) {
        return diag_fail(diag, "%d classes, dropout %g: want at least 1 class, and dropout below 1", classes,
                         (double)dropout);
    }
    struct net b = net_begin(graph, seed, diag);
    copy_nodes(base, count, graph);
    b.capacity = count;
    b.at = cut != NULL ? base->nodes[count - 1].out[0] : base->nodes[count].in[0];
    if (graph->tensors[b.at].type != TYPE_F32) {
        return diag_fail(diag, "the network to start from computes in %s, want float32",
                         ir_type_text(graph->tensors[b.at].type));
    }
    *kept = count;
    net_head(&b, classes, dropout);
    return net_end(&b);
}
