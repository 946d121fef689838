/* SPDX-License-Identifier: MIT
 *
 * Attention. Inputs are query, value and, where it is not the value, key.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <math.h>
#include <string.h>

/* What a call says besides its inputs: a mask would be lost. */
static bool check_call(struct keras_layer *l)
{
    static const char *const refused[] = {"attention_mask",  "mask",
                                          "query_mask",      "value_mask",
                                          "key_mask",        "return_attention_scores",
                                          "use_causal_mask", "query",
                                          "value",           "key"};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const cJSON *item = keras_get(l->arguments, refused[i]);
        if (item != NULL && !cJSON_IsNull(item) && !cJSON_IsFalse(item)) {
            keras_fail(l, "is called with \"%s\"; mote has attention to all, of inputs given by their order",
                       refused[i]);
            return false;
        }
    }
    return true;
}

static bool check_inputs(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    bool fits = in_count >= 1 && in_count <= 3;
    for (int32_t i = 0; i < in_count && fits; i++) {
        fits = keras_tensor(l, in[i])->rank == 3;
    }
    if (!fits) {
        keras_fail(l, "has %d inputs, or some of another shape than [batch, steps, features]", in_count);
    }
    return fits && check_call(l);
}

/* softmax(q * k^T * scale) * v over the last two dims */
static int32_t attend(struct keras_layer *l, int32_t q, int32_t k, int32_t v, double scale)
{
    const int32_t scores = keras_scaled(l, KERAS_ADD(l, OP_BATCH_MATMUL, &(struct attr){.adj_y = true}, q, k), scale);
    return KERAS_ADD(l, OP_BATCH_MATMUL, NULL, KERAS_ADD(l, OP_SOFTMAX, &(struct attr){.beta = 1}, scores), v);
}

int32_t keras_attention(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    const char *mode = keras_text(l, "score_mode");
    if (!check_inputs(l, in, in_count) || in_count < 2) {
        return in_count < 2 ? keras_fail(l, "has one input, want query and value") : NO_TENSOR;
    }
    if (*mode != '\0' && strcmp(mode, "dot") != 0) {
        return keras_fail(l, "has score_mode \"%.20s\", want dot", mode);
    }
    const float *scale = keras_flag(l, "use_scale", false) ? keras_weight(l, 0, 0, NULL) : NULL;
    return attend(l, in[0], in_count > 2 ? in[2] : in[1], in[1], scale != NULL ? (double)*scale : 1);
}

/*** Many heads ***/

struct heads {
    int32_t count, key_width, value_width;
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
    const int32_t depth = t.dim[2], units = h->count * width;
    const float *kernel = keras_weight(&part, 0, 3, (int32_t[]){depth, h->count, width});
    int32_t y = keras_by_rows(&part, x, kernel, depth, units);
    if (h->weights > 1) {
        const float *bias = y != NO_TENSOR ? keras_weight(&part, 1, 2, (int32_t[]){h->count, width}) : NULL;
        y = keras_by_channel(l, OP_ADD, y, bias);
    }
    if (y == NO_TENSOR) {
        return NO_TENSOR;
    }
    y = keras_reshaped(l, y, 4, (int32_t[]){t.dim[0], t.dim[1], h->count, width});
    return KERAS_ADD(l, OP_TRANSPOSE, NULL, y, keras_add_ints(l, 4, (int32_t[]){0, 2, 1, 3}));
}

int32_t keras_multi_head_attention(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    enum { MOST = 1 << 16 };
    struct heads h = {keras_int(l, "num_heads", 0), keras_int(l, "key_dim", 0), 0,
                      keras_flag(l, "use_bias", true) ? 2 : 1};
    h.value_width = keras_int(l, "value_dim", h.key_width);
    if (!check_inputs(l, in, in_count)) {
        return NO_TENSOR;
    }
    if (h.count < 1 || h.key_width < 1 || h.value_width < 1 || h.count > MOST || h.key_width > MOST ||
        h.value_width > MOST) {
        return keras_fail(l, "has %d heads of %d and %d", h.count, h.key_width, h.value_width);
    }
    const struct tensor t = *keras_tensor(l, in[0]);
    const int32_t value = in_count > 1 ? in[1] : in[0], key = in_count > 2 ? in[2] : value;
    const cJSON *shape = keras_get(l->config, "output_shape");
    int32_t width = t.dim[2];
    if (shape != NULL && !cJSON_IsNull(shape) && !keras_ints(l, "output_shape", 1, &width)) {
        return NO_TENSOR;
    }
    const int32_t q = project(l, &h, in[0], "query_dense", 0, h.key_width);
    const int32_t k = project(l, &h, key, "key_dense", 1, h.key_width);
    const int32_t v = project(l, &h, value, "value_dense", 2, h.value_width);
    if (q == NO_TENSOR || k == NO_TENSOR || v == NO_TENSOR) {
        return NO_TENSOR;
    }
    int32_t y = attend(l, q, k, v, 1 / sqrt((double)h.key_width));
    y = KERAS_ADD(l, OP_TRANSPOSE, NULL, y, keras_add_ints(l, 4, (int32_t[]){0, 2, 1, 3}));
    const int32_t units = h.count * h.value_width;
    y = y != NO_TENSOR ? keras_reshaped(l, y, 3, (int32_t[]){t.dim[0], t.dim[1], units}) : NO_TENSOR;
    struct keras_layer part = part_of(l, &h, "output_dense", 3);
    const float *kernel = y != NO_TENSOR ? keras_weight(&part, 0, 3, (int32_t[]){h.count, h.value_width, width}) : NULL;
    y = keras_by_rows(&part, y, kernel, units, width);
    return h.weights > 1 && y != NO_TENSOR ? keras_by_channel(l, OP_ADD, y, keras_weight(&part, 1, 1, &width)) : y;
}

#endif
