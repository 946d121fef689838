/* SPDX-License-Identifier: MIT
 *
 * Layers that scale: normalisations, and embeddings.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <math.h>

/* The one axis of a layer is the last, however it is written: -1, 3, [3]. */
static bool is_last_axis(struct keras_layer *l, int32_t rank)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(l->config, "axis");
    const cJSON *axis = cJSON_IsArray(item) && cJSON_GetArraySize(item) == 1 ? item->child : item;
    const double value = axis == NULL ? -1 : cJSON_IsNumber(axis) ? axis->valuedouble : 1e9;
    if (value != -1 && value != rank - 1) {
        keras_fail(l, "works along axis %g; want the last", value);
        return false;
    }
    return true;
}

/* (x - mean) / sqrt(variance + epsilon) * gamma + beta, with constants, as x * factor + term. */
int32_t keras_batch_norm(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *x = keras_tensor(l, in[0]);
    const int32_t n = ir_dim(x, -1);
    const bool has_gamma = keras_flag(l, "scale", true), has_beta = keras_flag(l, "center", true);
    int32_t index = 0;
    if (!is_last_axis(l, x->rank)) {
        return NO_TENSOR;
    }
    const float *gamma = has_gamma ? keras_weight(l, index++, 1, &n) : NULL;
    const float *beta = has_beta ? keras_weight(l, index++, 1, &n) : NULL;
    const float *mean = keras_weight(l, index++, 1, &n),
                *variance = mean != NULL ? keras_weight(l, index, 1, &n) : NULL;
    if (mean == NULL || variance == NULL || (has_gamma && gamma == NULL) || (has_beta && beta == NULL)) {
        return NO_TENSOR;
    }
    const double epsilon = keras_real(l, "epsilon", 1e-3);
    float *factor = ARENA_ARRAY(l->k->arena, n, float), *term = ARENA_ARRAY(l->k->arena, n, float);
    for (int32_t i = 0; i < n; i++) {
        const double scale = (gamma != NULL ? (double)gamma[i] : 1) / sqrt((double)variance[i] + epsilon);
        factor[i] = (float)scale;
        term[i] = (float)((beta != NULL ? (double)beta[i] : 0) - (double)mean[i] * scale);
    }
    return keras_by_channel(l, OP_ADD, keras_by_channel(l, OP_MUL, in[0], factor), term);
}

int32_t keras_layer_norm(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *t = keras_tensor(l, in[0]);
    const int32_t n = ir_dim(t, -1), last = t->rank - 1;
    if (!is_last_axis(l, t->rank)) {
        return NO_TENSOR;
    }
    const struct attr keep = {.keep_dims = true};
    const int32_t mean = KERAS_ADD(l, OP_MEAN, &keep, in[0], keras_add_ints(l, 1, &last));
    const int32_t centred = KERAS_ADD(l, OP_SUB, NULL, in[0], mean);
    const int32_t square = KERAS_ADD(l, OP_SQUARE, NULL, centred);
    const int32_t variance = KERAS_ADD(l, OP_MEAN, &keep, square, keras_add_ints(l, 1, &last));
    const int32_t factor = KERAS_ADD(l, OP_RSQRT, NULL, keras_shifted(l, variance, keras_real(l, "epsilon", 1e-3)));
    int32_t x = KERAS_ADD(l, OP_MUL, NULL, centred, factor), index = 0;
    if (keras_flag(l, "scale", true)) {
        x = keras_by_channel(l, OP_MUL, x, keras_weight(l, index++, 1, &n));
    }
    return keras_flag(l, "center", true) ? keras_by_channel(l, OP_ADD, x, keras_weight(l, index, 1, &n)) : x;
}

/* x / sqrt(mean of squares + epsilon) * scale */
int32_t keras_rms_norm(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *t = keras_tensor(l, in[0]);
    const int32_t n = ir_dim(t, -1), last = t->rank - 1;
    if (!is_last_axis(l, t->rank)) {
        return NO_TENSOR;
    }
    const int32_t square = KERAS_ADD(l, OP_SQUARE, NULL, in[0]);
    const int32_t mean = KERAS_ADD(l, OP_MEAN, &(struct attr){.keep_dims = true}, square, keras_add_ints(l, 1, &last));
    const int32_t factor = KERAS_ADD(l, OP_RSQRT, NULL, keras_shifted(l, mean, keras_real(l, "epsilon", 1e-6)));
    return keras_by_channel(l, OP_MUL, KERAS_ADD(l, OP_MUL, NULL, in[0], factor), keras_weight(l, 0, 1, &n));
}

/* x / sqrt(sum of squares), along the last axis */
int32_t keras_unit_norm(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return is_last_axis(l, keras_tensor(l, in[0])->rank) ? KERAS_ADD(l, OP_L2_NORMALIZATION, NULL, in[0]) : NO_TENSOR;
}

