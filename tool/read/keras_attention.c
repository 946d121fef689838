/* SPDX-License-Identifier: MIT
 *
 * Attention. Inputs are query, value and, where it is not the value, key.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <math.h>
#include <string.h>

/* What a call gives: tensors [batch, steps, features], and what attends to what. */
struct attention {
    int32_t query, value, key;
    int32_t mask; /* bool, broadcasts to [batch, queries, values]; NO_TENSOR: all to all */
    bool gives_scores;
};

/*** What attends to what ***/

/* Each to those that are not behind it. */
static int32_t causal_mask(struct keras_layer *l, int32_t queries, int32_t values)
{
    const int32_t dim[] = {1, queries, values};
    uint8_t *data = arena_array(l->k->arena, (size_t)queries, (size_t)values);
    for (int32_t i = 0; i < queries; i++) {
        memset(data + (size_t)i * (size_t)values, 1, (size_t)(i < values ? i + 1 : values));
    }
    return keras_add_bools(l, 3, dim, data);
}

static bool is_asked(const struct keras_layer *l, const char *key)
{
    return cJSON_IsTrue(keras_get(l->arguments, key)) || cJSON_IsTrue(keras_get(l->config, key));
}

/* The mask of the values, and, where they are all that is asked for, of the queries. */
static void find_mask(struct keras_layer *l, struct attention *a, bool of_queries)
{
    const struct tensor q = *keras_tensor(l, a->query), v = *keras_tensor(l, a->value);
    const int32_t of_value = keras_both_masks(l, keras_mask(l, a->value), keras_mask(l, a->key));
    a->mask = keras_named(l, "attention_mask");
    a->mask = keras_both_masks(l, a->mask, keras_expanded(l, of_value, 1));
    if (of_queries) {
        a->mask = keras_both_masks(l, a->mask, keras_expanded(l, keras_mask(l, a->query), 2));
    }
    if (is_asked(l, "use_causal_mask") || is_asked(l, "causal")) {
        a->mask = keras_both_masks(l, a->mask, causal_mask(l, q.dim[1], v.dim[1]));
    }
}

/* Inputs by their order, or by name. */
static bool take_call(struct keras_layer *l, const int32_t in[], int32_t in_count, bool of_queries, struct attention *a)
{
    static const char *const known[] = {"value",           "key", "attention_mask", "return_attention_scores",
                                        "use_causal_mask", NULL};
    const int32_t value = keras_named(l, "value"), key = keras_named(l, "key");
    const int32_t given_mask = keras_named(l, "attention_mask");
    if (!keras_check_call(l, known)) {
        return false;
    }
    *a = (struct attention){.query = in[0], .gives_scores = is_asked(l, "return_attention_scores")};
    a->value = value != NO_TENSOR ? value : in_count > 1 ? in[1] : NO_TENSOR;
    a->key = key != NO_TENSOR ? key : in_count > 2 ? in[2] : a->value;
    const int32_t all[] = {a->query, a->value, a->key};
    bool fits = in_count <= 3;
    for (size_t i = 0; i < COUNT_OF(all) && fits; i++) {
        fits = all[i] != NO_TENSOR && keras_tensor(l, all[i])->rank == 3;
    }
    if (!fits) {
        keras_fail(l, "has %d inputs, or some of another shape than [batch, steps, features]", in_count);
        return false;
    }
    if (given_mask != NO_TENSOR && keras_tensor(l, given_mask)->type != TYPE_BOOL) {
        keras_fail(l, "has an attention_mask of another type than bool");
        return false;
    }
    find_mask(l, a, of_queries);
    return !l->k->diag->failed;
}

/*** Products ***/

/* Scores, [batch, queries, values] or those of many heads, to weights: what is masked is far below all else. */
static int32_t weigh(struct keras_layer *l, const struct attention *a, int32_t scores)
{
    if (a->mask != NO_TENSOR && scores != NO_TENSOR) {
        const bool has_heads = keras_tensor(l, scores)->rank == 4 && keras_tensor(l, a->mask)->rank == 3;
        const int32_t mask = has_heads ? keras_expanded(l, a->mask, 1) : a->mask;
        scores = mask != NO_TENSOR ? keras_where(l, mask, scores, keras_add_number(l, -1e9)) : NO_TENSOR;
    }
    return KERAS_ADD(l, OP_SOFTMAX, &(struct attr){.beta = 1}, scores);
}

/* q * k^T * scale over the last two dims */
static int32_t score(struct keras_layer *l, int32_t q, int32_t k, double scale)
{
    return keras_scaled(l, KERAS_ADD(l, OP_BATCH_MATMUL, &(struct attr){.adj_y = true}, q, k), scale);
}

static int32_t give(struct keras_layer *l, const struct attention *a, int32_t y, int32_t weights)
{
    if (a->gives_scores) {
        keras_add_output(l, weights);
    }
    keras_set_mask(l, y, keras_mask(l, a->query));
    return y;
}

