/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the convolutions.
 */
#include <string.h>

#include "shape.h"

enum { MAX_REACH = 1 << 30, MAX_FILTER = UINT16_MAX, MAX_EXTENT = 1 << 24 }; /* so that no coordinate overflows */

/* Checks what all two-dimensional windows of filter_h x filter_w need. */
static bool check_window(struct node *n, const struct tensor *in, const struct tensor *filter, struct diag *diag)
{
    const struct attr *a = &n->attr;
    if (in->rank != 4 || filter->rank != 4) {
        return ir_fail(n, diag, "input has %d dims, filter %d: want 4", in->rank, filter->rank);
    }
    if (ir_count(in) < 1 || ir_count(filter) < 1) {
        return ir_fail(n, diag, "input or filter is empty");
    }
    if (a->stride_h < 1 || a->stride_w < 1 || a->dilation_h < 1 || a->dilation_w < 1) {
        return ir_fail(n, diag, "stride %dx%d, dilation %dx%d: want at least 1", a->stride_h, a->stride_w,
                       a->dilation_h, a->dilation_w);
    }
    const int32_t h = filter->dim[1], w = filter->dim[2];
    const int64_t reach_h = (int64_t)a->dilation_h * h, reach_w = (int64_t)a->dilation_w * w;
    if (h > MAX_FILTER || w > MAX_FILTER || reach_h > MAX_REACH || reach_w > MAX_REACH / in->dim[3] ||
        a->stride_h > MAX_REACH || a->stride_w > MAX_REACH) {
        return ir_fail(n, diag, "filter %dx%d, stride %dx%d, dilation %dx%d: too large", h, w, a->stride_h, a->stride_w,
                       a->dilation_h, a->dilation_w);
    }
    return true;
}

static bool set_window(struct graph *g, struct node *n, int32_t channels, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    const struct attr *a = &n->attr;
    const int32_t filter_h = filter->dim[1], filter_w = filter->dim[2];
    const int32_t in_h = in->dim[1] + a->pad_top + a->pad_bottom, in_w = in->dim[2] + a->pad_left + a->pad_right;
    const int32_t h = shape_window(a->padding, in_h, filter_h, a->stride_h, a->dilation_h);
    const int32_t w = shape_window(a->padding, in_w, filter_w, a->stride_w, a->dilation_w);
    if (h < 1 || w < 1) {
        return ir_fail(n, diag, "a filter of %dx%d does not fit into the input of %dx%d without padding", filter_h,
                       filter_w, in_h, in_w);
    }
    shape_set(g, n, 0, 4, (int32_t[]){in->dim[0], h, w, channels});
    return true;
}

/* What all three-dimensional windows need: [D, H, W] of the filter, and stride and dilation along it. */
static bool check_window3d(struct node *n, const struct tensor *in, const struct tensor *filter, struct diag *diag)
{
    const struct attr *a = &n->attr;
    const int32_t stride[3] = {a->stride_d, a->stride_h, a->stride_w};
    const int32_t dilation[3] = {a->dilation_d, a->dilation_h, a->dilation_w};
    if (in->rank != 5 || filter->rank != 5 || ir_count(in) < 1 || ir_count(filter) < 1) {
        return ir_fail(n, diag, "input has %d dims, filter %d: want 5, not empty", in->rank, filter->rank);
    }
    for (int d = 0; d < 3; d++) {
        if (stride[d] < 1 || dilation[d] < 1 || stride[d] > MAX_EXTENT || dilation[d] > MAX_EXTENT ||
            filter->dim[d] > MAX_FILTER || (int64_t)dilation[d] * filter->dim[d] > MAX_EXTENT ||
            in->dim[d + 1] > MAX_EXTENT || (int64_t)stride[d] * in->dim[d + 1] > MAX_REACH) {
            return ir_fail(n, diag, "stride %d, dilation %d, filter %d along axis %d: want 1 or more, not too large",
                           stride[d], dilation[d], filter->dim[d], d + 1);
        }
    }
    return true;
}

bool shape_conv3d(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    const struct attr *a = &n->attr;
    if (!check_window3d(n, in, filter, diag)) {
        return false;
    }
    const int32_t d = shape_window(a->padding, in->dim[1], filter->dim[0], a->stride_d, a->dilation_d);
    const int32_t h = shape_window(a->padding, in->dim[2], filter->dim[1], a->stride_h, a->dilation_h);
    const int32_t w = shape_window(a->padding, in->dim[3], filter->dim[2], a->stride_w, a->dilation_w);
    if (d < 1 || h < 1 || w < 1 || in->dim[4] != filter->dim[3]) {
        return ir_fail(n, diag, "a filter of %dx%dx%dx%d does not fit an input of %dx%dx%dx%d", filter->dim[0],
                       filter->dim[1], filter->dim[2], filter->dim[3], in->dim[1], in->dim[2], in->dim[3], in->dim[4]);
    }
    shape_set(g, n, 0, 5, (int32_t[]){in->dim[0], d, h, w, filter->dim[4]});
    return true;
}

