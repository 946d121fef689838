/* SPDX-License-Identifier: MIT */
#include "keras.h"

#ifdef HAVE_KERAS

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

int32_t keras_fail(struct keras_layer *l, const char *format, ...)
{
    char text[240];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    diag_fail(l->k->diag, "layer \"%.60s\" (%.40s): %s", l->name, l->class_name, text);
    return NO_TENSOR;
}

/*** Entries of the config ***/

const cJSON *keras_get(const cJSON *object, const char *key) { return cJSON_GetObjectItemCaseSensitive(object, key); }

const char *keras_get_text(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(keras_get(object, key));
    return text != NULL ? text : "";
}

static const cJSON *entry(const struct keras_layer *l, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(l->config, key);
    return item == NULL || cJSON_IsNull(item) ? NULL : item;
}

/* A number as an integer, within what a dim or a stride may be. */
static bool to_int(const cJSON *item, int32_t *value)
{
    const double number = cJSON_IsNumber(item) ? item->valuedouble : NAN;
    if (!(number >= -1e9 && number <= 1e9)) {
        return false;
    }
    *value = (int32_t)number;
    return true;
}

int32_t keras_int(struct keras_layer *l, const char *key, int32_t absent)
{
    const cJSON *item = entry(l, key);
    int32_t value = absent;
    if (item != NULL && !to_int(item, &value)) {
        keras_fail(l, "\"%s\" is no number", key);
    }
    return value;
}

double keras_real(struct keras_layer *l, const char *key, double absent)
{
    const cJSON *item = entry(l, key);
    if (item != NULL && !cJSON_IsNumber(item)) {
        keras_fail(l, "\"%s\" is no number", key);
    }
    return cJSON_IsNumber(item) ? item->valuedouble : absent;
}

bool keras_flag(struct keras_layer *l, const char *key, bool absent)
{
    const cJSON *item = entry(l, key);
    return item == NULL ? absent : cJSON_IsTrue(item);
}

const char *keras_text(struct keras_layer *l, const char *key)
{
    const char *text = cJSON_GetStringValue(entry(l, key));
    return text != NULL ? text : "";
}

bool keras_ints(struct keras_layer *l, const char *key, int32_t count, int32_t values[])
{
    const cJSON *item = entry(l, key);
    bool fits = item != NULL && (cJSON_IsNumber(item) || cJSON_GetArraySize(item) == count);
    for (int32_t i = 0; i < count && fits; i++) {
        fits = to_int(cJSON_IsNumber(item) ? item : cJSON_GetArrayItem(item, i), &values[i]);
    }
    if (!fits) {
        keras_fail(l, "\"%s\" is no list of %d numbers", key, count);
    }
    return fits;
}

/*** Tensors and nodes ***/

const struct tensor *keras_tensor(const struct keras_layer *l, int32_t tensor) { return &l->k->g->tensors[tensor]; }

static int32_t add_tensor(struct keras_layer *l, enum type type, int32_t rank, const int32_t dim[], const void *data)
{
    const int32_t t = ir_add_tensor(l->k->g);
    struct tensor *tensor = &l->k->g->tensors[t];
    *tensor = (struct tensor){.name = l->name, .type = type, .rank = rank, .data = data};
    for (int32_t d = 0; d < rank; d++) {
        tensor->dim[d] = dim[d];
    }
    return t;
}

int32_t keras_add_floats(struct keras_layer *l, int32_t rank, const int32_t dim[], const float *data)
{
    return data == NULL ? NO_TENSOR : add_tensor(l, TYPE_F32, rank, dim, data);
}

int32_t keras_add_number(struct keras_layer *l, double value)
{
    const float number = (float)value;
    return keras_add_floats(l, 0, NULL, arena_copy(l->k->arena, &number, sizeof number));
}

int32_t keras_add_bools(struct keras_layer *l, int32_t rank, const int32_t dim[], const uint8_t *data)
{
    return add_tensor(l, TYPE_BOOL, rank, dim, data);
}

int32_t keras_add_ints(struct keras_layer *l, int32_t count, const int32_t values[])
{
    const size_t size = (size_t)(count > 0 ? count : 1) * sizeof *values;
    return add_tensor(l, TYPE_S32, count > 0, &count, arena_copy(l->k->arena, values, size));
}

static struct node *add_node(struct keras *k)
{
    struct graph *g = k->g;
    ARENA_GROW(k->arena, g->nodes, g->node_count, k->node_capacity);
    return &g->nodes[g->node_count];
}

int32_t keras_add_many(struct keras_layer *l, enum op op, enum type type, int32_t in_count, const int32_t in[],
                       int32_t out_count, const struct attr *attr)
{
    struct keras *k = l->k;
    if (k->diag->failed) {
        return NO_TENSOR;
    }
    int32_t *out = ARENA_ARRAY(k->arena, out_count, int32_t);
    for (int32_t i = 0; i < out_count; i++) {
        out[i] = add_tensor(l, type, 0, NULL, NULL);
    }
    struct node *n = add_node(k);
    *n = (struct node){
        .op = op, .name = l->name, .index = k->g->node_count, .in_count = in_count, .out_count = out_count};
    n->attr = attr != NULL ? *attr : (struct attr){0};
    n->in = arena_copy(k->arena, in, (size_t)in_count * sizeof *in);
    n->out = out;
    k->g->node_count++;
    return ir_infer(k->g, n, k->diag) ? out[0] : NO_TENSOR;
}

int32_t keras_add_typed(struct keras_layer *l, enum op op, enum type type, int32_t in_count, const int32_t in[],
                        const struct attr *attr)
{
    return keras_add_many(l, op, type, in_count, in, 1, attr);
}

int32_t keras_add(struct keras_layer *l, enum op op, int32_t in_count, const int32_t in[], const struct attr *attr)
{
    return keras_add_typed(l, op, TYPE_F32, in_count, in, attr);
}

int32_t keras_reshaped(struct keras_layer *l, int32_t x, int32_t rank, const int32_t dim[])
{
    if (l->k->diag->failed) {
        return NO_TENSOR;
    }
    const enum type type = keras_tensor(l, x)->type;
    const int32_t in[] = {x, keras_add_ints(l, rank, dim)};
    return keras_add_typed(l, OP_RESHAPE, type, 2, in, NULL);
}

static int32_t with_number(struct keras_layer *l, enum op op, int32_t x, double value)
{
    return KERAS_ADD(l, op, NULL, x, keras_add_number(l, value));
}

int32_t keras_scaled(struct keras_layer *l, int32_t x, double factor)
{
    return factor == 1 ? x : with_number(l, OP_MUL, x, factor);
}

int32_t keras_shifted(struct keras_layer *l, int32_t x, double term)
{
    return term == 0 ? x : with_number(l, OP_ADD, x, term);
}

int32_t keras_by_channel(struct keras_layer *l, enum op op, int32_t x, const float *values)
{
    if (values == NULL || x == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t channels = ir_dim(keras_tensor(l, x), -1);
    return KERAS_ADD(l, op, NULL, x, keras_add_floats(l, 1, &channels, values));
}

#endif
