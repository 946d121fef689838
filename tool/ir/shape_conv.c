/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the convolutions.
 */
#include "shape.h"

enum { MAX_REACH = 1 << 30, MAX_FILTER = UINT16_MAX }; /* so that no coordinate overflows */

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
    if (h > MAX_FILTER || w > MAX_FILTER || (int64_t)a->dilation_h * h > MAX_REACH ||
        (int64_t)a->dilation_w * w > MAX_REACH || a->stride_h > MAX_REACH || a->stride_w > MAX_REACH) {
        return ir_fail(n, diag, "filter %dx%d, stride %dx%d, dilation %dx%d: too large", h, w, a->stride_h,
                       a->stride_w, a->dilation_h, a->dilation_w);
    }
    return true;
}

static bool set_window(struct graph *g, struct node *n, int32_t channels, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1);
    const struct attr *a = &n->attr;
    const int32_t filter_h = filter->dim[1], filter_w = filter->dim[2];
    const int32_t h = shape_window(a->padding, in->dim[1], filter_h, a->stride_h, a->dilation_h);
    const int32_t w = shape_window(a->padding, in->dim[2], filter_w, a->stride_w, a->dilation_w);
    if (h < 1 || w < 1) {
        return ir_fail(n, diag, "a filter of %dx%d does not fit into the input of %dx%d without padding", filter_h,
                       filter_w, in->dim[1], in->dim[2]);
    }
    shape_set(g, n, 0, 4, (int32_t[]){in->dim[0], h, w, channels});
    return true;
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

/* depth_multiplier is not looked at: the shapes say it, and some converters left it out. */
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
    return set_window(g, n, filter->dim[3], diag);
}
