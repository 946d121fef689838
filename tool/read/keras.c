/* SPDX-License-Identifier: MIT
 *
 * Keras models: the config says which layers there are. Those of a Sequential model follow each other.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include "inputs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum mask { KEEPS, LOSES, JOINS, TAKES };

static const struct converter {
    const char *class_name;
    keras_converter *convert;
    enum mask mask;
} converters[] = {
#define KERAS(class, converter, operator, mask) {#class, keras_##converter, mask},
#include "keras_layers.def"
#undef KERAS
};

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
        count += strcmp(keras_get_text(other, "class_name"), keras_get_text(layer, "class_name")) == 0;
    }
    return count;
}

/* "dense", "dense_1", as layers of a list have their places. */
static const char *place_of(struct arena *arena, const cJSON *list, const cJSON *item)
{
    const char *place = snake_case(arena, keras_get_text(item, "class_name"));
    const int32_t before = count_before(list, item);
    return before > 0 ? arena_printf(arena, "%s_%d", place, before) : place;
}

const char *keras_place_in_list(const struct keras_layer *l, const char *key, const cJSON *list, const cJSON *item)
{
    return arena_printf(l->k->arena, "%s%s/%s/", l->part, key, place_of(l->k->arena, list, item));
}

struct keras_layer keras_make_layer(const struct keras_model *m, const cJSON *layers, const cJSON *layer)
{
    struct arena *arena = m->k->arena;
    struct keras_layer l = {.k = m->k, .config = keras_get(layer, "config"), .part = ""};
    l.is_operation = keras_is_operation(layer);
    l.class_name =
        arena_printf(arena, "%s", l.is_operation ? keras_operation_name(layer) : keras_get_text(layer, "class_name"));
    l.name = arena_printf(arena, "%s", keras_get_text(l.config, "name"));
    if (m->k->file->is_v3) {
        l.group = arena_printf(arena, "%slayers/%s", m->group, place_of(arena, layers, layer));
    } else {
        l.group = m->is_inner ? m->group : arena_printf(arena, "model_weights/%s", l.name);
        l.inside = m->is_inner ? l.name : NULL;
    }
    return l;
}

static const struct converter *find_converter(const char *class_name)
{
    for (size_t i = 0; i < COUNT_OF(converters); i++) {
        if (strcmp(converters[i].class_name, class_name) == 0) {
            return &converters[i];
        }
    }
    return NULL;
}

/*** Calls ***/

int32_t keras_named(const struct keras_layer *l, const char *name)
{
    for (int32_t i = 0; i < l->named_count; i++) {
        if (strcmp(l->named[i].name, name) == 0) {
            return l->named[i].tensor;
        }
    }
    return NO_TENSOR;
}

static bool is_listed(const char *name, const char *const list[])
{
    while (*list != NULL && strcmp(*list, name) != 0) {
        list++;
    }
    return *list != NULL;
}

bool keras_is_input_name(const char *name)
{
    return is_listed(name, (const char *const[]){"inputs", "sequences", "query", "x", NULL});
}

bool keras_check_call(struct keras_layer *l, const char *const known[])
{
    static const char *const harmless[] = {"training", "name", NULL};
    const cJSON *argument;
    cJSON_ArrayForEach(argument, l->arguments)
    {
        const bool is_off = cJSON_IsNull(argument) || cJSON_IsFalse(argument);
        if (!is_off && !is_listed(argument->string, known) && !is_listed(argument->string, harmless) &&
            !keras_is_input_name(argument->string)) {
            keras_fail(l, "is called with \"%.40s\", which mote lacks", argument->string);
            return false;
        }
    }
    return true;
}

void keras_add_output(struct keras_layer *l, int32_t tensor)
{
    keras_add_end(l->k->arena, &l->more, &l->more_count, tensor);
}

/*** Masks ***/

/* Hands on the mask of the inputs. */
static void pass_mask(struct keras_layer *l, enum mask what, const int32_t in[], int32_t in_count, int32_t out)
{
    int32_t mask = NO_TENSOR;
    if (out != NO_TENSOR && (what == KEEPS || what == JOINS) && keras_mask(l, out) == NO_TENSOR) {
        for (int32_t i = 0; i < (what == JOINS ? in_count : 1); i++) {
            mask = keras_both_masks(l, mask, keras_mask(l, in[i]));
        }
        keras_set_mask(l, out, mask);
    }
}

static int32_t convert_model(struct keras_layer *l, const struct keras_model *m, const int32_t in[], int32_t in_count);

