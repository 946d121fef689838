/* SPDX-License-Identifier: MIT
 *
 * Parameters of the convolutions. Layout: activations [W, C] a row, NHWC as a whole.
 */
#ifndef MOTE_KERNEL_CONV_H
#define MOTE_KERNEL_CONV_H

#include "kernel.h"

/* CONV_2D. io->in: filter_h input rows [in_w, in_c]; io->out: one row [out_w, out_c].
 *
 *   out[x, o] = bias[o] + sum over ky, kx, i of in[ky][x * stride_w - pad_w + kx * dilation_w, i] * filter[o, ky, kx, i]
 *
 * over the taps inside of the image. A filter of group g = o / (out_c / groups) sees the channels
 * [g * filter_c, (g + 1) * filter_c), groups = in_c / filter_c. */
struct mote_conv2d {
    int32_t in_w, in_c;
    int32_t out_w, out_c;
    int32_t filter_h, filter_w, filter_c; /* filter_c divides in_c */
    int32_t stride_w, dilation_w, pad_w;
    const void *filter;        /* [out_c, filter_h, filter_w, filter_c] */
    const void *bias;          /* [out_c]: int32, int64 for int16 activations, float; or NULL */
    /* integer kernels only */
    int32_t in_offset;         /* minus the input's zero point, added to each input value */
    int32_t out_offset;        /* the output's zero point */
    int32_t low, high;         /* range of the fused activation, in quantised values */
    const int32_t *multiplier; /* [out_c] Q0.31, see fixed.h */
    const int32_t *shift;      /* [out_c], in [-31, 30] */
};

#endif
