/* SPDX-License-Identifier: MIT
 *
 * Layers that move values, and that join several inputs.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <string.h>

int32_t keras_identity(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)l;
    (void)in_count;
    return in[0];
}

int32_t keras_flatten(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *x = keras_tensor(l, in[0]);
    const int32_t batch = x->rank > 0 ? x->dim[0] : 1;
    return keras_reshaped(l, in[0], 2, (int32_t[]){batch, (int32_t)(ir_count(x) / (batch > 0 ? batch : 1))});
}

int32_t keras_reshape(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(l->config, "target_shape");
    int32_t dim[IR_MAX_RANK], rank = cJSON_GetArraySize(shape);
    if (rank < 0 || rank >= IR_MAX_RANK || (rank > 0 && !keras_ints(l, "target_shape", rank, dim + 1))) {
        return keras_fail(l, "has a target of %d dims, want at most %d", rank, IR_MAX_RANK - 1);
    }
    dim[0] = keras_tensor(l, in[0])->dim[0];
    return keras_reshaped(l, in[0], rank + 1, dim);
}

int32_t keras_permute(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t rank = keras_tensor(l, in[0])->rank;
    int32_t order[IR_MAX_RANK] = {0};
    if (rank < 2 || !keras_ints(l, "dims", rank - 1, order + 1)) {
        return NO_TENSOR;
    }
    return KERAS_ADD(l, OP_TRANSPOSE, NULL, in[0], keras_add_ints(l, rank, order));
}

int32_t keras_repeat_vector(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t n = keras_int(l, "n", 0), axis = 1, times[] = {1, n, 1};
    if (keras_tensor(l, in[0])->rank != 2 || n < 1) {
        return keras_fail(l, "repeats an input of %d dims %d times", keras_tensor(l, in[0])->rank, n);
    }
    const int32_t line = KERAS_ADD(l, OP_EXPAND_DIMS, NULL, in[0], keras_add_ints(l, 1, &axis));
    return KERAS_ADD(l, OP_TILE, NULL, line, keras_add_ints(l, 3, times));
}

/* Amounts in front and behind along each axis but batch and channels: one number, one an axis, or two an axis. */
static bool read_margins(struct keras_layer *l, const char *key, int32_t axes, int32_t margin[][2])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(l->config, key);
    const bool by_axis = axes > 1 && cJSON_IsArray(item) && cJSON_GetArraySize(item) == axes;
    for (int32_t a = 0; a < axes; a++) {
        const cJSON *one = by_axis ? cJSON_GetArrayItem(item, a) : item;
        for (int side = 0; side < 2; side++) {
            const cJSON *number = cJSON_IsArray(one) ? cJSON_GetArrayItem(one, side) : one;
            if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble < 1 << 20)) {
                keras_fail(l, "\"%s\" is no list of numbers for %d axes", key, axes);
                return false;
            }
            margin[a][side] = (int32_t)number->valuedouble;
        }
    }
    return true;
}

int32_t keras_zero_padding(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t rank = keras_tensor(l, in[0])->rank;
    int32_t pads[IR_MAX_RANK][2] = {{0}};
    if (rank < 3 || rank > 5 || !read_margins(l, "padding", rank - 2, pads + 1)) {
        return keras_fail(l, "input has %d dims, want 3 to 5", rank);
    }
    const int32_t list = keras_add_ints(l, 2 * rank, &pads[0][0]);
    l->k->g->tensors[list].rank = 2;
    l->k->g->tensors[list].dim[0] = rank;
    l->k->g->tensors[list].dim[1] = 2;
    return KERAS_ADD(l, OP_PAD, NULL, in[0], list);
}

int32_t keras_cropping(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *x = keras_tensor(l, in[0]);
    int32_t cut[IR_MAX_RANK][2] = {{0}}, begin[IR_MAX_RANK], size[IR_MAX_RANK];
    if (x->rank < 3 || x->rank > 5 || !read_margins(l, "cropping", x->rank - 2, cut + 1)) {
        return keras_fail(l, "input has %d dims, want 3 to 5", x->rank);
    }
    for (int32_t d = 0; d < x->rank; d++) {
        begin[d] = cut[d][0];
        size[d] = x->dim[d] - cut[d][0] - cut[d][1];
        if (size[d] < 1) {
            return keras_fail(l, "leaves nothing of dim %d", d);
        }
    }
    const int32_t rank = x->rank, first = keras_add_ints(l, rank, begin);
    return KERAS_ADD(l, OP_SLICE, NULL, in[0], first, keras_add_ints(l, rank, size));
}

