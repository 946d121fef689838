/* SPDX-License-Identifier: MIT
 *
 * Parameters of the convolutions of three dimensions. Layout: [D, H, W, C], a row is a slice [H, W, C].
 */
#ifndef MOTE_KERNEL_CONV3D_H
#define MOTE_KERNEL_CONV3D_H

#include "flash.h"
#include "kernel.h"

/* One of the axes of a slice. */
struct mote_axis3d {
    int32_t in, out, filter, stride, dilation, pad;
};

/* CONV_3D. io->in: filter_d input slices; io->out: a slice.
 * CONV_3D_TRANSPOSE. io->in: `rows` input slices, the first reaches this output slice through its last tap, `stride_d`
 * taps from each other. */
struct mote_conv3d {
    struct mote_axis3d h, w;
    int32_t in_c, out_c, filter_d;
    int32_t rows, out_d, stride_d, pad_d; /* transposed only; dilation along d is 1 */
    const MOTE_FLASH float *filter; /* [filter_d, h.filter, w.filter, in_c, out_c]; transposed: [..., out_c, in_c] */
    const MOTE_FLASH float *bias;   /* [out_c]; NULL: 0 */
    float low, high;
};

#endif
