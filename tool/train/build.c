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
    if (model->is_centred) {
        net_centre(&b);
    }
    if (model->name != NULL) {
        layers = architecture_layers(model, input, graph->arena, &count);
    }
    for (int32_t i = 0; i < count; i++) {
        net_layer(&b, &layers[i], i + 1);
    }
    if (is_named(model, "fomo")) {
        net_map_head(&b, classes);
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

/* The node that brings forth the tensor; -1: none does. */
static int32_t find_maker(const struct graph *g, int32_t tensor)
{
    int32_t i = g->node_count - 1;
    while (i >= 0 && g->nodes[i].out[0] != tensor) {
        i--;
    }
    return i;
}

/* Where the new end is put: what the last layer with weights reads, or `cut` makes; for a heat map the last tensor that is
 * fine enough. NO_TENSOR: there is none. */
static int32_t find_end(const struct graph *g, const char *cut, bool is_map)
{
    const struct tensor *in = &g->tensors[g->inputs[0]];
    for (int32_t i = g->node_count - 1; i >= 0; i--) {
        const struct node *n = &g->nodes[i];
        const struct tensor *out = &g->tensors[n->out[0]];
        if (cut != NULL) {
            if (strcmp(n->name, cut) == 0) {
                return n->out[0];
            }
        } else if (is_map) {
            if (in->rank == 4 && out->rank == 4 && (int64_t)out->dim[1] * MAP_STEP >= in->dim[1]) {
                return n->out[0];
            }
        } else if (n->op == OP_FULLY_CONNECTED || n->op == OP_CONV_2D) {
            return n->in[0];
        }
    }
    return NO_TENSOR;
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

static bool check_transfer(const struct graph *base, const char *cut, int32_t end, int32_t classes, float dropout,
                           struct diag *diag)
{
    if (end == NO_TENSOR || find_maker(base, end) < 0) {
        return cut != NULL ? diag_fail(diag, "the network to start from has no operator \"%.80s\"", cut)
                           : diag_fail(diag, "the network to start from has no layer before its last with weights");
    }
    if (classes < 1 || !(dropout >= 0 && dropout < 1)) {
        return diag_fail(diag, "%d classes, dropout %g: want at least 1 class, and dropout below 1", classes,
                         (double)dropout);
    }
    if (base->tensors[end].type != TYPE_F32) {
        return diag_fail(diag, "the network to start from computes in %s, want float32; take its float version",
                         ir_type_text(base->tensors[end].type));
    }
    return true;
}

bool train_transfer(const struct graph *base, const char *cut, int32_t classes, bool is_map, float dropout,
                    uint64_t seed, struct graph *graph, int32_t *kept, struct diag *diag)
{
    const int32_t end = find_end(base, cut, is_map);
    if (!check_transfer(base, cut, end, classes, dropout, diag)) {
        return false;
    }
    struct net b = net_begin(graph, seed, diag);
    *kept = find_maker(base, end) + 1;
    copy_nodes(base, *kept, graph);
    b.capacity = *kept;
    b.at = end;
    if (is_map) {
        net_map_head(&b, classes);
    } else {
        net_head(&b, classes, dropout);
    }
    return net_end(&b);
}
