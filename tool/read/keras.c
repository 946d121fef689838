/* SPDX-License-Identifier: MIT
 *
 * Keras models: the config says which layers there are and, for a functional model, which tensors each of them is called
 * with. Calls wait until their tensors are there, since a layer may be shared.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 16, MAX_LAYERS = 1 << 12, MAX_CALLS = 64, MAX_ARGUMENTS = 256 };

static const struct {
    const char *class_name;
    keras_converter *convert;
} converters[] = {
#define KERAS(class, converter, operator) {#class, keras_##converter},
#include "keras_layers.def"
#undef KERAS
};

/* A model, the whole one or one that is a layer. */
struct keras_model {
    struct keras *k;
    const cJSON *config;
    const char
        *group; /* by place: of the model, "" or "layers/functional/"; by name: of the layer that it is, or NULL */
    bool is_inner;
};

/* A layer of a functional model, and what it made at each call. */
struct called {
    const cJSON *layer;
    struct keras_layer own;
    int32_t call_count;
    int32_t out[MAX_CALLS]; /* NO_TENSOR: not yet */
};

static const cJSON *get(const cJSON *object, const char *key) { return cJSON_GetObjectItemCaseSensitive(object, key); }

static const char *get_text(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(get(object, key));
    return text != NULL ? text : "";
}

static bool is_model_class(const char *name)
{
    return strcmp(name, "Sequential") == 0 || strcmp(name, "Functional") == 0 || strcmp(name, "Model") == 0;
}

/*** Layers ***/

/* "Conv2DTranspose" to "conv2d_transpose", as Keras names places. */
static const char *snake_case(struct arena *arena, const char *name)
{
    char *out = arena_alloc(arena, 3 * strlen(name) + 1), *to = out;
    for (size_t i = 0; name[i] != '\0'; i++) {
        const unsigned char c = (unsigned char)name[i], next = (unsigned char)name[i + 1];
        const unsigned char last = i > 0 ? (unsigned char)name[i - 1] : 0;
        if (!isalnum(c) && c != '_') {
            continue;
        }
        if (last != 0 && isupper(c) && (islower(next) || islower(last))) {
            *to++ = '_';
        }
        *to++ = (char)tolower(c);
    }
    return out;
}

/* How many layers before this one have its class: "dense", "dense_1". */
static int32_t count_before(const cJSON *layers, const cJSON *layer)
{
    int32_t count = 0;
    for (const cJSON *other = layers->child; other != layer; other = other->next) {
        count += strcmp(get_text(other, "class_name"), get_text(layer, "class_name")) == 0;
    }
    return count;
}

static struct keras_layer make_layer(const struct keras_model *m, const cJSON *layers, const cJSON *layer)
{
    struct arena *arena = m->k->arena;
    struct keras_layer l = {.k = m->k, .config = get(layer, "config"), .part = ""};
    l.class_name = arena_printf(arena, "%s", get_text(layer, "class_name"));
    l.name = arena_printf(arena, "%s", get_text(l.config, "name"));
    if (m->k->file->is_v3) {
        const char *place = snake_case(arena, l.class_name);
        const int32_t before = count_before(layers, layer);
        l.group = before > 0 ? arena_printf(arena, "%slayers/%s_%d", m->group, place, before)
                             : arena_printf(arena, "%slayers/%s", m->group, place);
    } else {
        l.group = m->is_inner ? m->group : arena_printf(arena, "model_weights/%s", l.name);
        l.inside = m->is_inner ? l.name : NULL;
    }
    return l;
}

static int32_t convert_model(const struct keras_model *m, const int32_t in[], int32_t in_count);

