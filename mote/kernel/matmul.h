/* SPDX-License-Identifier: MIT
 *
 * Parameters of the matrix products of two computed matrices. Products with weights are convolutions, see conv.h.
 */
#ifndef MOTE_KERNEL_MATMUL_H
#define MOTE_KERNEL_MATMUL_H

#include "kernel.h"
#include "mac.h"

/* BATCH_MATMUL. io->in[0]: one row [depth] of the left matrix, or if it comes transposed the whole matrix
 * [depth, rows]; io->in[1]: the right matrix [depth, columns], or transposed [columns, depth]; io->out: one row
 * [columns] of the product; io->scratch: [depth] inputs, if the left matrix comes transposed. */
struct mote_batch_matmul {
    struct mote_mac mac; /* bias NULL, per_channel 0 */
    int32_t rows, depth, columns;
    int32_t left_transposed, right_transposed;
};

/* DETERMINANT. io->in: a matrix [n, n]; io->out: one value; io->scratch: [n, n]. */
struct mote_determinant {
    int32_t n;
};

#endif
