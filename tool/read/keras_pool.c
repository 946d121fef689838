/* SPDX-License-Identifier: MIT
 *
 * Pooling. What has one dimension is an image of height 1.
 */
#include "keras_conv.h"

#ifdef HAVE_KERAS

#include <string.h>

enum { DEPTH = KERAS_DEPTH_AXIS, HEIGHT, WIDTH, SPACE };

/* An adaptive layer says how many windows there are. They are alike where they share the input evenly. */
static bool read_adaptive(struct keras_layer *l, const struct tensor *x, int32_t axes, struct keras_window *w)
{
    int32_t count[SPACE];
    *w = (struct keras_window){{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, PADDING_VALID, false};
    if (!keras_ints(l, "output_size", axes, count)) {
        return false;
    }
    for (int32_t i = 0; i < axes; i++) {
        const int32_t dim = x->dim[x->rank - 1 - axes + i];
        if (count[i] < 1 || dim % count[i] != 0) {
            keras_fail(l, "makes %d of %d; want the input to be a multiple of that", count[i], dim);
            return false;
        }
        w->size[SPACE - axes + i] = w->stride[SPACE - axes + i] = dim / count[i];
    }
    return true;
}

/* Without strides a window moves by its size. */
static bool read_pool(struct keras_layer *l, int32_t x, int32_t axes, struct keras_window *w)
{
    if (x == NO_TENSOR) {
        return false;
    }
    if (strncmp(l->class_name, "Adaptive", 8) == 0) {
        return read_adaptive(l, keras_tensor(l, x), axes, w);
    }
    const cJSON *strides = cJSON_GetObjectItemCaseSensitive(l->config, "strides");
    if (!keras_read_window(l, axes, "pool_size", w)) {
        return false;
    }
    if (strides == NULL || cJSON_IsNull(strides)) {
        memcpy(w->stride, w->size, sizeof w->stride);
    }
    return true;
}

/* By the window's height and width. */
static int32_t add_pool(struct keras_layer *l, int32_t x, const struct keras_window *w)
{
    struct attr attr = keras_window_attr(w);
    attr.filter_h = w->size[HEIGHT];
    attr.filter_w = w->size[WIDTH];
    return KERAS_ADD(l, strstr(l->class_name, "Max") != NULL ? OP_MAX_POOL_2D : OP_AVERAGE_POOL_2D, &attr, x);
}

static int32_t pool(struct keras_layer *l, int32_t x, int32_t axes)
{
    struct keras_window w;
    return x != NO_TENSOR && keras_check_rank(l, x, 4) && read_pool(l, x, axes, &w) ? add_pool(l, x, &w) : NO_TENSOR;
}

/* Maxima and means of boxes are those of their slices' ones: first of each slice, then along the depth. */
int32_t keras_pool3d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct keras_window w;
    if (!keras_check_rank(l, in[0], 5) || !read_pool(l, in[0], 3, &w)) {
        return NO_TENSOR;
    }
    const struct tensor t = *keras_tensor(l, in[0]);
    const int32_t n = t.dim[0], depth = t.dim[1], channels = t.dim[4];
    int32_t x = keras_reshaped(l, in[0], 4, (int32_t[]){n * depth, t.dim[2], t.dim[3], channels});
    x = add_pool(l, x, &w);
    if (x == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t height = keras_tensor(l, x)->dim[1], width = keras_tensor(l, x)->dim[2];
    const struct keras_window along = {{1, w.size[DEPTH], 1}, {1, w.stride[DEPTH], 1}, {1, 1, 1}, w.padding, false};
    x = add_pool(l, keras_reshaped(l, x, 4, (int32_t[]){n, depth, height * width, channels}), &along);
    if (x == NO_TENSOR) {
        return NO_TENSOR;
    }
    return keras_reshaped(l, x, 5, (int32_t[]){n, keras_tensor(l, x)->dim[1], height, width, channels});
}

int32_t keras_pool2d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return pool(l, in[0], 2);
}

int32_t keras_pool1d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    if (!keras_check_rank(l, in[0], 3)) {
        return NO_TENSOR;
    }
    return keras_as_line(l, pool(l, keras_as_image(l, in[0]), 1));
}

int32_t keras_global_pool(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t rank = keras_tensor(l, in[0])->rank, axes[] = {1, 2, 3};
    if (rank < 3 || rank > 5) {
        return keras_fail(l, "input has %d dims, want 3 to 5", rank);
    }
    const struct attr attr = {.keep_dims = keras_flag(l, "keepdims", false)};
    const int32_t mask = strcmp(l->class_name, "GlobalAveragePooling1D") == 0 ? keras_mask(l, in[0]) : NO_TENSOR;
    if (mask != NO_TENSOR) {
        return keras_masked_mean(l, in[0], mask, attr.keep_dims);
    }
    return KERAS_ADD(l, strstr(l->class_name, "Max") != NULL ? OP_REDUCE_MAX : OP_MEAN, &attr, in[0],
                     keras_add_ints(l, rank - 2, axes));
}

#endif
