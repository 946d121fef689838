/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the convolutions.
 */
#include "shape.h"

/* Checks what all two-dimensional windows need. */
static bool check_window(struct node *n, const struct tensor *in, const struct attr *a, struct diag *diag)
{
    if (in->rank != 4) {
        return ir_fail(n, diag, "input has %d dims, want 4 (NHWC)", in->rank);
    }
    if (a->stride_h < 1 || a->stride_w < 1 || a->dilation_h < 1 || a->dilation_w < 1) {
        return ir_fail(n, diag, "stride %dx%d, dilation %dx%d: want at least 1", a->stride_h, a->stride_w,
                       a->dilation_h, a->dilation_w);
    }
    return true;
}

static bool set_window(struct graph *g, struct node *n, int32_t filter_h, int32_t filter_w, int32_t channels,
                       struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const struct attr *a = &n->attr;
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
    const struct tensor *in = ir_in(g, n, 0), *filter = ir_in(g, n, 1), *bias = ir_in(g, n, 2);
    if (!check_window(n, in, &n->attr, diag)) {
        return false;
    }
    if (filter->rank != 4) {
        return ir_fail(n, diag, "filter has %d dims, want 4 (OHWI)", filter->rank);
    }
    if (filter->dim[3] < 1 || in->dim[3] % filter->dim[3] != 0) {
        return ir_fail(n, diag, "input has %d channels, filter %d: want a multiple", in->dim[3], filter->dim[3]);
    }
    if (filter->dim[0] % (in->dim[3] / filter->dim[3]) != 0) {
        return ir_fail(n, diag, "%d filters in %d groups: want a multiple", filter->dim[0],
                       in->dim[3] / filter->dim[3]);
    }
    if (bias != NULL && ir_count(bias) != filter->dim[0]) {
        return ir_fail(n, diag, "bias has %lld values, want %d", (long long)ir_count(bias), filter->dim[0]);
    }
    return set_window(g, n, filter->dim[1], filter->dim[2], filter->dim[0], diag);
}
