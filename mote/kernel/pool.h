/* SPDX-License-Identifier: MIT
 *
 * Parameters of the pooling operators.
 */
#ifndef MOTE_KERNEL_POOL_H
#define MOTE_KERNEL_POOL_H

#include "kernel.h"

/* io->in: filter_h input rows [in_w, channels]; io->out: one row [out_w, channels]. Only elements inside of the image
 * count, and there is at least one. */
struct mote_pool {
    int32_t in_w, out_w, channels;
    int32_t filter_h, filter_w;
    int32_t folded; /* 0: as above. Else the one output row takes this many input rows, one each firing, and
                                  io->out has a second row for sums [out_w, channels], if the kernel needs them */
    int32_t stride_w, pad_w;
    int32_t low, high;         /* range of the fused activation, quantised */
    float real_low, real_high; /* the same for float */
};

#endif
