/* SPDX-License-Identifier: MIT
 *
 * Operators that move a window over images: what they share. A sequence [N, C, L] is an image of width 1, so that its
 * steps are lines.
 */
#ifndef READ_ONNX_IMAGE_H
#define READ_ONNX_IMAGE_H

#include "onnx.h"

/* Of height and width; width is 1 and unpadded for sequences. */
struct onnx_window {
    int32_t rank; /* of the input: 3 or 4 */
    int64_t size[2], stride[2], dilation[2];
    int64_t before[2], after[2]; /* padding */
    int64_t out[2];
};

/* Reads kernel_shape (else `size` of two holds it), strides, dilations, pads or auto_pad, ceil_mode. `x`: the input, as the
 * file has it. */
bool onnx_read_window(struct onnx *o, int32_t x, const int64_t size[], struct onnx_window *w);

/* The same of a transposed convolution, without counting outputs. */
bool onnx_read_transposed_window(struct onnx *o, int32_t x, const int64_t size[], struct onnx_window *w);

/* As VALID with explicit padding. */
struct attr onnx_window_attr(const struct onnx_window *w);

/* NCHW or NCL to NHWC, and back to `rank` dims. */
int32_t onnx_to_nhwc(struct onnx *o, int32_t x);
int32_t onnx_from_nhwc(struct onnx *o, int32_t x, int32_t rank);

/* An NHWC image with more lines and columns of `value`. */
int32_t onnx_pad_image(struct onnx *o, int32_t x, const struct onnx_window *w, int32_t value);

#endif