/* Height and width of the config that lie within what a dim may be; false with an error. */
static bool read_size(struct keras_layer *l, int32_t size[2])
{
    enum { MOST = 1 << 16 };
    size[0] = keras_int(l, "height", 0);
    size[1] = keras_int(l, "width", 0);
    if (size[0] < 1 || size[1] < 1 || size[0] > MOST || size[1] > MOST) {
        keras_fail(l, "makes images of %d x %d", size[0], size[1]);
        return false;
    }
    return true;
}

/* A smaller image is scaled up first, which is another layer's work. */
int32_t keras_center_crop(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor t = *keras_tensor(l, in[0]);
    int32_t size[2];
    if (!read_size(l, size)) {
        return NO_TENSOR;
    }
    if (t.rank != 4 || t.dim[1] < size[0] || t.dim[2] < size[1]) {
        return keras_fail(l, "cuts %d x %d out of %d dims, %d x %d", size[0], size[1], t.rank, ir_dim(&t, -3),
                          ir_dim(&t, -2));
    }
    const int32_t begin[] = {0, (t.dim[1] - size[0]) / 2, (t.dim[2] - size[1]) / 2, 0};
    const int32_t first = keras_add_ints(l, 4, begin);
    return KERAS_ADD(l, OP_SLICE, NULL, in[0], first,
                     keras_add_ints(l, 4, (int32_t[]){t.dim[0], size[0], size[1], t.dim[3]}));
}

int32_t keras_resizing(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const char *how = keras_text(l, "interpolation");
    int32_t size[2];
    if (!read_size(l, size)) {
        return NO_TENSOR;
    }
    if ((*how != '\0' && strcmp(how, "nearest") != 0 && strcmp(how, "bilinear") != 0) ||
        keras_flag(l, "crop_to_aspect_ratio", false) || keras_flag(l, "pad_to_aspect_ratio", false) ||
        keras_tensor(l, in[0])->rank != 4) {
        return keras_fail(l, "has interpolation \"%.20s\"; want images, nearest or bilinear, to their size alone", how);
    }
    const struct attr attr = {.half_pixel_centers = true};
    return KERAS_ADD(l, *how == 'n' ? OP_RESIZE_NEAREST_NEIGHBOR : OP_RESIZE_BILINEAR, &attr, in[0],
                     keras_add_ints(l, 2, size));
}

/* An image by so many pixels for each one. */
static int32_t scale_up(struct keras_layer *l, int32_t x, int32_t height, int32_t width)
{
    const char *how = keras_text(l, "interpolation");
    const int32_t times[] = {height, width};
    int32_t size[2];
    if (x == NO_TENSOR || (*how != '\0' && strcmp(how, "nearest") != 0 && strcmp(how, "bilinear") != 0)) {
        return keras_fail(l, "has interpolation \"%.20s\", want nearest or bilinear", how);
    }
    for (int i = 0; i < 2; i++) {
        const int64_t extent = (int64_t)keras_tensor(l, x)->dim[1 + i] * times[i];
        if (times[i] < 1 || extent > INT32_MAX) {
            return keras_fail(l, "makes a dim of %lld", (long long)extent);
        }
        size[i] = (int32_t)extent;
    }
    const struct attr attr = {.half_pixel_centers = true};
    return KERAS_ADD(l, *how == 'b' ? OP_RESIZE_BILINEAR : OP_RESIZE_NEAREST_NEIGHBOR, &attr, x,
                     keras_add_ints(l, 2, size));
}