int32_t keras_convert(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    if (l->k->depth == MAX_DEPTH) {
        return keras_fail(l, "layers are in each other more than %d deep", MAX_DEPTH);
    }
    if (in_count < 1) {
        return keras_fail(l, "has no input");
    }
    for (int32_t i = 0; i < in_count; i++) {
        if (in[i] == NO_TENSOR) {
            return NO_TENSOR;
        }
    }
    l->k->depth++;
    int32_t out = NO_TENSOR;
    size_t i = 0;
    while (i < COUNT_OF(converters) && strcmp(converters[i].class_name, l->class_name) != 0) {
        i++;
    }
    const char *format = keras_text(l, "data_format");
    if (strcmp(format, "channels_first") == 0) {
        out = keras_fail(l, "has channels first; train it with channels last");
    } else if (i < COUNT_OF(converters)) {
        out = converters[i].convert(l, in, in_count);
    } else if (is_model_class(l->class_name)) {
        const char *group = l->k->file->is_v3 ? arena_printf(l->k->arena, "%s/", l->group) : l->group;
        const struct keras_model inner = {l->k, l->config, group, true};
        out = convert_model(&inner, in, in_count);
    } else {
        out = keras_fail(l, "mote has no such layer; replace it in the model");
    }
    l->k->depth--;
    return l->k->diag->failed ? NO_TENSOR : out;
}

bool keras_inner_layer(struct keras_layer *l, const char *key, const char *part, int32_t first,
                       struct keras_layer *inner)
{
    const cJSON *layer = get(l->config, key);
    *inner = *l;
    inner->config = get(layer, "config");
    inner->class_name = arena_printf(l->k->arena, "%s", get_text(layer, "class_name"));
    inner->part = arena_printf(l->k->arena, "%s%s", l->part, part);
    inner->first += first;
    if (!cJSON_IsObject(inner->config)) {
        keras_fail(l, "has no layer \"%s\"", key);
    }
    return cJSON_IsObject(inner->config);
}

/*** Inputs ***/

/* An input of the model with the shape [null, 28, 28, 1] that is named so; the batch is 1. */
static int32_t add_input(struct keras_layer *l)
{
    struct graph *g = l->k->g;
    const cJSON *shape = get(l->config, "batch_input_shape");
    shape = cJSON_IsArray(shape) ? shape : get(l->config, "batch_shape");
    const int rank = cJSON_GetArraySize(shape);
    if (rank < 1 || rank > IR_MAX_RANK) {
        return keras_fail(l, "has no input shape of 1 to %d dims; build the model before it is saved", IR_MAX_RANK);
    }
    const char *type = keras_text(l, "dtype");
    const int32_t t = ir_add_tensor(g);
    struct tensor *tensor = &g->tensors[t];
    *tensor = (struct tensor){.name = l->name, .type = TYPE_F32, .rank = rank};
    if (strcmp(type, "int32") == 0 || strcmp(type, "int64") == 0) {
        tensor->type = TYPE_S32;
    }
    for (int d = 0; d < rank; d++) {
        const cJSON *dim = cJSON_GetArrayItem(shape, d);
        if (!cJSON_IsNumber(dim) && d > 0) {
            return keras_fail(l, "dim %d of the input is unknown; give the model a shape without None", d);
        }
        const double extent = d == 0 ? 1 : dim->valuedouble;
        if (!(extent >= 1 && extent <= INT32_MAX)) {
            return keras_fail(l, "dim %d of the input is %g", d, extent);
        }
        tensor->dim[d] = (int32_t)extent;
    }
    return ir_check_tensor(g, t, l->k->diag) ? t : NO_TENSOR;
}

static void add_end(struct arena *arena, int32_t **ends, int32_t *count, int32_t tensor)
{
    int32_t *grown = ARENA_ARRAY(arena, *count + 1, int32_t);
    if (*count > 0) {
        memcpy(grown, *ends, (size_t)*count * sizeof *grown);
    }
    grown[(*count)++] = tensor;
    *ends = grown;
}

/*** Sequential ***/

static int32_t convert_sequential(const struct keras_model *m, int32_t x)
{
    struct keras *k = m->k;
    const cJSON *layers = cJSON_IsArray(m->config) ? m->config : get(m->config, "layers"), *layer;
    cJSON_ArrayForEach(layer, layers)
    {
        struct keras_layer l = make_layer(m, layers, layer);
        const bool is_input = strcmp(l.class_name, "InputLayer") == 0;
        if (x ==
            NO_TENSOR) { /* the shape is that of the InputLayer, or of the first layer, or was noted when it was built */
            struct keras_layer first = l;
            const cJSON *built = get(get(layer, "build_config"), "input_shape");
            if (!is_input && get(l.config, "batch_input_shape") == NULL && cJSON_IsArray(built)) {
                cJSON *config = cJSON_CreateObject();
                cJSON_AddItemReferenceToObject(config, "batch_shape", (cJSON *)(uintptr_t)built);
                first.config = config;
                x = add_input(&first);
                cJSON_Delete(config);
            } else {
                x = add_input(&first);
            }
            if (x != NO_TENSOR) {
                add_end(k->arena, &k->g->inputs, &k->g->input_count, x);
            }
        }
        if (!is_input && x != NO_TENSOR) {
            x = keras_convert(&l, &x, 1);
        }
        if (x == NO_TENSOR) {
            break;
        }
    }
    return x == NO_TENSOR && !k->diag->failed ? (diag_fail(k->diag, "has no layers"), NO_TENSOR) : x;
}

