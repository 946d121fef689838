/* SPDX-License-Identifier: MIT
 *
 * The loops of the pooling kernels: for each output pixel a vector of one accumulator per channel goes over the
 * window, which comes at once or, folded, row by row. KERNEL: the name of the kernel; TYPE: of the elements; ACC: of
 * the accumulators, which lie in the scratch memory or, to outlive a firing, in the second output, or in the output
 * (IN_OUTPUT 1) where they are of its type; START: their first value;
 * ADD(a, x): the accumulator after element x; FINISH(p, a, count): what is written, `count` elements seen.
 */
#include <stddef.h>

#include "fixed.h"
#include "pool.h"

/* Adds `taps` pixels of one input row to the accumulators. */
static void add_row(const TYPE *in, int32_t taps, int32_t channels, ACC *acc)
{
    for (int32_t kx = 0; kx < taps; kx++, in += channels) {
        for (int32_t c = 0; c < channels; c++) {
            acc[c] = (ACC)ADD(acc[c], in[c]);
        }
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_pool *p = params;
    const int32_t channels = p->channels;
    const int32_t rows = p->folded > 0 ? 1 : p->filter_h;
    const int is_first = p->folded == 0 || io->y == 0;
    const int is_last = p->folded == 0 || io->y == p->folded - 1;
    TYPE *out = io->out[0];
    for (int32_t x = 0; x < p->out_w; x++, out += channels) {
        ACC *acc = IN_OUTPUT ? (void *)out : p->folded > 0 ? (ACC *)io->out[1] + x * channels : io->scratch;
        const int32_t left = x * p->stride_w - p->pad_w;
        const int32_t first = mote_max(left, 0);
        const int32_t taps = mote_min(left + p->filter_w, p->in_w) - first;
        int32_t count = 0;
        for (int32_t c = 0; c < channels && is_first; c++) {
            acc[c] = START;
        }
        for (int32_t ky = 0; ky < rows; ky++) {
            const TYPE *row = io->in[ky];
            if (row != NULL) {
                add_row(row + first * channels, taps, channels, acc);
                count += taps;
            }
        }
        if (p->folded > 0) {
            count *= p->folded;
        }
        for (int32_t c = 0; c < channels && is_last; c++) {
            out[c] = (TYPE)FINISH(p, acc[c], count);
        }
    }
}
