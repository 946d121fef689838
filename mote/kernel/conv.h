/* SPDX-License-Identifier: MIT
 *
 * Parameters of the convolutions. Layout: activations [W, C] a row, NHWC as a whole.
 */
#ifndef MOTE_KERNEL_CONV_H
#define MOTE_KERNEL_CONV_H

#include "fixed.h"
#include "kernel.h"
#include "mac.h"

/* The taps of one row of a window that lie inside of the image: first .. last - 1. The window begins at `left`. */
struct mote_taps {
    int32_t left, first, last;
};

static inline struct mote_taps mote_find_taps(int32_t left, int32_t in_w, int32_t filter_w, int32_t dilation)
{
    const int32_t before = mote_max(-left, 0), inside = in_w - left;
    if (dilation == 1) { /* spares the divisions, which many targets have to call */
        return (struct mote_taps){left, before, mote_min(filter_w, inside)};
    }
    return (struct mote_taps){left, (before + dilation - 1) / dilation,
                              mote_min(filter_w, (inside + dilation - 1) / dilation)};
}

/* CONV_2D. io->in: filter_h input rows [in_w, in_c]; io->out: one row [out_w, out_c].
 *
 *   out[x, o] = bias[o] + sum over ky, kx, i of in[ky][left + kx * dilation_w, i] * filter[o, ky, kx, i]
 *
 * with left = x * stride_w - pad_w, over the taps inside of the image. A filter of group g = o / (out_c / groups) sees
 * the channels [g * filter_c, (g + 1) * filter_c), groups = in_c / filter_c.
 * FULLY_CONNECTED is the case of one pixel, one tap. */
struct mote_conv2d {
    struct mote_mac mac;
    int32_t in_w, in_c;
    int32_t out_w, out_c;
    int32_t filter_h, filter_w, filter_c; /* filter_c divides in_c */
    int32_t stride_w, dilation_w, pad_w;
    const MOTE_FLASH void *filter; /* [out_c, filter_h, filter_w, filter_c]; NULL: after the input's rows in io->in */
    /* Not 0: the one output row takes this many input rows, one each firing, from row fold_first of the filter on, and
     * io->out has a second row for the sums [out_w, out_c]. */
    int32_t folded, fold_first;
};

/* DEPTHWISE_CONV_2D. Rows as in CONV_2D; output channel o sees input channel o / multiplier only. */
struct mote_depthwise {
    struct mote_mac mac;
    int32_t in_w, in_c;
    int32_t out_w, out_c; /* out_c = in_c * multiplier */
    int32_t filter_h, filter_w, multiplier;
    int32_t stride_w, dilation_w, pad_w;
    const MOTE_FLASH void *filter; /* [filter_h, filter_w, out_c]; NULL: after the input's rows in io->in */
};

/* TRANSPOSE_CONV. io->in: `rows` input rows [in_w, in_c], the first reaches this output row through its last tap;
 * io->out: one row [out_w, out_c]; out_h tells the place in the image. Input (y, x) reaches output
 * (y * stride_h - pad_h + ky, x * stride_w - pad_w + kx) through tap (ky, kx). */
struct mote_transpose_conv {
    struct mote_mac mac;
    int32_t in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t filter_h, filter_w, rows; /* rows = filter_h / stride_h, rounded up */
    int32_t stride_h, stride_w, pad_h, pad_w;
    const MOTE_FLASH void *filter; /* [out_c, filter_h, filter_w, in_c]; NULL: after the input's rows in io->in */
};

#endif