/*** Functional ***/

/* The layers of a functional model. */
struct called_list {
    struct called *all;
    struct called **by_name; /* sorted */
    int32_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(struct called *const *)a)->own.name, (*(struct called *const *)b)->own.name);
}

static struct called *find_called(const struct called_list *list, const char *name)
{
    struct called wanted = {.own.name = name}, *key = &wanted;
    struct called **found = bsearch(&key, list->by_name, (size_t)list->count, sizeof *list->by_name, compare_names);
    return found != NULL ? *found : NULL;
}

/* The tensor of ["dense", 0, 0]; NO_TENSOR: not there yet, or an error. */
static int32_t find_tensor(struct keras *k, const struct called_list *list, const cJSON *reference)
{
    const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(reference, 0));
    const cJSON *call = cJSON_GetArrayItem(reference, 1), *output = cJSON_GetArrayItem(reference, 2);
    const struct called *layer = name != NULL ? find_called(list, name) : NULL;
    if (layer == NULL || !cJSON_IsNumber(call) || call->valuedouble < 0 || call->valuedouble >= MAX_CALLS ||
        !cJSON_IsNumber(output)) {
        diag_fail(k->diag, "layer \"%.60s\" is used, but is not in the model", name != NULL ? name : "");
        return NO_TENSOR;
    }
    if (output->valuedouble != 0) {
        diag_fail(k->diag, "layer \"%.60s\": output %g is used; mote has only output 0 of each layer", name,
                  output->valuedouble);
        return NO_TENSOR;
    }
    return layer->out[(int)call->valuedouble];
}

/* The references among the arguments of a call: [["a", 0, 0, {}], ...], or, since Keras 3, {"args": [...]} with the history in
 * each tensor. */
static int32_t collect(const cJSON *item, const cJSON *found[], int32_t count, int depth)
{
    const cJSON *history = get(get(item, "config"), "keras_history"), *child;
    if (depth > MAX_DEPTH || count >= MAX_ARGUMENTS) {
        return MAX_ARGUMENTS + 1;
    }
    if (cJSON_IsArray(history)) {
        found[count++] = history;
    } else if (cJSON_IsArray(item) && cJSON_IsString(item->child)) {
        found[count++] = item;
    } else if (cJSON_IsArray(item)) {
        cJSON_ArrayForEach(child, item) { count = collect(child, found, count, depth + 1); }
    } else if (cJSON_IsObject(item)) {
        count = collect(get(item, "args"), found, count, depth + 1);
    }
    return count > MAX_ARGUMENTS ? MAX_ARGUMENTS + 1 : count;
}

/* Runs the calls whose inputs are there; returns how many. */
static int32_t run_calls(struct keras *k, const struct called_list *list, struct called *layer)
{
    const cJSON *call, *calls = get(layer->layer, "inbound_nodes");
    int32_t number = 0, done = 0;
    cJSON_ArrayForEach(call, calls)
    {
        const cJSON *found[MAX_ARGUMENTS + 1];
        int32_t in[MAX_ARGUMENTS + 1], ready = 0;
        if (number == MAX_CALLS) {
            keras_fail(&layer->own, "is used more than %d times", MAX_CALLS);
            return done;
        }
        const int32_t at = number++;
        if (layer->out[at] != NO_TENSOR) {
            continue;
        }
        const int32_t inputs = collect(call, found, 0, 0);
        if (inputs > MAX_ARGUMENTS || inputs == 0) {
            keras_fail(&layer->own, "has %d inputs, want 1 to %d", inputs, MAX_ARGUMENTS);
            return done;
        }
        for (; ready < inputs; ready++) {
            in[ready] = find_tensor(k, list, found[ready]);
            if (in[ready] == NO_TENSOR) {
                break;
            }
        }
        if (ready == inputs) {
            layer->out[at] = keras_convert(&layer->own, in, inputs);
            done += layer->out[at] != NO_TENSOR;
        }
        if (k->diag->failed) {
            return done;
        }
    }
    return done;
}

