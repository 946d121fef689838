/* SPDX-License-Identifier: MIT
 *
 * The contract of every kernel.
 *
 * A kernel computes one output row of an operator from the few input rows that
 * it needs. A row is one line of an image [W, C], one frame of audio features,
 * one time step, or a whole tensor for operators without a spatial axis. Rows
 * come as pointers, so the caller decides where they live: in a whole tensor, in
 * a ring of a few rows, or in flash.
 *
 * Every kernel has the signature `mote_kernel` and the name
 * mote_<operator>_<types>[__<target>], in the file kernel/<operator>_<types>.c.
 * It reads `params` (its own constant struct, declared in the header of its
 * family), keeps nothing between calls but what the state tensors hold, allocates
 * nothing, and cannot fail: whatever could be wrong was refused when the plan was
 * made.
 */
#ifndef MOTE_KERNEL_H
#define MOTE_KERNEL_H

#include <stdint.h>

#include "flash.h"

/* What one firing of a kernel reads and writes. */
struct mote_io {
    const void *const *in; /* row pointers: the window of input 0 from top to bottom, then that of
                              input 1, ... NULL marks a row outside of the image (padding): it adds
                              nothing to a sum and takes no part in a maximum */
    void *const *out;      /* one row of each output; a state tensor is an output that also is read */
    void *scratch;         /* the bytes that the plan gave this step, aligned to 8; may hold anything */
    int32_t y;             /* which output row of the step this is, counted over all images of a batch */
};

typedef void mote_kernel(const void *params, const struct mote_io *io);

#endif
