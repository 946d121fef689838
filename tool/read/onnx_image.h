/* SPDX-License-Identifier: MIT
 *
 * Operators that move a window over images: what they share. A sequence [N, C, L] is an image of width 1, so that its
 * steps are lines.
 */
#ifndef READ_ONNX_IMAGE_H
#define READ_ONNX_IMAGE_H

#include "onnx.h"

enum { ONNX_MAX_SPACE = 3 };

/* Along each dim of space. The second, width, is 1 and unpadded for sequences. */
struct onnx_window {
    int32_t rank; /* of the input: 3, 4 or 5 */
    int64_t size[ONNX_MAX_SPACE], stride[ONNX_MAX_SPACE], dilation[ONNX_MAX_SPACE];
    int64_t before[ONNX_MAX_SPACE], after[ONNX_MAX_SPACE]; /* padding */
    int64_t out[ONNX_MAX_SPACE];
};

/* Reads kernel_shape (else `size` of ONNX_MAX_SPACE holds it), strides, dilations, pads or auto_pad, ceil_mode. `x`: the input, as the
 * file has it. */
bool onnx_read_window(struct onnx *o, int32_t x, const int64_t size[], struct onnx_window *w);

/* The same of a transposed convolution, without counting outputs. */
bool onnx_read_transposed_window(struct onnx *o, int32_t x, const int64_t size[], struct onnx_window *w);

/* As VALID with explicit padding. */
struct attr onnx_window_attr(const struct onnx_window *w);

/* NCHW or NCL to NHWC, NCDHW to NDHWC; and back to `rank` dims. */
int32_t onnx_to_nhwc(struct onnx *o, int32_t x);
int32_t onnx_from_nhwc(struct onnx *o, int32_t x, int32_t rank);

/* Pooling of the node at hand; *place: of maxima, if there is an output for them. */
int32_t onnx_pool(struct onnx *o, int32_t in, bool is_average, int32_t *place);

/* An NHWC image with more lines and columns of `value`. */
int32_t onnx_pad_image(struct onnx *o, int32_t x, const struct onnx_window *w, int32_t value);

#endif
