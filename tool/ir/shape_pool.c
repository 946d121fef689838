/* SPDX-License-Identifier: MIT
 *
 * Shape rule of the pooling operators.
 */
#include "shape.h"

enum { MAX_FILTER = UINT16_MAX, MAX_STRIDE = 1 << 30 }; /* so that no coordinate overflows */

bool shape_pool(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const struct attr *a = &n->attr;
    if (in->rank != 4) {
        return ir_fail(n, diag, "input has %d dims, want 4 (NHWC)", in->rank);
    }
    if (a->padding != PADDING_SAME && a->padding != PADDING_VALID) {
        return ir_fail(n, diag, "padding is %d, want 0 (SAME) or 1 (VALID)", (int)a->padding);
    }
    if (a->stride_h < 1 || a->stride_w < 1 || a->stride_h > MAX_STRIDE || a->stride_w > MAX_STRIDE) {
        return ir_fail(n, diag, "stride %dx%d, want 1 to %d", a->stride_h, a->stride_w, MAX_STRIDE);
    }
    if (a->filter_h < 1 || a->filter_w < 1 || a->filter_h > MAX_FILTER || a->filter_w > MAX_FILTER) {
        return ir_fail(n, diag, "window %dx%d, want 1 to %d", a->filter_h, a->filter_w, MAX_FILTER);
    }
    if (a->pad_top < 0 || a->pad_top >= a->filter_h || a->pad_bottom < 0 || a->pad_bottom >= a->filter_h ||
        a->pad_left < 0 || a->pad_left >= a->filter_w || a->pad_right < 0 || a->pad_right >= a->filter_w) {
        return ir_fail(n, diag, "pads by %d, %d, %d, %d, want less than the window of %dx%d", a->pad_top, a->pad_bottom,
                       a->pad_left, a->pad_right, a->filter_h, a->filter_w);
    }
    const int32_t in_h = in->dim[1] + a->pad_top + a->pad_bottom, in_w = in->dim[2] + a->pad_left + a->pad_right;
    const int32_t h = shape_window(a->padding, in_h, a->filter_h, a->stride_h, 1);
    const int32_t w = shape_window(a->padding, in_w, a->filter_w, a->stride_w, 1);
    if (h < 1 || w < 1) {
        return ir_fail(n, diag, "a window of %dx%d does not fit into the input of %dx%d without padding", a->filter_h,
                       a->filter_w, in->dim[1], in->dim[2]);
    }
    shape_set(g, n, 0, 4, (int32_t[]){in->dim[0], h, w, in->dim[3]});
    return true;
}