/* The sum over features of scale * tanh(factor * (q + k)), for each pair. */
static int32_t score_sums(struct keras_layer *l, const struct attention *a, const float *scale, double factor)
{
    const struct tensor q = *keras_tensor(l, a->query), k = *keras_tensor(l, a->key);
    const int32_t depth = q.dim[2], axis = -1;
    if (k.dim[2] != depth) {
        return keras_fail(l, "adds keys of %d features to queries of %d", k.dim[2], depth);
    }
    const int32_t rows = keras_reshaped(l, a->query, 4, (int32_t[]){q.dim[0], q.dim[1], 1, depth});
    const int32_t columns = keras_reshaped(l, a->key, 4, (int32_t[]){k.dim[0], 1, k.dim[1], depth});
    const int32_t sum = KERAS_ADD(l, OP_ADD, NULL, rows, columns);
    int32_t y = sum != NO_TENSOR ? KERAS_ADD(l, OP_TANH, NULL, keras_scaled(l, sum, factor)) : NO_TENSOR;
    y = scale != NULL ? keras_by_channel(l, OP_MUL, y, scale) : y;
    return KERAS_ADD(l, OP_SUM, NULL, y, keras_add_ints(l, 1, &axis));
}

/*** Layers ***/

int32_t keras_attention(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    const char *mode = keras_text(l, "score_mode");
    const bool is_additive = strcmp(l->class_name, "AdditiveAttention") == 0, is_sum = strcmp(mode, "concat") == 0;
    struct attention a;
    if (!take_call(l, in, in_count, false, &a)) {
        return NO_TENSOR;
    }
    if (*mode != '\0' && strcmp(mode, "dot") != 0 && !is_sum) {
        return keras_fail(l, "has score_mode \"%.20s\", want dot or concat", mode);
    }
    const bool has_scale = keras_flag(l, "use_scale", is_additive);
    const int32_t depth = keras_tensor(l, a.query)->dim[2];
    const float *scale = has_scale ? keras_weight(l, 0, is_additive, &depth) : NULL;
    const float *sum_scale = is_sum ? keras_weight(l, has_scale, 0, NULL) : NULL;
    if (l->k->diag->failed) {
        return NO_TENSOR;
    }
    const double factor = scale != NULL && !is_additive ? (double)*scale : 1;
    int32_t scores = is_additive ? score_sums(l, &a, scale, 1)
                     : is_sum    ? score_sums(l, &a, NULL, factor)
                                 : score(l, a.query, a.key, factor);
    scores = sum_scale != NULL && scores != NO_TENSOR ? keras_scaled(l, scores, (double)*sum_scale) : scores;
    const int32_t weights = weigh(l, &a, scores);
    int32_t y = KERAS_ADD(l, OP_BATCH_MATMUL, NULL, weights, a.value);
    const int32_t rows = keras_expanded(l, keras_mask(l, a.query), -1);
    y = rows != NO_TENSOR ? keras_where(l, rows, y, NO_TENSOR) : y;
    return give(l, &a, y, weights);
}

struct heads {
    int32_t count, key_width, value_width;
    int32_t pairs;   /* of key and value, each for as many queries; count: one for each */
    int32_t weights; /* in a list of names: 2 for each part, or 1 without biases */
};

/* The part of a layer that Keras keeps as a layer of its own. */
static struct keras_layer part_of(struct keras_layer *l, const struct heads *h, const char *name, int32_t index)
{
    struct keras_layer part = *l;
    part.first = l->first + index * h->weights;
    part.part = arena_printf(l->k->arena, "%s%s/", l->part, name);
    return part;
}

/* x [batch, steps, features] by a matrix [features, heads, width] to [batch, heads, steps, width]. */
static int32_t project(struct keras_layer *l, const struct heads *h, int32_t x, const char *name, int32_t index,
                       int32_t width)
{
    struct keras_layer part = part_of(l, h, name, index);
    const struct tensor t = *keras_tensor(l, x);
    const int32_t depth = t.dim[2], count = index == 0 ? h->count : h->pairs, units = count * width;
    const float *kernel = keras_weight(&part, 0, 3, (int32_t[]){depth, count, width});
    int32_t y = keras_by_rows(&part, x, kernel, depth, units);
    if (h->weights > 1) {
        const float *bias = y != NO_TENSOR ? keras_weight(&part, 1, 2, (int32_t[]){count, width}) : NULL;
        y = keras_by_channel(l, OP_ADD, y, bias);
    }
    if (y == NO_TENSOR) {
        return NO_TENSOR;
    }
    y = keras_reshaped(l, y, 4, (int32_t[]){t.dim[0], t.dim[1], count, width});
    return KERAS_ADD(l, OP_TRANSPOSE, NULL, y, keras_add_ints(l, 4, (int32_t[]){0, 2, 1, 3}));
}

