/* SPDX-License-Identifier: MIT
 *
 * Dense layers, convolutions. What has one dimension is an image of height 1.
 */
#include "keras_conv.h"

#ifdef HAVE_KERAS

#include <string.h>

enum { MOST_CHANNELS = 1 << 20 };

enum { DEPTH = KERAS_DEPTH_AXIS, HEIGHT, WIDTH, SPACE };

static bool read_axes(struct keras_layer *l, const char *key, int32_t axes, int32_t values[SPACE])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(l->config, key);
    values[DEPTH] = values[HEIGHT] = values[WIDTH] = 1;
    if (item == NULL || cJSON_IsNull(item)) {
        return true;
    }
    if (!keras_ints(l, key, axes, values + SPACE - axes)) {
        return false;
    }
    for (int i = 0; i < SPACE; i++) {
        if (values[i] < 1) {
            keras_fail(l, "\"%s\" is %d", key, values[i]);
            return false;
        }
    }
    return true;
}

bool keras_read_window(struct keras_layer *l, int32_t axes, const char *size_key, struct keras_window *w)
{
    const char *padding = keras_text(l, "padding");
    *w = (struct keras_window){.padding = strcmp(padding, "same") == 0 ? PADDING_SAME : PADDING_VALID};
    w->is_causal = strcmp(padding, "causal") == 0;
    return read_axes(l, size_key, axes, w->size) && read_axes(l, "strides", axes, w->stride) &&
           read_axes(l, "dilation_rate", axes, w->dilation);
}

struct attr keras_window_attr(const struct keras_window *w)
{
    return (struct attr){.padding = w->padding,
                         .stride_h = w->stride[HEIGHT],
                         .stride_w = w->stride[WIDTH],
                         .dilation_h = w->dilation[HEIGHT],
                         .dilation_w = w->dilation[WIDTH]};
}

bool keras_check_rank(struct keras_layer *l, int32_t x, int32_t rank)
{
    const int32_t is = keras_tensor(l, x)->rank;
    if (is != rank) {
        keras_fail(l, "input has %d dims, want %d", is, rank);
    }
    return is == rank;
}

int32_t keras_read_filters(struct keras_layer *l, const char *key)
{
    const int32_t count = keras_int(l, key, 0);
    if (count < 1 || count > MOST_CHANNELS) {
        keras_fail(l, "\"%s\" is %d", key, count);
        return 0;
    }
    return count;
}

int32_t keras_as_image(struct keras_layer *l, int32_t x)
{
    const int32_t axis = 1;
    return KERAS_ADD(l, OP_EXPAND_DIMS, NULL, x, keras_add_ints(l, 1, &axis));
}

int32_t keras_as_line(struct keras_layer *l, int32_t x)
{
    const struct attr attr = {.list = arena_copy(l->k->arena, &(int32_t){1}, sizeof(int32_t)), .list_count = 1};
    return KERAS_ADD(l, OP_SQUEEZE, &attr, x);
}

/* Axes of a matrix change places: [a, b] of runs to [b, a]. */
static const float *swapped(struct keras_layer *l, const float *from, int32_t a, int32_t b, int32_t run)
{
    if (from == NULL) {
        return NULL;
    }
    float *to = ARENA_ARRAY(l->k->arena, (size_t)a * (size_t)b * (size_t)run, float);
    for (size_t i = 0; i < (size_t)a; i++) {
        for (size_t k = 0; k < (size_t)b; k++) {
            memcpy(to + (k * (size_t)a + i) * (size_t)run, from + (i * (size_t)b + k) * (size_t)run,
                   (size_t)run * sizeof *to);
        }
    }
    return to;
}

/* The bias that follows `index` weights; NO_TENSOR: none, or an error. */
int32_t keras_add_bias(struct keras_layer *l, int32_t index, int32_t count)
{
    if (!keras_flag(l, "use_bias", true)) {
        return NO_TENSOR;
    }
    return keras_add_floats(l, 1, &count, keras_weight(l, index, 1, &count));
}