/* ["a", 0, 0], or a list of these. */
static int32_t list_ends(const cJSON *item, const cJSON *found[]) { return collect(item, found, 0, 0); }

/* The inputs of a model in its own order: those given, or new ones. */
static bool set_inputs(const struct keras_model *m, const struct called_list *list, const int32_t in[],
                       int32_t in_count)
{
    const cJSON *found[MAX_ARGUMENTS + 1];
    const int32_t inputs = list_ends(get(m->config, "input_layers"), found);
    if (inputs < 1 || inputs > MAX_ARGUMENTS || (in != NULL && inputs != in_count)) {
        return diag_fail(m->k->diag, "a model of %d inputs is used with %d", inputs, in_count);
    }
    for (int32_t i = 0; i < inputs; i++) {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(found[i], 0));
        struct called *layer = name != NULL ? find_called(list, name) : NULL;
        if (layer == NULL) {
            return diag_fail(m->k->diag, "input layer %d is not in the model", i);
        }
        layer->out[0] = in != NULL ? in[i] : add_input(&layer->own);
        if (layer->out[0] == NO_TENSOR) {
            return false;
        }
        if (in == NULL) {
            add_end(m->k->arena, &m->k->g->inputs, &m->k->g->input_count, layer->out[0]);
        }
    }
    return true;
}

/* All outputs of the model go to out[MAX_ARGUMENTS]; returns how many. */
static int32_t convert_functional(const struct keras_model *m, const int32_t in[], int32_t in_count, int32_t out[])
{
    struct keras *k = m->k;
    const cJSON *layers = get(m->config, "layers"), *layer;
    const int32_t count = cJSON_GetArraySize(layers);
    if (count < 1 || count > MAX_LAYERS) {
        diag_fail(k->diag, "has a model of %d layers, want 1 to %d", count, MAX_LAYERS);
        return 0;
    }
    struct called_list list = {ARENA_ARRAY(k->arena, count, struct called),
                               ARENA_ARRAY(k->arena, count, struct called *), 0};
    cJSON_ArrayForEach(layer, layers)
    {
        struct called *c = &list.all[list.count];
        *c = (struct called){.layer = layer, .own = make_layer(m, layers, layer)};
        c->own.name = arena_printf(k->arena, "%s", get_text(layer, "name"));
        memset(c->out, 0xFF, sizeof c->out); /* NO_TENSOR */
        list.by_name[list.count++] = c;
    }
    qsort(list.by_name, (size_t)count, sizeof *list.by_name, compare_names);
    if (!set_inputs(m, &list, in, in_count)) {
        return 0;
    }
    for (int32_t done = 1; done > 0 && !k->diag->failed;) {
        done = 0;
        for (int32_t i = 0; i < count && !k->diag->failed; i++) {
            done += run_calls(k, &list, &list.all[i]);
        }
    }
    const cJSON *found[MAX_ARGUMENTS + 1];
    const int32_t outputs = list_ends(get(m->config, "output_layers"), found);
    if (outputs < 1 || outputs > MAX_ARGUMENTS) {
        diag_fail(k->diag, "has a model of %d outputs", outputs);
    }
    for (int32_t i = 0; i < outputs && !k->diag->failed; i++) {
        out[i] = find_tensor(k, &list, found[i]);
        if (out[i] == NO_TENSOR) {
            diag_fail(k->diag, "output %d is never computed", i);
        }
    }
    return k->diag->failed ? 0 : outputs;
}

static bool is_functional(const struct keras_model *m) { return get(m->config, "input_layers") != NULL; }

static int32_t convert_model(const struct keras_model *m, const int32_t in[], int32_t in_count)
{
    int32_t out[MAX_ARGUMENTS + 1];
    if (!is_functional(m)) {
        return in_count == 1 ? convert_sequential(m, in[0]) : NO_TENSOR;
    }
    return convert_functional(m, in, in_count, out) > 0 ? out[0] : NO_TENSOR;
}

