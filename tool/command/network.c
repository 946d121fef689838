/* SPDX-License-Identifier: MIT
 *
 * The model that a recipe names: an architecture, a list of layers, another model with a new end, or a learner.
 */
#include <string.h>

#include "../pass/pass.h"
#include "../read/read.h"
#include "../run/run.h"
#include "training.h"

/*** The recipe's words as the trainer's ***/

static bool find_layer_kind(const struct recipe_layer *layer, const struct recipe *r, enum train_kind *kind,
                            struct diag *diag)
{
    static const char *const words[] = {
#define LAYER(name, text) text,
#include "../train/layer.def"
#undef LAYER
        NULL};
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], layer->kind) == 0) {
            *kind = (enum train_kind)i;
            return true;
        }
    }
    const char *meant = word_nearest(layer->kind, words);
    return diag_fail(diag, "%s:%d: there is no layer '%s'%s%s%s", r->path, layer->line, layer->kind,
                     meant != NULL ? "; did you mean '" : "", meant != NULL ? meant : "", meant != NULL ? "'?" : "");
}

static bool find_activation(const struct recipe_layer *layer, const struct recipe *r, enum op *op, struct diag *diag)
{
    static const struct {
        const char *name;
        enum op op;
    } all[] = {{"relu", OP_RELU},
               {"relu6", OP_RELU6},
               {"tanh", OP_TANH},
               {"logistic", OP_LOGISTIC},
               {"hard_swish", OP_HARD_SWISH}};
    *op = (enum op)0;
    for (size_t i = 0; i < COUNT_OF(all) && layer->activation != NULL; i++) {
        if (strcmp(all[i].name, layer->activation) == 0) {
            *op = all[i].op;
            return true;
        }
    }
    return layer->activation == NULL ||
           diag_fail(diag, "%s:%d: there is no activation '%s'; want relu, relu6, tanh, logistic or hard_swish",
                     r->path, layer->line, layer->activation);
}

static bool find_layers(const struct recipe *r, struct train_model *model, struct arena *arena, struct diag *diag)
{
    struct train_layer *layers = ARENA_ARRAY(arena, r->layer_count + 1, struct train_layer);
    for (int32_t i = 0; i < r->layer_count; i++) {
        const struct recipe_layer *from = &r->layers[i];
        layers[i] = (struct train_layer){
            .filters = from->filters,
            .kernel_h = from->kernel_h,
            .kernel_w = from->kernel_w,
            .stride_h = from->stride_h,
            .stride_w = from->stride_w,
            .padding = from->valid ? PADDING_VALID : PADDING_SAME,
            .is_linear = from->linear,
            .no_norm = from->no_norm,
            .rate = (float)from->rate,
            .expansion = from->expansion,
        };
        if (!find_layer_kind(from, r, &layers[i].kind, diag) ||
            !find_activation(from, r, &layers[i].activation, diag)) {
            return false;
        }
    }
    model->name = r->layer_count > 0 ? NULL : r->model_name;
    model->layers = layers;
    model->layer_count = r->layer_count;
    return true;
}

/* Models that are no networks: learned at one go, and float on the device. */
static const char *const at_once[] = {"forest", "neighbours", "clusters", "gaussian"};

bool network_is_learned(const struct recipe *r)
{
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(at_once); i++) {
        found |= strcmp(at_once[i], r->model_name) == 0;
    }
    return found && r->layer_count == 0;
}

bool network_check(const struct recipe *r, struct arena *arena, struct diag *diag)
{
    const char **names = ARENA_ARRAY(arena, train_architecture_count + COUNT_OF(at_once) + 1, const char *);
    int count = 0;
    for (; count < train_architecture_count; count++) {
        names[count] = train_architectures[count].name;
        if (strcmp(names[count], r->model_name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(at_once); i++) {
        names[count++] = at_once[i];
    }
    if (network_is_learned(r)) {
        return true;
    }
    const char *meant = word_nearest(r->model_name, names);
    return r->layer_count > 0 ||
           diag_fail(diag, "%s: model.name: there is no '%s'%s%s%s", r->path, r->model_name,
                     meant != NULL ? "; did you mean '" : "", meant != NULL ? meant : "", meant != NULL ? "'?" : "");
}

/*** A model to go on from ***/

static bool fail_from(const struct recipe *r, struct diag *diag)
{
    struct diag named = {0};
    diag_fail(&named, "model.from: %s: %s", r->model_from, diag->text);
    *diag = named;
    return false;
}

bool network_open(struct training *t, struct diag *diag)
{
    struct recipe *r = &t->lesson.recipe;
    struct model base = {0};
    struct read_request request = {.evaluator = {run_node, 0}};
    if (*r->model_from == '\0') {
        return true;
    }
    if (!file_open(&t->base_file, r->model_from, diag)) {
        return false;
    }
    request.evaluator.max_work = read_work_limit(&t->base_file);
    if (!read_model(&t->base_file, &request, t->arena, &base, diag) || !pass_all(&base, run_node, diag)) {
        return fail_from(r, diag);
    }
    t->base = base.graphs[0];
    const struct tensor *in = &t->base.tensors[t->base.inputs[0]];
    const bool is_picture = strcmp(r->data_kind, "image") == 0 || strcmp(r->data_kind, "boxes") == 0;
    if (is_picture && in->rank == 4 && (in->dim[3] == 1 || in->dim[3] == 3)) {
        r->data_height = in->dim[1];
        r->data_width = in->dim[2];
        r->data_colour = in->dim[3] == 3;
    }
    return true;
}

static bool transfer(struct training *t, int32_t classes, struct diag *diag)
{
    const struct recipe *r = &t->lesson.recipe;
    t->network = (struct graph){.arena = t->arena};
    return train_transfer(&t->base, *r->model_cut != '\0' ? r->model_cut : NULL, classes,
                          t->lesson.data_options.kind == DATA_BOXES, (float)r->model_dropout, (uint64_t)r->train_seed,
                          &t->network, &t->kept, diag) ||
           fail_from(r, diag);
}

bool network_build(struct training *t, int32_t classes, struct diag *diag)
{
    const struct recipe *r = &t->lesson.recipe;
    if (*r->model_from != '\0') {
        return transfer(t, classes, diag);
    }
    struct train_model model = {
        .filters = r->model_filters,
        .depth = r->model_depth,
        .width = (float)r->model_width,
        .dropout = (float)r->model_dropout,
        .outputs = r->model_outputs,
        .kernel_h = r->model_kernel_h,
        .kernel_w = r->model_kernel_w,
        .stride_h = r->model_stride_h,
        .stride_w = r->model_stride_w,
        .block_stride = r->model_block_stride,
        .is_centred = r->model_centre,
    };
    t->network = (struct graph){.arena = t->arena};
    return network_check(r, t->arena, diag) && find_layers(r, &model, t->arena, diag) &&
           train_build(&model, &t->lesson.shape, classes, (uint64_t)r->train_seed, &t->network, diag);
}