/* A convolution by filters [out, h, w, in]. */
int32_t keras_add_conv(struct keras_layer *l, enum op op, int32_t x, int32_t filter, int32_t bias,
                       const struct attr *attr)
{
    if (filter == NO_TENSOR || x == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t in[] = {x, filter, bias};
    return keras_add(l, op, bias == NO_TENSOR ? 2 : 3, in, attr);
}

/*** Dense ***/

int32_t keras_by_rows(struct keras_layer *l, int32_t x, const float *matrix, int32_t depth, int32_t units)
{
    const int32_t weights = keras_add_floats(l, 2, (int32_t[]){units, depth}, swapped(l, matrix, depth, units, 1));
    return keras_add_conv(l, OP_FULLY_CONNECTED, x, weights, NO_TENSOR, &(struct attr){.keep_num_dims = true});
}

int32_t keras_dense(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *x = keras_tensor(l, in[0]);
    const int32_t units = keras_read_filters(l, "units"), depth = ir_dim(x, -1);
    if (units == 0 || x->rank < 2) {
        return keras_fail(l, "input has %d dims, want 2 or more", x->rank);
    }
    const float *kernel = swapped(l, keras_weight(l, 0, 2, (int32_t[]){depth, units}), depth, units, 1);
    const struct attr attr = {.keep_num_dims = true};
    const int32_t weights = keras_add_floats(l, 2, (int32_t[]){units, depth}, kernel);
    return keras_activated(l, "activation",
                           keras_add_conv(l, OP_FULLY_CONNECTED, in[0], weights, keras_add_bias(l, 1, units), &attr));
}

/*** Convolutions ***/

/* Filters [h, w, in, out] of Keras to [out, h, w, in]. */
int32_t keras_conv_filter(struct keras_layer *l, int32_t index, const struct keras_window *w, int32_t in, int32_t out)
{
    const int32_t dim[] = {w->size[HEIGHT], w->size[WIDTH], in, out};
    const float *kernel = keras_weight(l, index, 4, dim);
    kernel = swapped(l, kernel, w->size[HEIGHT] * w->size[WIDTH] * in, out, 1);
    return keras_add_floats(l, 4, (int32_t[]){out, w->size[HEIGHT], w->size[WIDTH], in}, kernel);
}

/* What a causal layer needs in front. */
static int32_t pad_causal(struct keras_layer *l, int32_t x, const struct keras_window *w)
{
    if (!w->is_causal) {
        return x;
    }
    const int32_t before = (w->size[WIDTH] - 1) * w->dilation[WIDTH];
    const int32_t dim[] = {4, 2}, values[] = {0, 0, 0, 0, before, 0, 0, 0};
    const int32_t pads = keras_add_ints(l, 8, values);
    l->k->g->tensors[pads].rank = 2;
    memcpy(l->k->g->tensors[pads].dim, dim, sizeof dim);
    return KERAS_ADD(l, OP_PAD, NULL, x, pads);
}

static int32_t conv(struct keras_layer *l, int32_t x, int32_t axes)
{
    struct keras_window w;
    const int32_t groups = keras_int(l, "groups", 1), out = keras_read_filters(l, "filters");
    if (!keras_read_window(l, axes, "kernel_size", &w) || out == 0 || x == NO_TENSOR || !keras_check_rank(l, x, 4)) {
        return NO_TENSOR;
    }
    const int32_t channels = keras_tensor(l, x)->dim[3];
    if (groups < 1 || channels % groups != 0) {
        return keras_fail(l, "has %d groups of %d channels", groups, channels);
    }
    const struct attr attr = keras_window_attr(&w);
    x = pad_causal(l, x, &w);
    return keras_add_conv(l, OP_CONV_2D, x, keras_conv_filter(l, 0, &w, channels / groups, out),
                          keras_add_bias(l, 1, out), &attr);
}

int32_t keras_conv2d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return keras_activated(l, "activation", conv(l, in[0], 2));
}

int32_t keras_conv1d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    if (!keras_check_rank(l, in[0], 3)) {
        return NO_TENSOR;
    }
    return keras_activated(l, "activation", keras_as_line(l, conv(l, keras_as_image(l, in[0]), 1)));
}

/* The filters [h, w, in, multiplier] are [1, h, w, in * multiplier] as they are. */
static int32_t depthwise(struct keras_layer *l, int32_t x, int32_t axes, bool has_bias, struct keras_window *w)
{
    const int32_t multiplier = keras_int(l, "depth_multiplier", 1);
    if (!keras_read_window(l, axes, "kernel_size", w) || x == NO_TENSOR || !keras_check_rank(l, x, 4)) {
        return NO_TENSOR;
    }
    const int32_t channels = keras_tensor(l, x)->dim[3];
    if (multiplier < 1 || multiplier > MOST_CHANNELS / channels) {
        return keras_fail(l, "\"depth_multiplier\" is %d", multiplier);
    }
    const int32_t dim[] = {w->size[HEIGHT], w->size[WIDTH], channels, multiplier}, out = channels * multiplier;
    struct attr attr = keras_window_attr(w);
    attr.depth_multiplier = multiplier;
    x = pad_causal(l, x, w);
    const int32_t filter =
        keras_add_floats(l, 4, (int32_t[]){1, w->size[HEIGHT], w->size[WIDTH], out}, keras_weight(l, 0, 4, dim));
    return keras_add_conv(l, OP_DEPTHWISE_CONV_2D, x, filter, has_bias ? keras_add_bias(l, 1, out) : NO_TENSOR, &attr);
}

