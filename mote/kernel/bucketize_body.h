/* SPDX-License-Identifier: MIT
 *
 * BUCKETIZE. KERNEL: the name of the kernel; TYPE: of the values, which are compared as float.
 *
 * Source: TensorFlow Lite, kernels/bucketize.cc.
 */
#include "unary.h"

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_bucketize *p = (const struct mote_bucketize *)params;
    const TYPE *in = (const TYPE *)io->in[0];
    int32_t *out = (int32_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        const float x = (float)in[i];
        int32_t low = 0, high = p->boundary_count; /* the first boundary above x lies in [low, high] */
        while (low < high) {
            const int32_t middle = low + (high - low) / 2;
            if (x < p->boundaries[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        out[i] = low;
    }
}
