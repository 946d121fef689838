/* SPDX-License-Identifier: MIT
 *
 * Functional models: the config says which tensors each layer is called with. Calls wait until their tensors are there,
 * since a layer may be shared.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <stdlib.h>
#include <string.h>

enum { MAX_LAYERS = 1 << 12, MAX_CALLS = 64 };

/* A layer of a functional model, and what it made at each call. */
struct called {
    const cJSON *layer;
    struct keras_layer own;
    int32_t *out[MAX_CALLS]; /* NULL: not yet */
    int32_t out_count[MAX_CALLS];
};

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
    const int at = (int)call->valuedouble;
    if (layer->out[at] == NULL) {
        return NO_TENSOR;
    }
    if (!(output->valuedouble >= 0 && output->valuedouble < layer->out_count[at])) {
        diag_fail(k->diag, "layer \"%.60s\": output %g is used, it has %d", name, output->valuedouble,
                  layer->out_count[at]);
        return NO_TENSOR;
    }
    return layer->out[at][(int)output->valuedouble];
}

static void set_outputs(struct called *layer, int32_t at, int32_t first)
{
    struct keras_layer *l = &layer->own;
    layer->out[at] = NULL;
    layer->out_count[at] = 0;
    keras_add_end(l->k->arena, &layer->out[at], &layer->out_count[at], first);
    for (int32_t i = 0; i < l->more_count; i++) {
        keras_add_end(l->k->arena, &layer->out[at], &layer->out_count[at], l->more[i]);
    }
}

/* The references among the arguments of a call: [["a", 0, 0, {}], ...], or, since Keras 3, {"args": [...]} with the history in
 * each tensor. */
static int32_t collect(const cJSON *item, const cJSON *found[], int32_t count, int depth)
{
    const cJSON *history = keras_get(keras_get(item, "config"), "keras_history"), *child;
    if (depth > KERAS_DEPTH || count >= KERAS_ARGUMENTS) {
        return KERAS_ARGUMENTS + 1;
    }
    if (cJSON_IsArray(history)) {
        found[count++] = history;
    } else if (cJSON_IsArray(item) && cJSON_IsString(item->child)) {
        found[count++] = item;
    } else if (cJSON_IsArray(item)) {
        cJSON_ArrayForEach(child, item) { count = collect(child, found, count, depth + 1); }
    } else if (cJSON_IsObject(item)) {
        count = collect(keras_get(item, "args"), found, count, depth + 1);
    }
    return count > KERAS_ARGUMENTS ? KERAS_ARGUMENTS + 1 : count;
}

/* The arguments that have names: the last entry of the first reference, or, since Keras 3, "kwargs". */
static const cJSON *find_arguments(const cJSON *call)
{
    const cJSON *first = call;
    for (int depth = 0; depth < KERAS_DEPTH && cJSON_IsArray(first) && cJSON_IsArray(first->child); depth++) {
        first = first->child;
    }
    const cJSON *arguments = cJSON_IsObject(call) ? keras_get(call, "kwargs") : cJSON_GetArrayItem(first, 3);
    return cJSON_IsObject(arguments) ? arguments : NULL;
}

/* What a call is made with: references by their place, then those by names. The input has the first place, also where the
 * call gives it a name. */
struct arguments {
    const cJSON *found[KERAS_ARGUMENTS + 1];
    const char *name[KERAS_ARGUMENTS + 1]; /* NULL: by its place */
    int32_t by_place, count;
};

static void collect_arguments(const cJSON *call, struct arguments *a)
{
    const cJSON *argument;
    a->by_place = a->count = collect(call, a->found, 0, 0);
    cJSON_ArrayForEach(argument, find_arguments(call))
    {
        const int32_t before = a->count;
        if (before <= KERAS_ARGUMENTS) {
            a->count = collect(argument, a->found, before, 1);
        }
        for (int32_t i = before; i < a->count && i <= KERAS_ARGUMENTS; i++) {
            a->name[i] = argument->string;
        }
    }
    for (int32_t i = 0; i < a->count && i <= KERAS_ARGUMENTS && a->by_place == 0; i++) {
        if (keras_is_input_name(a->name[i])) {
            const cJSON *first = a->found[i];
            a->found[i] = a->found[0];
            a->name[i] = a->name[0];
            a->found[0] = first;
            a->by_place = 1;
        }
    }
}