int32_t keras_depthwise2d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct keras_window w;
    return keras_activated(l, "activation", depthwise(l, in[0], 2, true, &w));
}

int32_t keras_depthwise1d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct keras_window w;
    if (!keras_check_rank(l, in[0], 3)) {
        return NO_TENSOR;
    }
    return keras_activated(l, "activation", keras_as_line(l, depthwise(l, keras_as_image(l, in[0]), 1, true, &w)));
}

static int32_t separable(struct keras_layer *l, int32_t x, int32_t axes)
{
    struct keras_window w;
    const int32_t out = keras_read_filters(l, "filters"), between = depthwise(l, x, axes, false, &w);
    if (between == NO_TENSOR || out == 0) {
        return NO_TENSOR;
    }
    w = (struct keras_window){{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, PADDING_VALID, false};
    const struct attr attr = keras_window_attr(&w);
    const int32_t filter = keras_conv_filter(l, 1, &w, keras_tensor(l, between)->dim[3], out);
    return keras_add_conv(l, OP_CONV_2D, between, filter, keras_add_bias(l, 2, out), &attr);
}

int32_t keras_separable2d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return keras_activated(l, "activation", separable(l, in[0], 2));
}

int32_t keras_separable1d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    if (!keras_check_rank(l, in[0], 3)) {
        return NO_TENSOR;
    }
    return keras_activated(l, "activation", keras_as_line(l, separable(l, keras_as_image(l, in[0]), 1)));
}

/* The shape of what a transposed convolution of `axes` axes makes; false with an error. */
static bool transposed_shape(struct keras_layer *l, const struct tensor *t, int32_t axes, const struct keras_window *w,
                             int32_t out, int32_t shape[IR_MAX_RANK])
{
    const cJSON *extra = cJSON_GetObjectItemCaseSensitive(l->config, "output_padding");
    shape[0] = t->dim[0];
    for (int32_t i = 0; i < axes; i++) {
        const int32_t axis = SPACE - axes + i, rest = w->size[axis] - w->stride[axis];
        const int64_t extent =
            (int64_t)t->dim[1 + i] * w->stride[axis] + (w->padding == PADDING_VALID && rest > 0 ? rest : 0);
        if (extent > INT32_MAX || w->dilation[axis] != 1 || (extra != NULL && !cJSON_IsNull(extra))) {
            keras_fail(l, "makes a dim of %lld; has output_padding or dilation, which mote lacks", (long long)extent);
            return false;
        }
        shape[1 + i] = (int32_t)extent;
    }
    shape[1 + axes] = out;
    return true;
}

/* Filters [h, w, out, in] of Keras to [out, h, w, in]. */
static int32_t transposed(struct keras_layer *l, int32_t x, int32_t axes)
{
    struct keras_window w;
    int32_t size[IR_MAX_RANK];
    const int32_t out = keras_read_filters(l, "filters");
    if (!keras_read_window(l, axes, "kernel_size", &w) || out == 0 || x == NO_TENSOR || !keras_check_rank(l, x, 4) ||
        !transposed_shape(l, keras_tensor(l, x), 2, &w, out, size)) {
        return NO_TENSOR;
    }
    const int32_t channels = keras_tensor(l, x)->dim[3];
    const int32_t dim[] = {w.size[HEIGHT], w.size[WIDTH], out, channels};
    const float *kernel = swapped(l, keras_weight(l, 0, 4, dim), w.size[HEIGHT] * w.size[WIDTH], out, channels);
    const int32_t filter = keras_add_floats(l, 4, (int32_t[]){out, w.size[HEIGHT], w.size[WIDTH], channels}, kernel);
    const int32_t bias = keras_add_bias(l, 1, out), shape = keras_add_ints(l, 4, size);
    const struct attr attr = keras_window_attr(&w);
    const int32_t in[] = {shape, filter, x, bias};
    return filter == NO_TENSOR ? NO_TENSOR : keras_add(l, OP_TRANSPOSE_CONV, bias == NO_TENSOR ? 3 : 4, in, &attr);
}

int32_t keras_conv2d_transpose(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return keras_activated(l, "activation", transposed(l, in[0], 2));
}

int32_t keras_conv1d_transpose(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    if (!keras_check_rank(l, in[0], 3)) {
        return NO_TENSOR;
    }
    return keras_activated(l, "activation", keras_as_line(l, transposed(l, keras_as_image(l, in[0]), 1)));
}