/* [batch, heads, queries, width] of all heads; the weights behind it go to *weights. Queries that share a pair of key and value
 * are rows of one product. */
static int32_t attend(struct keras_layer *l, const struct heads *h, const struct attention *a, int32_t *weights)
{
    const struct tensor q = *keras_tensor(l, a->query), v = *keras_tensor(l, a->value);
    const int32_t batch = q.dim[0], shared = h->count / h->pairs;
    int32_t query = project(l, h, a->query, "query_dense", 0, h->key_width);
    const int32_t key = project(l, h, a->key, "key_dense", 1, h->key_width);
    const int32_t value = project(l, h, a->value, "value_dense", 2, h->value_width);
    if (query == NO_TENSOR || key == NO_TENSOR || value == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t rows = shared * q.dim[1];
    query = shared > 1 ? keras_reshaped(l, query, 4, (int32_t[]){batch, h->pairs, rows, h->key_width}) : query;
    int32_t scores = score(l, query, key, 1 / sqrt((double)h->key_width));
    scores = shared > 1 ? keras_reshaped(l, scores, 4, (int32_t[]){batch, h->count, q.dim[1], v.dim[1]}) : scores;
    scores = *weights = weigh(l, a, scores);
    scores = shared > 1 ? keras_reshaped(l, scores, 4, (int32_t[]){batch, h->pairs, rows, v.dim[1]}) : scores;
    const int32_t y = KERAS_ADD(l, OP_BATCH_MATMUL, NULL, scores, value);
    return shared > 1 ? keras_reshaped(l, y, 4, (int32_t[]){batch, h->count, q.dim[1], h->value_width}) : y;
}

static bool read_heads(struct keras_layer *l, struct heads *h)
{
    enum { MOST = 1 << 16 };
    const bool is_grouped = strncmp(l->class_name, "Group", 5) == 0;
    h->count = keras_int(l, is_grouped ? "num_query_heads" : "num_heads", 0);
    h->pairs = is_grouped ? keras_int(l, "num_key_value_heads", 0) : h->count;
    h->key_width = keras_int(l, is_grouped ? "head_dim" : "key_dim", 0);
    h->value_width = is_grouped ? h->key_width : keras_int(l, "value_dim", h->key_width);
    h->weights = keras_flag(l, "use_bias", true) ? 2 : 1;
    if (h->count < 1 || h->key_width < 1 || h->value_width < 1 || h->count > MOST || h->key_width > MOST ||
        h->value_width > MOST || h->pairs < 1 || h->count % h->pairs != 0) {
        keras_fail(l, "has %d heads of %d and %d, %d of keys", h->count, h->key_width, h->value_width, h->pairs);
        return false;
    }
    const cJSON *axes = keras_get(l->config, "attention_axes"), *window = keras_get(l->config, "sliding_window");
    const bool is_plain = (axes == NULL || cJSON_IsNull(axes) ||
                           (cJSON_GetArraySize(axes) == 1 && cJSON_GetNumberValue(axes->child) == 1)) &&
                          (window == NULL || cJSON_IsNull(window)) && !keras_flag(l, "use_gate", false);
    if (!is_plain) {
        keras_fail(l, "has attention_axes, a sliding_window or a gate, which mote lacks");
    }
    return is_plain;
}

int32_t keras_multi_head_attention(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    struct heads h;
    struct attention a;
    if (!take_call(l, in, in_count, true, &a) || !read_heads(l, &h)) {
        return NO_TENSOR;
    }
    const struct tensor t = *keras_tensor(l, a.query);
    const cJSON *shape = keras_get(l->config, "output_shape");
    int32_t width = t.dim[2], weights = NO_TENSOR;
    if (shape != NULL && !cJSON_IsNull(shape) && !keras_ints(l, "output_shape", 1, &width)) {
        return NO_TENSOR;
    }
    int32_t y = attend(l, &h, &a, &weights);
    y = KERAS_ADD(l, OP_TRANSPOSE, NULL, y, keras_add_ints(l, 4, (int32_t[]){0, 2, 1, 3}));
    const int32_t units = h.count * h.value_width;
    y = y != NO_TENSOR ? keras_reshaped(l, y, 3, (int32_t[]){t.dim[0], t.dim[1], units}) : NO_TENSOR;
    struct keras_layer part = part_of(l, &h, "output_dense", 3);
    const float *kernel = y != NO_TENSOR ? keras_weight(&part, 0, 3, (int32_t[]){h.count, h.value_width, width}) : NULL;
    y = keras_by_rows(&part, y, kernel, units, width);
    y = h.weights > 1 && y != NO_TENSOR ? keras_by_channel(l, OP_ADD, y, keras_weight(&part, 1, 1, &width)) : y;
    return give(l, &a, y, weights);
}

#endif