/* First each slice, then along the depth. */
static int32_t scale_volume(struct keras_layer *l, int32_t x, const int32_t times[3])
{
    const struct tensor t = *keras_tensor(l, x);
    const int32_t n = t.dim[0], depth = t.dim[1], channels = t.dim[4];
    x = keras_reshaped(l, x, 4, (int32_t[]){n * depth, t.dim[2], t.dim[3], channels});
    x = scale_up(l, x, times[1], times[2]);
    if (x == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t height = keras_tensor(l, x)->dim[1], width = keras_tensor(l, x)->dim[2];
    x = scale_up(l, keras_reshaped(l, x, 4, (int32_t[]){n, depth, height * width, channels}), times[0], 1);
    return x == NO_TENSOR ? x : keras_reshaped(l, x, 5, (int32_t[]){n, depth * times[0], height, width, channels});
}

int32_t keras_up_sampling(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t rank = keras_tensor(l, in[0])->rank, one = 1;
    int32_t times[3] = {1, 1, 1};
    if (rank < 3 || rank > 5) {
        return keras_fail(l, "input has %d dims, want 3 to 5", rank);
    }
    if (rank == 3) {
        times[0] = keras_int(l, "size", 2);
    } else if (!keras_ints(l, "size", rank - 2, times)) {
        return NO_TENSOR;
    }
    if (rank == 5) {
        return scale_volume(l, in[0], times);
    }
    if (rank == 4) {
        return scale_up(l, in[0], times[0], times[1]);
    }
    const int32_t x = scale_up(l, KERAS_ADD(l, OP_EXPAND_DIMS, NULL, in[0], keras_add_ints(l, 1, &one)), 1, times[0]);
    const struct attr squeeze = {.list = arena_copy(l->k->arena, &one, sizeof one), .list_count = 1};
    return x != NO_TENSOR ? KERAS_ADD(l, OP_SQUEEZE, &squeeze, x) : x;
}

/*** Several inputs ***/

static enum op merge_op(const char *name)
{
    static const struct {
        const char *name;
        enum op op;
    } ops[] = {{"Subtract", OP_SUB}, {"Multiply", OP_MUL}, {"Maximum", OP_MAXIMUM}, {"Minimum", OP_MINIMUM}};
    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        if (strcmp(ops[i].name, name) == 0) {
            return ops[i].op;
        }
    }
    return OP_ADD; /* Add, Average */
}

int32_t keras_merge(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    const enum op op = merge_op(l->class_name);
    int32_t x = in[0];
    for (int32_t i = 1; i < in_count && x != NO_TENSOR; i++) {
        x = KERAS_ADD(l, op, NULL, x, in[i]);
    }
    const bool is_average = strcmp(l->class_name, "Average") == 0;
    return is_average && x != NO_TENSOR ? keras_scaled(l, x, 1.0 / in_count) : x;
}

/* Products along one axis of each: x [batch, ..., k] and y [batch, ..., k]. */
int32_t keras_dot(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    int32_t axes[2];
    if (in_count != 2 || !keras_ints(l, "axes", 2, axes)) {
        return keras_fail(l, "has %d inputs, want 2", in_count);
    }
    int32_t side[2];
    for (int i = 0; i < 2; i++) {
        const struct tensor t = *keras_tensor(l, in[i]);
        const int32_t axis = axes[i] < 0 ? axes[i] + t.rank : axes[i];
        if (t.rank < 2 || t.rank > 3 || axis < 1 || axis >= t.rank) {
            return keras_fail(l, "multiplies along axis %d of %d dims, want 2 or 3", axes[i], t.rank);
        }
        side[i] = keras_flag(l, "normalize", false) && axis == t.rank - 1
                      ? KERAS_ADD(l, OP_L2_NORMALIZATION, NULL, in[i])
                      : in[i];
        if (side[i] == NO_TENSOR || (side[i] == in[i] && keras_flag(l, "normalize", false))) {
            return keras_fail(l, "normalises along axis %d, want the last", axes[i]);
        }
        side[i] = t.rank == 2 ? keras_reshaped(l, side[i], 3, (int32_t[]){t.dim[0], 1, t.dim[1]}) : side[i];
        axes[i] = t.rank == 2 ? 2 : axis;
    }
    const struct attr attr = {.adj_x = axes[0] == 1, .adj_y = axes[1] == 2};
    const int32_t y = KERAS_ADD(l, OP_BATCH_MATMUL, &attr, side[0], side[1]);
    if (y == NO_TENSOR) {
        return NO_TENSOR;
    }
    const struct tensor t = *keras_tensor(l, y);
    const bool keeps[2] = {keras_tensor(l, in[0])->rank == 3, keras_tensor(l, in[1])->rank == 3};
    int32_t dim[4] = {t.dim[0]}, rank = 1;
    for (int i = 0; i < 2; i++) {
        if (keeps[i]) {
            dim[rank++] = t.dim[1 + i];
        }
    }
    dim[rank] = 1;
    return keras_reshaped(l, y, rank > 1 ? rank : 2, dim);
}

