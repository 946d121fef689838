/* SPDX-License-Identifier: MIT
 *
 * Convolutions of ONNX. Filters [filters, channels of a group, height, width] become [filters, height, width, channels],
 * or [1, height, width, filters] where each channel is a group.
 */
#include <string.h>

#include "onnx_image.h"

enum { MAX_GROUPS = 256 };

/* The filter as the file has it, of 4 dims or 5. */
static int32_t read_filter(struct onnx *o, int32_t filter, int32_t rank, int64_t size[ONNX_MAX_SPACE])
{
    const struct tensor t = *onnx_tensor(o, filter);
    if (t.rank != rank || rank < 3 || rank > 2 + ONNX_MAX_SPACE || ir_count(&t) < 1) {
        return onnx_fail(o, "input has %d dims, filter %d: want 3 to 5 both, none empty", rank, t.rank);
    }
    for (int32_t d = 0; d < ONNX_MAX_SPACE; d++) {
        size[d] = 2 + d < rank ? t.dim[2 + d] : 1;
    }
    return rank > 3 ? filter : onnx_reshape(o, filter, 4, (int64_t[]){t.dim[0], t.dim[1], t.dim[2], 1});
}

/* Kernels want some of the image in each window. */
static bool pads_too_far(const struct onnx_window *w)
{
    bool far = false;
    for (int d = 0; d < 2; d++) {
        const int64_t reach = (w->size[d] - 1) * w->dilation[d] + 1;
        far = far || w->before[d] >= reach || w->after[d] >= reach;
    }
    return far;
}

/* A bias that is computed is added behind. */
static int32_t add_bias(struct onnx *o, int32_t y, int32_t bias)
{
    return bias == NO_TENSOR || onnx_is_const(o, bias) ? y : onnx_binary(o, OP_ADD, y, bias);
}

/*** Volumes ***/

static struct attr volume_attr(const struct onnx_window *w)
{
    return (struct attr){.padding = PADDING_VALID,
                         .stride_d = (int32_t)w->stride[0],
                         .stride_h = (int32_t)w->stride[1],
                         .stride_w = (int32_t)w->stride[2],
                         .dilation_d = (int32_t)w->dilation[0],
                         .dilation_h = (int32_t)w->dilation[1],
                         .dilation_w = (int32_t)w->dilation[2]};
}

/* Group by group, of a padded volume [batch, depth, height, width, channels]. */
static int32_t conv_volume(struct onnx *o, int32_t x, int32_t filter, int32_t bias, const struct onnx_window *w)
{
    const struct tensor f = *onnx_tensor(o, filter), t = *onnx_tensor(o, x);
    const int32_t groups = t.dim[4] / f.dim[1], filters = f.dim[0] / groups;
    const struct attr attr = volume_attr(w);
    int32_t parts[MAX_GROUPS];
    if (groups > MAX_GROUPS) {
        return onnx_fail(o, "has %d groups, want up to %d", groups, MAX_GROUPS);
    }
    x = onnx_pad_image(o, x, w, onnx_real(o, 0));
    filter = onnx_transpose(o, filter, (int32_t[]){2, 3, 4, 1, 0});
    for (int32_t g = 0; g < groups && !onnx_failed(o); g++) {
        const int32_t own = groups == 1 ? x : onnx_slice(o, x, 4, (int64_t)g * f.dim[1], f.dim[1]);
        const int32_t some = groups == 1 ? filter : onnx_slice(o, filter, 4, (int64_t)g * filters, filters);
        parts[g] = onnx_emit(o, OP_CONV_3D, &attr, (int32_t[]){own, some}, 2);
    }
    const int32_t y = onnx_concat(o, parts, groups, 4);
    return bias == NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, bias);
}

/* The full product, from which what is padding is cut off. Filters [channels, filters, depth, height, width]. */
static int32_t transposed_volume(struct onnx *o, int32_t x, int32_t filter, const struct onnx_window *w)
{
    const struct tensor t = *onnx_tensor(o, x), f = *onnx_tensor(o, filter);
    const struct attr attr = volume_attr(w);
    int64_t full[5] = {t.dim[0], 0, 0, 0, f.dim[1]}, begin[5] = {0}, size[5];
    for (int d = 0; d < ONNX_MAX_SPACE; d++) {
        const int64_t product = (t.dim[1 + d] - 1) * w->stride[d] + w->size[d], end = w->before[d] + w->out[d];
        full[1 + d] = product > end ? product : end;
        begin[1 + d] = w->before[d];
    }
    for (int d = 0; d < 5; d++) {
        size[d] = d > 0 && d < 4 ? w->out[d - 1] : full[d];
    }
    const int32_t in[] = {onnx_const_list(o, 5, full), onnx_transpose(o, filter, (int32_t[]){2, 3, 4, 1, 0}), x};
    const int32_t y = onnx_typed(o, OP_CONV_3D_TRANSPOSE, &attr, t.type, in, 3);
    return onnx_emit(o, OP_SLICE, NULL, (int32_t[]){y, onnx_const_list(o, 5, begin), onnx_const_list(o, 5, size)}, 3);
}

