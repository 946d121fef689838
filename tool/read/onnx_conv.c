/* SPDX-License-Identifier: MIT
 *
 * Convolutions of ONNX. Filters [filters, channels of a group, height, width] become [filters, height, width, channels],
 * or [1, height, width, filters] where each channel is a group.
 */
#include <string.h>

#include "onnx_image.h"

/* The filter as the file has it, of 4 dims. */
static int32_t read_filter(struct onnx *o, int32_t filter, int32_t rank, int64_t size[2])
{
    const struct tensor t = *onnx_tensor(o, filter);
    if (t.rank != rank || (rank != 3 && rank != 4) || ir_count(&t) < 1) {
        return onnx_fail(o, "input has %d dims, filter %d: want 3 or 4 both, none empty", rank, t.rank);
    }
    size[0] = t.dim[2];
    size[1] = rank == 4 ? t.dim[3] : 1;
    return rank == 4 ? filter : onnx_reshape(o, filter, 4, (int64_t[]){t.dim[0], t.dim[1], t.dim[2], 1});
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

int32_t onnx_conv(struct onnx *o, int32_t in, int32_t given_filter, int32_t bias)
{
    const int32_t rank = onnx_tensor(o, in)->rank;
    struct onnx_window w;
    int64_t size[2];
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
    int64_t shape[IR_MAX_RANK], more[2] = {0, 0};
    const int dims = w->rank - 2, shapes = onnx_list(o, "output_shape", shape, IR_MAX_RANK);
    onnx_list(o, "output_padding", more, dims);
    for (int d = 0; d < 2 && !onnx_failed(o); d++) {
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

void onnx_convert_conv_transpose(struct onnx *o)
{
    enum { MAX_GROUPS = 256 };
    const int32_t in = onnx_in(o, 0), rank = onnx_tensor(o, in)->rank, bias = onnx_in(o, 2);
    const struct tensor t = *onnx_tensor(o, in);
    struct onnx_window w;
    int64_t size[2];
    const int32_t filter = read_filter(o, onnx_in(o, 1), rank, size);
    const int64_t groups = onnx_int(o, "group", 1);
    if (filter == NO_TENSOR || !onnx_read_transposed_window(o, in, size, &w) || !find_output(o, &t, &w)) {
        return;
    }
    if (w.dilation[0] != 1 || w.dilation[1] != 1 || groups < 1 || groups > MAX_GROUPS || t.dim[1] % groups != 0 ||
        onnx_tensor(o, filter)->dim[0] != t.dim[1]) {
        onnx_fail(
            o, "has dilation %lldx%lld, %lld groups, %d channels and filters for %d; want dilation 1, up to %d groups",
            (long long)w.dilation[0], (long long)w.dilation[1], (long long)groups, t.dim[1],
            onnx_tensor(o, filter)->dim[0], MAX_GROUPS);
        return;
    }
    const int32_t x = onnx_to_nhwc(o, in), own_bias = onnx_is_const(o, bias) && groups == 1 ? bias : NO_TENSOR;
    int32_t parts[MAX_GROUPS], y;
    const int64_t width = t.dim[1] / groups;
    for (int64_t g = 0; g < groups && groups > 1; g++) {
        parts[g] = transposed(o, onnx_slice(o, x, 3, g * width, width), onnx_slice(o, filter, 0, g * width, width),
                              NO_TENSOR, &w);
    }
    y = groups > 1 ? onnx_concat(o, parts, (int)groups, 3) : transposed(o, x, filter, own_bias, &w);
    y = bias == NO_TENSOR || own_bias != NO_TENSOR ? y : onnx_binary(o, OP_ADD, y, bias);
    onnx_out(o, 0, onnx_from_nhwc(o, y, rank));
}