/* Along the steps masks are joined, too; along features a step counts that does in one of the inputs. */
static void join_masks(struct keras_layer *l, const int32_t in[], int32_t in_count, int32_t axis, int32_t out)
{
    int32_t *masks = ARENA_ARRAY(l->k->arena, in_count, int32_t), given = 0, mask = NO_TENSOR;
    for (int32_t i = 0; i < in_count; i++) {
        masks[i] = keras_mask(l, in[i]);
        given += masks[i] != NO_TENSOR;
    }
    if (given == 0 || out == NO_TENSOR || (axis != 1 && given < in_count)) {
        return;
    }
    for (int32_t i = 0; i < in_count && axis == 1; i++) {
        const struct tensor t = *keras_tensor(l, in[i]);
        uint8_t *all = masks[i] == NO_TENSOR ? arena_array(l->k->arena, (size_t)t.dim[0], (size_t)t.dim[1]) : NULL;
        if (all != NULL) {
            memset(all, 1, (size_t)t.dim[0] * (size_t)t.dim[1]);
            masks[i] = keras_add_bools(l, 2, t.dim, all);
        }
    }
    if (axis == 1) {
        mask = keras_add_typed(l, OP_CONCATENATION, TYPE_BOOL, in_count, masks, &(struct attr){.axis = 1});
    }
    for (int32_t i = 0; i < in_count && axis != 1; i++) {
        const int32_t both[] = {mask, masks[i]};
        mask = i == 0 ? masks[0] : keras_add_typed(l, OP_LOGICAL_OR, TYPE_BOOL, 2, both, NULL);
    }
    keras_set_mask(l, out, mask);
}

int32_t keras_concatenate(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    const int32_t axis = keras_int(l, "axis", -1), rank = keras_tensor(l, in[0])->rank;
    if (!keras_check_call(l, (const char *const[]){NULL})) {
        return NO_TENSOR;
    }
    const int32_t out = keras_add(l, OP_CONCATENATION, in_count, in, &(struct attr){.axis = axis});
    join_masks(l, in, in_count, axis < 0 ? axis + rank : axis, out);
    return out;
}

/*** Layers in layers ***/

/* The layer inside as it is: what is around it works in training only. */
int32_t keras_wrapped(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    struct keras_layer inner;
    return keras_inner_layer(l, "layer", "layer/", 0, &inner) ? keras_convert(&inner, in, in_count) : NO_TENSOR;
}

/* The steps become the batch of the inner layer. */
int32_t keras_time_distributed(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct keras_layer inner;
    if (!keras_check_call(l, (const char *const[]){NULL}) || !keras_inner_layer(l, "layer", "layer/", 0, &inner)) {
        return NO_TENSOR;
    }
    int32_t dim[IR_MAX_RANK];
    const struct tensor *x = keras_tensor(l, in[0]);
    if (x->rank < 2 || x->dim[0] != 1) {
        return keras_fail(l, "input has %d dims, want 2 or more, of one batch", x->rank);
    }
    const int32_t rank = x->rank, steps = x->dim[1];
    memcpy(dim, x->dim + 1, (size_t)(rank - 1) * sizeof *dim);
    const int32_t each = keras_reshaped(l, in[0], rank - 1, dim), mask = keras_mask(l, in[0]);
    if (mask != NO_TENSOR && keras_tensor(l, mask)->rank > 2) {
        const struct tensor of_steps = *keras_tensor(l, mask);
        keras_set_mask(l, each, keras_reshaped(l, mask, of_steps.rank - 1, of_steps.dim + 1));
    }
    const int32_t made = keras_convert(&inner, &each, 1);
    if (made == NO_TENSOR) {
        return NO_TENSOR;
    }
    const struct tensor *y = keras_tensor(l, made);
    if (y->rank >= IR_MAX_RANK || y->rank < 1 || y->dim[0] != steps) {
        return keras_fail(l, "its layer does not keep the batch");
    }
    dim[0] = 1;
    memcpy(dim + 1, y->dim, (size_t)y->rank * sizeof *dim);
    const int32_t out = keras_reshaped(l, made, y->rank + 1, dim);
    keras_set_mask(l, out, l->k->file->version == 2 && mask != NO_TENSOR ? mask : NO_TENSOR); /* Keras 3 drops it */
    return out;
}

#endif
