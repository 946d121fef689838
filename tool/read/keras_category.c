/* SPDX-License-Identifier: MIT
 *
 * Layers that make categories of numbers, and numbers of categories. A category counts from 0.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <string.h>

enum { MOST_CATEGORIES = 1 << 20 };

/* Categories as a 1 in the place of each, along a last axis of `count`; or for each example one row with a 1 in the places of
 * all (multi_hot), or how many there are of each (count). */
static int32_t encode(struct keras_layer *l, int32_t x, int32_t count, const char *how)
{
    const struct tensor t = *keras_tensor(l, x);
    const bool is_single = t.rank > 1 && t.dim[t.rank - 1] == 1, joins = strcmp(how, "one_hot") != 0;
    if (t.rank < 1 || t.rank >= IR_MAX_RANK || count < 1 || count > MOST_CATEGORIES ||
        (joins && strcmp(how, "multi_hot") != 0 && strcmp(how, "count") != 0)) {
        return keras_fail(l, "encodes %d dims in %d categories by \"%.20s\", want one_hot, multi_hot or count", t.rank,
                          count, how);
    }
    x = is_single && !joins ? keras_reshaped(l, x, t.rank - 1, t.dim) : x;
    if (x == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t depth = keras_add_ints(l, 1, &count), on = keras_add_number(l, 1), off = keras_add_number(l, 0);
    const int32_t hot = KERAS_ADD(l, OP_ONE_HOT, &(struct attr){.axis = -1}, x, depth, on, off);
    const int32_t axis = -2;
    return joins ? KERAS_ADD(l, *how == 'm' ? OP_REDUCE_MAX : OP_SUM, NULL, hot, keras_add_ints(l, 1, &axis)) : hot;
}

static int32_t as_integers(struct keras_layer *l, int32_t x)
{
    return keras_tensor(l, x)->type == TYPE_S32
               ? x
               : keras_add_typed(l, OP_CAST, TYPE_S32, 1, &x, &(struct attr){.type = TYPE_S32});
}

int32_t keras_category_encoding(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    const char *how = keras_text(l, "output_mode");
    if (in_count != 1) {
        return keras_fail(l, "has %d inputs, weights among them, which mote lacks", in_count);
    }
    const int32_t x = as_integers(l, in[0]);
    return x == NO_TENSOR ? x : encode(l, x, keras_int(l, "num_tokens", 0), *how != '\0' ? how : "multi_hot");
}

/* In which of the ranges between boundaries a number lies. */
int32_t keras_discretization(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const cJSON *boundaries = keras_get(l->config, "bin_boundaries"), *entry;
    const char *how = keras_text(l, "output_mode");
    const int32_t count = cJSON_GetArraySize(boundaries);
    if (!cJSON_IsArray(boundaries) || count < 1) {
        return keras_fail(l, "has no boundaries; adapt it before the model is saved");
    }
    int32_t *bits = ARENA_ARRAY(l->k->arena, count, int32_t), i = 0;
    cJSON_ArrayForEach(entry, boundaries)
    {
        const float value = cJSON_IsNumber(entry) ? (float)entry->valuedouble : 0;
        memcpy(&bits[i++], &value, sizeof value);
    }
    const struct attr attr = {.list = bits, .list_count = count};
    const int32_t x = keras_add_typed(l, OP_BUCKETIZE, TYPE_S32, 1, in, &attr);
    return *how == '\0' || strcmp(how, "int") == 0 || x == NO_TENSOR ? x : encode(l, x, count + 1, how);
}

#endif