int32_t onnx_conv(struct onnx *o, int32_t in, int32_t given_filter, int32_t bias)
{
    const int32_t rank = onnx_tensor(o, in)->rank;
    struct onnx_window w;
    int64_t size[ONNX_MAX_SPACE];
    int32_t filter = read_filter(o, given_filter, rank, size);
    if (filter == NO_TENSOR || !onnx_read_window(o, in, size, &w)) {
        return NO_TENSOR;
    }
    const struct tensor f = *onnx_tensor(o, filter);
    const int64_t groups = onnx_int(o, "group", 1), channels = onnx_tensor(o, in)->dim[1];
    if (groups < 1 || groups * f.dim[1] != channels || f.dim[0] % groups != 0) {
        onnx_fail(o, "%lld channels in %lld groups do not fit %d filters of %d", (long long)channels, (long long)groups,
                  f.dim[0], f.dim[1]);
        return NO_TENSOR;
    }
    int32_t x = onnx_to_nhwc(o, in);
    if (rank == 5) {
        return onnx_from_nhwc(o, conv_volume(o, x, filter, bias, &w), rank);
    }
    if (pads_too_far(&w)) {
        x = onnx_pad_image(o, x, &w, onnx_real(o, 0));
        memset(w.before, 0, sizeof w.before);
        memset(w.after, 0, sizeof w.after);
    }
    const bool is_depthwise = groups == channels && channels > 1;
    const struct attr attr = onnx_window_attr(&w);
    filter = onnx_transpose(o, filter, is_depthwise ? (int32_t[]){1, 2, 3, 0} : (int32_t[]){0, 2, 3, 1});
    const int32_t inputs[] = {x, filter, onnx_is_const(o, bias) ? bias : NO_TENSOR};
    const int count = inputs[2] == NO_TENSOR ? 2 : 3;
    const int32_t y = onnx_emit(o, is_depthwise ? OP_DEPTHWISE_CONV_2D : OP_CONV_2D, &attr, inputs, count);
    return onnx_from_nhwc(o, add_bias(o, y, bias), rank);
}

void onnx_convert_conv(struct onnx *o) { onnx_out(o, 0, onnx_conv(o, onnx_in(o, 0), onnx_in(o, 1), onnx_in(o, 2))); }

/*** Transposed ***/

/* The extent of the output, and how much of the full product is cut off before it. */
static bool find_output(struct onnx *o, const struct tensor *t, struct onnx_window *w)
{
    const char *how = onnx_text(o, "auto_pad", "NOTSET");
    int64_t shape[IR_MAX_RANK], more[ONNX_MAX_SPACE] = {0};
    const int dims = w->rank - 2, shapes = onnx_list(o, "output_shape", shape, IR_MAX_RANK);
    onnx_list(o, "output_padding", more, dims);
    for (int d = 0; d < ONNX_MAX_SPACE && !onnx_failed(o); d++) {
        const int64_t in = d < dims ? t->dim[2 + d] : 1, full = (in - 1) * w->stride[d] + w->size[d];
        const bool is_same = strncmp(how, "SAME_", 5) == 0 && d < dims;
        const bool has_shape = shapes >= dims && d < dims;
        if (is_same || has_shape) {
            w->out[d] = has_shape ? shape[shapes - dims + d] : in * w->stride[d];
            const int64_t cut = full + more[d] - w->out[d], all = cut > 0 ? cut : 0;
            w->before[d] = strcmp(how, "SAME_UPPER") == 0 ? all / 2 : all - all / 2;
        } else {
            w->out[d] = full + more[d] - w->before[d] - w->after[d];
        }
        if (w->out[d] < 1 || w->out[d] > INT32_MAX) {
            onnx_fail(o, "makes an output of %lld lines or columns", (long long)w->out[d]);
        }
    }
    return !onnx_failed(o);
}