/* Over all of a group of channels: [batch, ..., groups * k] as [batch, ..., groups, k]. */
int32_t keras_group_norm(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor t = *keras_tensor(l, in[0]);
    const int32_t n = ir_dim(&t, -1), given = keras_int(l, "groups", 32), groups = given == -1 ? n : given;
    int32_t dim[IR_MAX_RANK], axes[IR_MAX_RANK], count = 0;
    if (!is_last_axis(l, t.rank)) {
        return NO_TENSOR;
    }
    if (t.rank < 2 || t.rank >= IR_MAX_RANK || groups < 1 || n % groups != 0) {
        return keras_fail(l, "has %d groups of %d channels", groups, n);
    }
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = d < t.rank - 1 ? t.dim[d] : groups;
        axes[count] = d + 1;
        count += d + 1 != t.rank - 1;
    }
    dim[t.rank] = n / groups;
    const struct attr keep = {.keep_dims = true};
    const int32_t x = keras_reshaped(l, in[0], t.rank + 1, dim);
    const int32_t centred =
        KERAS_ADD(l, OP_SUB, NULL, x, KERAS_ADD(l, OP_MEAN, &keep, x, keras_add_ints(l, count, axes)));
    const int32_t square = KERAS_ADD(l, OP_SQUARE, NULL, centred);
    const int32_t variance = KERAS_ADD(l, OP_MEAN, &keep, square, keras_add_ints(l, count, axes));
    const int32_t factor = KERAS_ADD(l, OP_RSQRT, NULL, keras_shifted(l, variance, keras_real(l, "epsilon", 1e-3)));
    int32_t y = KERAS_ADD(l, OP_MUL, NULL, centred, factor), index = 0;
    y = y != NO_TENSOR ? keras_reshaped(l, y, t.rank, t.dim) : NO_TENSOR;
    if (keras_flag(l, "scale", true)) {
        y = keras_by_channel(l, OP_MUL, y, keras_weight(l, index++, 1, &n));
    }
    return keras_flag(l, "center", true) ? keras_by_channel(l, OP_ADD, y, keras_weight(l, index, 1, &n)) : y;
}

/* Numbers of the config, flat; NULL: there are none. */
static const float *config_numbers(struct keras_layer *l, const char *key, int32_t count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(l->config, key), *number;
    if (item == NULL || cJSON_IsNull(item)) {
        return NULL;
    }
    while (cJSON_IsArray(item) && cJSON_IsArray(item->child)) {
        item = item->child;
    }
    float *values = ARENA_ARRAY(l->k->arena, count, float);
    number = cJSON_IsArray(item) ? item->child : item;
    const bool is_one = !cJSON_IsArray(item) || number == NULL || number->next == NULL;
    for (int32_t i = 0; i < count; i++) {
        if (!cJSON_IsNumber(number)) {
            keras_fail(l, "\"%s\" has fewer than %d numbers", key, count);
            return NULL;
        }
        values[i] = (float)number->valuedouble;
        number = is_one ? number : number->next;
    }
    return values;
}

/* (x - mean) / max(sqrt(variance), 1e-7), of the data that the layer was adapted to. */
int32_t keras_normalization(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *x = keras_tensor(l, in[0]);
    const cJSON *axis = cJSON_GetObjectItemCaseSensitive(l->config, "axis");
    const bool all = cJSON_IsNull(axis) || (cJSON_IsArray(axis) && cJSON_GetArraySize(axis) == 0);
    const int32_t n = all ? 1 : ir_dim(x, -1);
    if (!all && !is_last_axis(l, x->rank)) {
        return NO_TENSOR;
    }
    const float *mean = config_numbers(l, "mean", n), *variance = config_numbers(l, "variance", n);
    if (mean == NULL && !l->k->diag->failed) {
        mean = keras_weight(l, 0, 1, &n);
        variance = mean != NULL ? keras_weight(l, 1, 1, &n) : NULL;
    }
    if (mean == NULL || variance == NULL) {
        return keras_fail(l, "has no mean and variance; adapt it before the model is saved");
    }
    float *factor = ARENA_ARRAY(l->k->arena, n, float), *term = ARENA_ARRAY(l->k->arena, n, float);
    for (int32_t i = 0; i < n; i++) {
        const double scale = 1 / fmax(sqrt((double)variance[i]), 1e-7);
        factor[i] = (float)(keras_flag(l, "invert", false) ? 1 / scale : scale);
        term[i] = (float)(keras_flag(l, "invert", false) ? (double)mean[i] : -(double)mean[i] * scale);
    }
    const int32_t scaled = KERAS_ADD(l, OP_MUL, NULL, in[0], keras_add_floats(l, 1, &n, factor));
    return KERAS_ADD(l, OP_ADD, NULL, scaled, keras_add_floats(l, 1, &n, term));
}

int32_t keras_rescaling(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return keras_shifted(l, keras_scaled(l, in[0], keras_real(l, "scale", 1)), keras_real(l, "offset", 0));
}

int32_t keras_embedding(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t rows = keras_int(l, "input_dim", 0), width = keras_int(l, "output_dim", 0);
    if (rows < 1 || width < 1) {
        return keras_fail(l, "has a table of %d x %d", rows, width);
    }
    const int32_t dim[] = {rows, width}, table = keras_add_floats(l, 2, dim, keras_weight(l, 0, 2, dim));
    const int32_t index = keras_tensor(l, in[0])->type == TYPE_S32
                              ? in[0]
                              : keras_add_typed(l, OP_CAST, TYPE_S32, 1, in, &(struct attr){.type = TYPE_S32});
    if (table == NO_TENSOR || index == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t out = KERAS_ADD(l, OP_GATHER, NULL, table, index);
    if (keras_flag(l, "mask_zero", false)) {
        const int32_t zero = keras_add_ints(l, 0, &(int32_t){0});
        keras_set_mask(l, out, keras_add_typed(l, OP_NOT_EQUAL, TYPE_BOOL, 2, (int32_t[]){index, zero}, NULL));
    }
    return out;
}

#endif