/*** Volumes: [batch, depth, height, width, channels], filters as Keras has them ***/

static struct attr volume_attr(const struct keras_window *w)
{
    struct attr attr = keras_window_attr(w);
    attr.stride_d = w->stride[DEPTH];
    attr.dilation_d = w->dilation[DEPTH];
    return attr;
}

/* The filters of a convolution, or a transposed one, [d, h, w, a, b]. */
static int32_t volume_filter(struct keras_layer *l, const struct keras_window *w, int32_t a, int32_t b)
{
    const int32_t dim[] = {w->size[DEPTH], w->size[HEIGHT], w->size[WIDTH], a, b};
    return keras_add_floats(l, 5, dim, keras_weight(l, 0, 5, dim));
}

/* Group `g` of the output channels of filters [d, h, w, in, out]. */
static int32_t group_filter(struct keras_layer *l, int32_t filter, int32_t g, int32_t groups)
{
    const struct tensor all = *keras_tensor(l, filter);
    const int32_t dim[] = {all.dim[0], all.dim[1], all.dim[2], all.dim[3], all.dim[4] / groups};
    const size_t runs = (size_t)(ir_count(&all) / all.dim[4]), run = (size_t)dim[4], of = (size_t)all.dim[4];
    float *to = arena_array(l->k->arena, runs * run, sizeof *to);
    for (size_t i = 0; i < runs; i++) {
        memcpy(to + i * run, (const float *)all.data + i * of + (size_t)g * run, run * sizeof *to);
    }
    return keras_add_floats(l, 5, dim, to);
}

/* Each group of channels by itself, one behind the other. */
static int32_t conv_groups(struct keras_layer *l, int32_t x, int32_t filter, int32_t groups, const struct attr *attr)
{
    const int32_t axis = 4;
    if (filter == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t part =
        keras_add_many(l, OP_SPLIT, TYPE_F32, 2, (int32_t[]){keras_add_ints(l, 0, &axis), x}, groups, NULL);
    int32_t *made = ARENA_ARRAY(l->k->arena, groups, int32_t);
    for (int32_t g = 0; g < groups && part != NO_TENSOR; g++) {
        made[g] = keras_add_conv(l, OP_CONV_3D, part + g, group_filter(l, filter, g, groups), NO_TENSOR, attr);
    }
    return keras_add(l, OP_CONCATENATION, groups, made, &(struct attr){.axis = axis});
}

int32_t keras_conv3d(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct keras_window w;
    const int32_t out = keras_read_filters(l, "filters"), groups = keras_int(l, "groups", 1);
    if (!keras_read_window(l, 3, "kernel_size", &w) || out == 0 || !keras_check_rank(l, in[0], 5)) {
        return NO_TENSOR;
    }
    const int32_t channels = keras_tensor(l, in[0])->dim[4];
    if (groups < 1 || channels % groups != 0 || out % groups != 0) {
        return keras_fail(l, "has %d groups of %d channels to %d", groups, channels, out);
    }
    const struct attr attr = volume_attr(&w);
    const int32_t filter = volume_filter(l, &w, channels / groups, out);
    int32_t y = NO_TENSOR;
    if (groups == 1) {
        y = keras_add_conv(l, OP_CONV_3D, in[0], filter, keras_add_bias(l, 1, out), &attr);
    } else {
        y = conv_groups(l, in[0], filter, groups, &attr);
        y = keras_flag(l, "use_bias", true) ? keras_by_channel(l, OP_ADD, y, keras_weight(l, 1, 1, &out)) : y;
    }
    return keras_activated(l, "activation", y);
}

int32_t keras_conv3d_transpose(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct keras_window w;
    int32_t size[IR_MAX_RANK];
    const int32_t out = keras_read_filters(l, "filters");
    if (!keras_read_window(l, 3, "kernel_size", &w) || out == 0 || !keras_check_rank(l, in[0], 5) ||
        !transposed_shape(l, keras_tensor(l, in[0]), 3, &w, out, size)) {
        return NO_TENSOR;
    }
    const struct attr attr = volume_attr(&w);
    const int32_t filter = volume_filter(l, &w, out, keras_tensor(l, in[0])->dim[4]);
    const int32_t from[] = {keras_add_ints(l, 5, size), filter, in[0], keras_add_bias(l, 1, out)};
    const int32_t count = from[3] == NO_TENSOR ? 3 : 4;
    return keras_activated(l, "activation",
                           filter == NO_TENSOR ? NO_TENSOR : keras_add(l, OP_CONV_3D_TRANSPOSE, count, from, &attr));
}

#endif