/* Filters of one group: [channels, filters, height, width]. */
static int32_t transposed(struct onnx *o, int32_t x, int32_t filter, int32_t bias, const struct onnx_window *w)
{
    const struct tensor t = *onnx_tensor(o, x), f = *onnx_tensor(o, filter);
    const struct attr attr = onnx_window_attr(w);
    const int64_t shape[] = {t.dim[0], w->out[0], w->out[1], f.dim[1]};
    const int32_t inputs[] = {onnx_const_list(o, 4, shape), onnx_transpose(o, filter, (int32_t[]){1, 2, 3, 0}), x,
                              bias};
    return onnx_typed(o, OP_TRANSPOSE_CONV, &attr, t.type, inputs, bias == NO_TENSOR ? 3 : 4);
}

/* A dilated filter as a larger one with zeros in its holes. */
static int32_t fill_holes(struct onnx *o, int32_t filter, struct onnx_window *w)
{
    for (int32_t d = 0; d < ONNX_MAX_SPACE; d++) {
        const struct tensor t = *onnx_tensor(o, filter);
        const int64_t taps = w->size[d], holes = w->dilation[d] - 1, reach = taps + (taps - 1) * holes;
        int64_t dim[IR_MAX_RANK];
        int32_t pads[2 * IR_MAX_RANK] = {0};
        if (holes == 0 || taps == 1) {
            continue;
        }
        for (int32_t k = 0; k < t.rank; k++) {
            dim[k + (k > 2 + d)] = t.dim[k];
        }
        dim[3 + d] = 1;
        pads[2 * (3 + d) + 1] = (int32_t)holes;
        const int32_t list = onnx_const(o, TYPE_S32, 2, (int32_t[]){t.rank + 1, 2}, pads);
        int32_t spread = onnx_reshape(o, filter, t.rank + 1, dim); /* a dim for each tap and its holes */
        spread = onnx_emit(o, OP_PAD, NULL, (int32_t[]){spread, list}, 2);
        for (int32_t k = 0; k < t.rank; k++) {
            dim[k] = k == 2 + d ? taps * (holes + 1) : t.dim[k];
        }
        filter = onnx_slice(o, onnx_reshape(o, spread, t.rank, dim), 2 + d, 0, reach);
        w->size[d] = reach;
        w->dilation[d] = 1;
    }
    return filter;
}

void onnx_convert_conv_transpose(struct onnx *o)
{
    const int32_t in = onnx_in(o, 0), rank = onnx_tensor(o, in)->rank, bias = onnx_in(o, 2);
    const struct tensor t = *onnx_tensor(o, in);
    struct onnx_window w;
    int64_t size[ONNX_MAX_SPACE];
    int32_t filter = read_filter(o, onnx_in(o, 1), rank, size);
    const int64_t groups = onnx_int(o, "group", 1);
    if (filter == NO_TENSOR || !onnx_read_transposed_window(o, in, size, &w)) {
        return;
    }
    filter = fill_holes(o, filter, &w);
    if (!find_output(o, &t, &w)) {
        return;
    }
    if (groups < 1 || groups > MAX_GROUPS || t.dim[1] % groups != 0 || onnx_tensor(o, filter)->dim[0] != t.dim[1]) {
        onnx_fail(o, "has %lld groups, %d channels and filters for %d; want up to %d groups", (long long)groups,
                  t.dim[1], onnx_tensor(o, filter)->dim[0], MAX_GROUPS);
        return;
    }
    const bool takes_bias = onnx_is_const(o, bias) && groups == 1 && rank < 5;
    const int32_t x = onnx_to_nhwc(o, in), own_bias = takes_bias ? bias : NO_TENSOR, last = rank == 5 ? 4 : 3;
    int32_t parts[MAX_GROUPS], y;
    const int64_t width = t.dim[1] / groups;
    for (int64_t g = 0; g < groups && !onnx_failed(o); g++) {
        const int32_t own = groups == 1 ? x : onnx_slice(o, x, last, g * width, width);
        const int32_t some = groups == 1 ? filter : onnx_slice(o, filter, 0, g * width, width);
        parts[g] = rank == 5 ? transposed_volume(o, own, some, &w) : transposed(o, own, some, own_bias, &w);
    }
    y = onnx_concat(o, parts, (int)groups, last);
    y = bias == NO_TENSOR || own_bias != NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, bias);
    onnx_out(o, 0, onnx_from_nhwc(o, y, rank));
}