int32_t keras_convert(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    if (l->k->depth == KERAS_DEPTH) {
        return keras_fail(l, "layers are in each other more than %d deep", KERAS_DEPTH);
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
    const struct converter *c = find_converter(l->class_name);
    const char *format = keras_text(l, "data_format");
    if (l->is_operation) {
        out = keras_convert_operation(l, in, in_count);
    } else if (strcmp(format, "channels_first") == 0) {
        out = keras_fail(l, "has channels first; train it with channels last");
    } else if (c != NULL && (c->mask == TAKES || keras_check_call(l, (const char *const[]){NULL}))) {
        out = c->convert(l, in, in_count);
        pass_mask(l, c->mask, in, in_count, out);
    } else if (is_model_class(l->class_name)) {
        const char *group = l->k->file->is_v3 ? arena_printf(l->k->arena, "%s/", l->group) : l->group;
        const struct keras_model inner = {l->k, l->config, group, true};
        out = convert_model(l, &inner, in, in_count);
    } else {
        out = keras_fail(l, "mote has no such layer; replace it in the model");
    }
    l->k->depth--;
    return l->k->diag->failed ? NO_TENSOR : out;
}

bool keras_inner_layer(struct keras_layer *l, const char *key, const char *part, int32_t first,
                       struct keras_layer *inner)
{
    const cJSON *layer = keras_get(l->config, key);
    *inner = *l;
    inner->config = keras_get(layer, "config");
    inner->class_name = arena_printf(l->k->arena, "%s", keras_get_text(layer, "class_name"));
    inner->part = arena_printf(l->k->arena, "%s%s", l->part, part);
    inner->first += first;
    if (!cJSON_IsObject(inner->config)) {
        keras_fail(l, "has no layer \"%s\"", key);
    }
    return cJSON_IsObject(inner->config);
}

/*** Inputs ***/

/* An input of the model with the shape [null, 28, 28, 1] that is named so. */
int32_t keras_add_input(struct keras_layer *l, bool is_only)
{
    struct graph *g = l->k->g;
    const cJSON *shape = keras_get(l->config, "batch_input_shape");
    shape = cJSON_IsArray(shape) ? shape : keras_get(l->config, "batch_shape");
    const int rank = cJSON_GetArraySize(shape);
    if (rank < 1 || rank > IR_MAX_RANK) {
        return keras_fail(l, "has no input shape of 1 to %d dims; build the model before it is saved", IR_MAX_RANK);
    }
    const char *type = keras_text(l, "dtype");
    struct read_open open = {.name = l->name, .is_only = is_only};
    const int32_t t = ir_add_tensor(g);
    struct tensor *tensor = &g->tensors[t];
    *tensor = (struct tensor){.name = l->name, .type = TYPE_F32, .rank = rank};
    if (strcmp(type, "int32") == 0 || strcmp(type, "int64") == 0) {
        tensor->type = TYPE_S32;
    }
    for (int d = 0; d < rank; d++) {
        const cJSON *dim = cJSON_GetArrayItem(shape, d);
        open.symbol[d] = d == 0 || !cJSON_IsNumber(dim) ? "" : NULL;
        const double extent = open.symbol[d] != NULL ? 0 : dim->valuedouble;
        if (!(extent >= (open.symbol[d] == NULL) && extent <= INT32_MAX)) {
            return keras_fail(l, "dim %d of the input is %g", d, extent);
        }
        tensor->dim[d] = (int32_t)extent;
    }
    return read_open_dims(l->k->request, &open, tensor, l->k->diag) && ir_check_tensor(g, t, l->k->diag) ? t
                                                                                                         : NO_TENSOR;
}

void keras_add_end(struct arena *arena, int32_t **ends, int32_t *count, int32_t tensor)
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
    const cJSON *layers = cJSON_IsArray(m->config) ? m->config : keras_get(m->config, "layers"), *layer;
    cJSON_ArrayForEach(layer, layers)
    {
        struct keras_layer l = keras_make_layer(m, layers, layer);
        const bool is_input = strcmp(l.class_name, "InputLayer") == 0;
        if (x ==
            NO_TENSOR) { /* the shape is that of the InputLayer, or of the first layer, or was noted when it was built */
            struct keras_layer first = l;
            const cJSON *built = keras_get(keras_get(layer, "build_config"), "input_shape");
            if (!is_input && keras_get(l.config, "batch_input_shape") == NULL && cJSON_IsArray(built)) {
                cJSON *config = cJSON_CreateObject();
                cJSON_AddItemReferenceToObject(config, "batch_shape", (cJSON *)(uintptr_t)built);
                first.config = config;
                x = keras_add_input(&first, true);
                cJSON_Delete(config);
            } else {
                x = keras_add_input(&first, true);
            }
            if (x != NO_TENSOR) {
                keras_add_end(k->arena, &k->g->inputs, &k->g->input_count, x);
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

static bool is_functional(const struct keras_model *m) { return keras_get(m->config, "input_layers") != NULL; }

static int32_t convert_model(struct keras_layer *l, const struct keras_model *m, const int32_t in[], int32_t in_count)
{
    int32_t out[KERAS_ARGUMENTS + 1];
    if (!keras_check_call(l, (const char *const[]){"mask", NULL})) {
        return NO_TENSOR;
    }
    if (!is_functional(m)) {
        return in_count == 1 ? convert_sequential(m, in[0]) : keras_fail(l, "has %d inputs, want 1", in_count);
    }
    const int32_t count = keras_convert_functional(m, in, in_count, out);
    for (int32_t i = 1; i < count; i++) {
        keras_add_output(l, out[i]);
    }
    return count > 0 ? out[0] : NO_TENSOR;
}

/*** The whole model ***/

static bool is_known(const char *class_name)
{
    return find_converter(class_name) != NULL || is_model_class(class_name) || strcmp(class_name, "InputLayer") == 0;
}

/* Says it of each layer that mote lacks, before any is converted; returns how many. */
static int32_t miss_layers(struct keras *k, const cJSON *config, int depth)
{
    const cJSON *layers = cJSON_IsArray(config) ? config : keras_get(config, "layers"), *layer;
    int32_t missed = 0;
    cJSON_ArrayForEach(layer, layers)
    {
        const cJSON *own = keras_get(layer, "config"), *wrapped = keras_get(own, "layer");
        const char *class_name = keras_get_text(layer, "class_name");
        const bool is_operation = keras_is_operation(layer);
        class_name = is_operation ? keras_operation_name(layer) : class_name;
        if (is_operation ? !keras_has_operation(class_name) : !is_known(class_name)) {
            missed++;
            diag_miss(k->diag, "layer \"%.60s\" (%.40s): mote has no such layer; replace it in the model",
                      keras_get_text(own, "name"), class_name);
        }
        if (cJSON_IsObject(wrapped) && !is_known(keras_get_text(wrapped, "class_name"))) {
            missed++;
            diag_miss(k->diag, "layer \"%.60s\" (%.40s): holds a %.40s, which mote lacks", keras_get_text(own, "name"),
                      class_name, keras_get_text(wrapped, "class_name"));
        }
        missed += depth < KERAS_DEPTH ? miss_layers(k, own, depth + 1) : 0;
    }
    return missed;
}

static bool convert_whole(struct keras *k)
{
    const struct keras_model m = {k, keras_get(k->file->config, "config"), k->file->is_v3 ? "" : NULL, false};
    const char *class_name = keras_get_text(k->file->config, "class_name");
    int32_t out[KERAS_ARGUMENTS + 1], count = 1;
    if (miss_layers(k, m.config, 0) > 0) {
        return diag_fail(k->diag, "has layers that mote lacks");
    }
    if (!is_model_class(class_name)) {
        return diag_fail(k->diag, "is a Keras %.40s; want a Sequential or Functional model", class_name);
    }
    if (is_functional(&m)) {
        count = keras_convert_functional(&m, NULL, 0, out);
    } else {
        out[0] = convert_sequential(&m, NO_TENSOR);
    }
    for (int32_t i = 0; i < count && !k->diag->failed; i++) {
        keras_add_end(k->arena, &k->g->outputs, &k->g->output_count, out[i]);
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

static bool read_file(struct keras_file *file, const struct file *bytes, const struct read_request *request,
                      struct arena *arena, struct model *model, struct diag *diag)
{
    if (!keras_open(file, bytes, arena, diag)) {
        return false;
    }
    *model = (struct model){.graphs = ARENA_NEW(arena, struct graph), .graph_count = 1, .description = "Keras"};
    struct graph *g = model->graphs;
    *g = (struct graph){.arena = arena, .name = "", .model = model};
    struct keras k = {.arena = arena, .diag = diag, .request = request, .file = file, .g = g};
    if (!convert_whole(&k)) {
        return false;
    }
    name_ends(g);
    return read_take_values(request, g, diag) && ir_check(g, diag);
}

bool read_keras(const struct file *bytes, const struct read_request *request, struct arena *arena, struct model *model,
                struct diag *diag)
{
    struct keras_file *file = calloc(1, sizeof *file);
    jmp_buf here, *outer = arena->on_exhaustion;
    if (file == NULL) {
        return diag_fail(diag, "no memory");
    }
    file->hdf = -1;
    arena->on_exhaustion = &here;
    const int exhausted = setjmp(here);
    const bool ok = exhausted == 0 && read_file(file, bytes, request, arena, model, diag);
    arena->on_exhaustion = outer;
    keras_close(file);
    free(file);
    if (exhausted != 0 && outer != NULL) {
        longjmp(*outer, exhausted);
    }
    return ok;
}

#endif