/*** The whole model ***/

static bool is_known(const char *class_name)
{
    for (size_t i = 0; i < COUNT_OF(converters); i++) {
        if (strcmp(converters[i].class_name, class_name) == 0) {
            return true;
        }
    }
    return is_model_class(class_name) || strcmp(class_name, "InputLayer") == 0;
}

/* Says it of each layer that mote lacks, before any is converted; returns how many. */
static int32_t miss_layers(struct keras *k, const cJSON *config, int depth)
{
    const cJSON *layers = cJSON_IsArray(config) ? config : get(config, "layers"), *layer;
    int32_t missed = 0;
    cJSON_ArrayForEach(layer, layers)
    {
        const cJSON *own = get(layer, "config"), *wrapped = get(own, "layer");
        const char *class_name = get_text(layer, "class_name");
        if (!is_known(class_name)) {
            missed++;
            diag_miss(k->diag, "layer \"%.60s\" (%.40s): mote has no such layer; replace it in the model",
                      get_text(own, "name"), class_name);
        }
        if (cJSON_IsObject(wrapped) && !is_known(get_text(wrapped, "class_name"))) {
            missed++;
            diag_miss(k->diag, "layer \"%.60s\" (%.40s): holds a %.40s, which mote lacks", get_text(own, "name"),
                      class_name, get_text(wrapped, "class_name"));
        }
        missed += depth < MAX_DEPTH ? miss_layers(k, own, depth + 1) : 0;
    }
    return missed;
}

static bool convert_whole(struct keras *k)
{
    const struct keras_model m = {k, get(k->file->config, "config"), k->file->is_v3 ? "" : NULL, false};
    const char *class_name = get_text(k->file->config, "class_name");
    int32_t out[MAX_ARGUMENTS + 1], count = 1;
    if (miss_layers(k, m.config, 0) > 0) {
        return diag_fail(k->diag, "has layers that mote lacks");
    }
    if (!is_model_class(class_name)) {
        return diag_fail(k->diag, "is a Keras %.40s; want a Sequential or Functional model", class_name);
    }
    if (is_functional(&m)) {
        count = convert_functional(&m, NULL, 0, out);
    } else {
        out[0] = convert_sequential(&m, NO_TENSOR);
    }
    for (int32_t i = 0; i < count && !k->diag->failed; i++) {
        add_end(k->arena, &k->g->outputs, &k->g->output_count, out[i]);
    }
    return !k->diag->failed;
}

static void name_ends(struct graph *g)
{
    g->input_names = ARENA_ARRAY(g->arena, g->input_count, const char *);
    g->output_names = ARENA_ARRAY(g->arena, g->output_count, const char *);
    for (int32_t i = 0; i < g->input_count; i++) {
        g->input_names[i] = g->tensors[g->inputs[i]].name;
    }
    for (int32_t i = 0; i < g->output_count; i++) {
        g->output_names[i] = g->tensors[g->outputs[i]].name;
    }
}

static bool read_open(struct keras_file *file, const struct file *bytes, struct arena *arena, struct model *model,
                      struct diag *diag)
{
    if (!keras_open(file, bytes, arena, diag)) {
        return false;
    }
    *model = (struct model){.graphs = ARENA_NEW(arena, struct graph), .graph_count = 1, .description = "Keras"};
    struct graph *g = model->graphs;
    *g = (struct graph){.arena = arena, .name = "", .model = model};
    struct keras k = {arena, diag, file, g, 0, 0};
    if (!convert_whole(&k)) {
        return false;
    }
    name_ends(g);
    return ir_check(g, diag);
}

bool read_keras(const struct file *bytes, struct arena *arena, struct model *model, struct diag *diag)
{
    struct keras_file *file = calloc(1, sizeof *file);
    jmp_buf here, *outer = arena->on_exhaustion;
    if (file == NULL) {
        return diag_fail(diag, "no memory");
    }
    file->hdf = -1;
    arena->on_exhaustion = &here;
    const int exhausted = setjmp(here);
    const bool ok = exhausted == 0 && read_open(file, bytes, arena, model, diag);
    arena->on_exhaustion = outer;
    keras_close(file);
    free(file);
    if (exhausted != 0 && outer != NULL) {
        longjmp(*outer, exhausted);
    }
    return ok;
}

#endif