bool shape_transpose_conv3d(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *filter = ir_in(g, n, 1), *in = ir_in(g, n, 2);
    int64_t dim[2 * IR_MAX_RANK];
    const int rank = shape_list(g, n, 0, dim, diag);
    if (rank < 0 || !check_window3d(n, in, filter, diag)) {
        return false;
    }
    if (rank != 5 || dim[0] != in->dim[0] || dim[4] != filter->dim[3] || in->dim[4] != filter->dim[4] ||
        n->attr.dilation_d != 1) {
        return ir_fail(n, diag, "output shape, filter and input do not fit together, or dilation along depth is not 1");
    }
    for (int d = 1; d < 4; d++) {
        if (dim[d] < 1 || dim[d] > MAX_EXTENT) {
            return ir_fail(n, diag, "output dim %d is %lld", d, (long long)dim[d]);
        }
    }
    return shape_set_wide(g, n, 0, 5, dim, diag);
}

bool shape_conv2d(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    if (!check_window(n, in, filter, diag)) {
        return false;
    }
    if (in->dim[3] % filter->dim[3] != 0) {
        return ir_fail(n, diag, "input has %d channels, filter %d: want a multiple", in->dim[3], filter->dim[3]);
    }
    const int32_t groups = in->dim[3] / filter->dim[3];
    if (filter->dim[0] % groups != 0) {
        return ir_fail(n, diag, "%d filters in %d groups: want a multiple", filter->dim[0], groups);
    }
    return set_window(g, n, filter->dim[0], diag);
}

/* The shapes say what depth_multiplier is; some converters left it out, and TensorFlow Lite Micro computes with it. */
bool shape_depthwise(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    if (!check_window(n, in, filter, diag)) {
        return false;
    }
    if (filter->dim[0] != 1 || filter->dim[3] % in->dim[3] != 0) {
        return ir_fail(n, diag, "filter has %d images of %d channels, want 1 of a multiple of the input's %d",
                       filter->dim[0], filter->dim[3], in->dim[3]);
    }
    n->attr.depth_multiplier = filter->dim[3] / in->dim[3];
    return set_window(g, n, filter->dim[3], diag);
}

/*** Transposed ***/

/* Sets the shape [images of the input, h, w, filters] after checks. */
static bool set_transposed(struct graph *g, struct node *n, const struct tensor *in, int64_t h, int64_t w,
                           struct diag *diag)
{
    const struct tensor *filter = ir_in(g, n, 1);
    if (in->dim[3] != filter->dim[3]) {
        return ir_fail(n, diag, "input has %d channels, filter %d: want as many", in->dim[3], filter->dim[3]);
    }
    if (h < 1 || w < 1 || h > MAX_EXTENT || w > MAX_EXTENT) {
        return ir_fail(n, diag, "output is %lldx%lld, want 1 to %d", (long long)h, (long long)w, MAX_EXTENT);
    }
    shape_set(g, n, 0, 4, (int32_t[]){in->dim[0], (int32_t)h, (int32_t)w, filter->dim[0]});
    return true;
}

/* The output's shape is the value of input 0. Where that is known only at run time, the file's word for the
 * shape is taken, as it must be the one shape that was converted. */
bool shape_transpose_conv(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *shape = ir_in(g, n, 0), *filter = ir_in(g, n, 1), *in = ir_in(g, n, 2), *out = ir_out(g, n, 0);
    int64_t list[2 * IR_MAX_RANK];
    n->attr.dilation_h = n->attr.dilation_w = 1;
    if (!check_window(n, in, filter, diag)) {
        return false;
    }
    int count = out->rank;
    if (shape->data != NULL) {
        count = shape_list(g, n, 0, list, diag);
    } else {
        for (int i = 0; i < count; i++) {
            list[i] = out->dim[i];
        }
    }
    if (count < 0) {
        return false;
    }
    if (count != 4 || list[0] != in->dim[0] || list[3] != filter->dim[0]) {
        return ir_fail(n, diag, "the output's shape should be [%d, height, width, %d]", in->dim[0], filter->dim[0]);
    }
    return set_transposed(g, n, in, list[1], list[2], diag);
}

int32_t shape_transposed_cut(enum padding padding, int32_t in, int32_t size, int32_t stride)
{
    const int32_t cut = size - (in - 1) % stride - 1;
    return padding == PADDING_SAME && cut > 0 ? cut : 0;
}

/* Options of MediaPipe's operator, little endian: padding (1: SAME), stride_w, stride_h. */
static bool read_transposed_options(struct node *n, struct diag *diag)
{
    int32_t option[3];
    if (n->attr.custom_size < sizeof option) {
        return ir_fail(n, diag, "has %zu bytes of options, want %zu", n->attr.custom_size, sizeof option);
    }
    memcpy(option, n->attr.custom, sizeof option);
    n->attr.padding = option[0] == 1 ? PADDING_SAME : PADDING_VALID;
    n->attr.stride_w = option[1];
    n->attr.stride_h = option[2];
    n->attr.dilation_h = n->attr.dilation_w = 1;
    return true;
}

bool shape_transpose_conv_bias(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    const struct attr *a = &n->attr;
    if (!read_transposed_options(n, diag) || !check_window(n, in, filter, diag)) {
        return false;
    }
    const int32_t h = in->dim[1], w = in->dim[2], filter_h = filter->dim[1], filter_w = filter->dim[2];
    const int64_t cut_h = shape_transposed_cut(a->padding, h, filter_h, a->stride_h);
    const int64_t cut_w = shape_transposed_cut(a->padding, w, filter_w, a->stride_w);
    return set_transposed(g, n, in, (int64_t)a->stride_h * (h - 1) + filter_h - cut_h,
                          (int64_t)a->stride_w * (w - 1) + filter_w - cut_w, diag);
}