/* One call; true if its inputs are there. */
static bool run_call(struct keras *k, const struct called_list *list, struct called *layer, int32_t at,
                     const cJSON *call)
{
    struct keras_layer *l = &layer->own;
    struct arguments a;
    int32_t in[KERAS_ARGUMENTS];
    collect_arguments(call, &a);
    if (a.count > KERAS_ARGUMENTS || a.count == 0) {
        keras_fail(l, "has %d inputs, want 1 to %d", a.count, KERAS_ARGUMENTS);
        return false;
    }
    for (int32_t i = 0; i < a.count; i++) {
        in[i] = find_tensor(k, list, a.found[i]);
        if (in[i] == NO_TENSOR) {
            return false;
        }
    }
    struct keras_named *named = ARENA_ARRAY(k->arena, a.count, struct keras_named);
    for (int32_t i = a.by_place; i < a.count; i++) {
        named[i - a.by_place] = (struct keras_named){a.name[i], in[i]};
    }
    l->call = call;
    l->arguments = find_arguments(call);
    l->named = named;
    l->named_count = a.count - a.by_place;
    l->more = NULL;
    l->more_count = 0;
    const int32_t first = keras_convert(l, in, a.by_place);
    if (first != NO_TENSOR) {
        set_outputs(layer, at, first);
    }
    return first != NO_TENSOR;
}

/* Runs the calls whose inputs are there; returns how many. */
static int32_t run_calls(struct keras *k, const struct called_list *list, struct called *layer)
{
    const cJSON *call, *calls = keras_get(layer->layer, "inbound_nodes");
    int32_t number = 0, done = 0;
    cJSON_ArrayForEach(call, calls)
    {
        if (number == MAX_CALLS) {
            keras_fail(&layer->own, "is used more than %d times", MAX_CALLS);
        }
        if (k->diag->failed) {
            return done;
        }
        done += layer->out[number] == NULL && run_call(k, list, layer, number, call);
        number++;
    }
    return done;
}

/* ["a", 0, 0], or a list of these. */
static int32_t list_ends(const cJSON *item, const cJSON *found[]) { return collect(item, found, 0, 0); }

/* The inputs of a model in its own order: those given, or new ones. */
static bool set_inputs(const struct keras_model *m, const struct called_list *list, const int32_t in[],
                       int32_t in_count)
{
    const cJSON *found[KERAS_ARGUMENTS + 1];
    const int32_t inputs = list_ends(keras_get(m->config, "input_layers"), found);
    if (inputs < 1 || inputs > KERAS_ARGUMENTS || (in != NULL && inputs != in_count)) {
        return diag_fail(m->k->diag, "a model of %d inputs is used with %d", inputs, in_count);
    }
    for (int32_t i = 0; i < inputs; i++) {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(found[i], 0));
        struct called *layer = name != NULL ? find_called(list, name) : NULL;
        if (layer == NULL) {
            return diag_fail(m->k->diag, "input layer %d is not in the model", i);
        }
        const int32_t input = in != NULL ? in[i] : keras_add_input(&layer->own, inputs == 1);
        if (input == NO_TENSOR) {
            return false;
        }
        set_outputs(layer, 0, input);
        if (in == NULL) {
            keras_add_end(m->k->arena, &m->k->g->inputs, &m->k->g->input_count, input);
        }
    }
    return true;
}

/* All outputs of the model go to out[KERAS_ARGUMENTS]; returns how many. */
int32_t keras_convert_functional(const struct keras_model *m, const int32_t in[], int32_t in_count, int32_t out[])
{
    struct keras *k = m->k;
    const cJSON *layers = keras_get(m->config, "layers"), *layer;
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
        *c = (struct called){.layer = layer, .own = keras_make_layer(m, layers, layer)};
        c->own.name = arena_printf(k->arena, "%s", keras_get_text(layer, "name"));
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
    const cJSON *found[KERAS_ARGUMENTS + 1];
    const int32_t outputs = list_ends(keras_get(m->config, "output_layers"), found);
    if (outputs < 1 || outputs > KERAS_ARGUMENTS) {
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

#endif
