/* SPDX-License-Identifier: MIT
 *
 * Parameters of RFFT2D.
 */
#ifndef MOTE_KERNEL_RFFT2D_H
#define MOTE_KERNEL_RFFT2D_H

#include "flash.h"
#include "kernel.h"

/* io->in: an image [in_h, in_w], cut or filled up with 0 to [h, w], powers of 2; io->out: [h, w / 2 + 1] complex numbers;
 * io->scratch: max(h, w) complex numbers. */
struct mote_rfft2d {
    int32_t in_h, in_w, h, w;
    int32_t length;               /* max(h, w) */
    const MOTE_FLASH float *turn; /* [length / 2][2]: cos, sin of -2 pi i / length */
};

#endif
