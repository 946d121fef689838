/* SPDX-License-Identifier: MIT
 *
 * What the kernels of a dense layer have in common: inputs in whole words, and sums that become outputs, each with its own
 * factor.
 */
#ifndef MOTE_KERNEL_FULLY_CONNECTED_H
#define MOTE_KERNEL_FULLY_CONNECTED_H

#include <stddef.h>
#include <string.h>

#include "fixed.h"
#include "packed.h"
#include "kernel.h"

/* The inputs; those of no whole words are copied to where some more bytes can be read. Then they are one part. */
static inline const int8_t *mote_whole_words(const struct mote_fully_connected_packed *p, const struct mote_io *io)
{
    if (p->inputs == p->depth) {
        return (const int8_t *)io->in[0];
    }
    int8_t *copy = (int8_t *)io->scratch + (p->factors != NULL ? sizeof(int32_t) * (size_t)p->out_c : 0);
    return (const int8_t *)memcpy(copy, io->in[0], (size_t)p->inputs);
}

/* factor: 2 * multiplier - 2^32. The zero point is in what rounds; halves are rounded away from zero. */
static inline int8_t mote_finish_output(const struct mote_fully_connected_packed *p, uint32_t factor, int32_t shift,
                                        int32_t sum)
{
    const int32_t y = mote_mul_q31(sum, (int32_t)(factor >> 1 | UINT32_C(1) << 30));
    const int32_t half = (2 * p->out_zero + 1) * (INT32_C(1) << (shift - 1));
    return (int8_t)mote_clamp((y + (y >> 31) + half) >> shift, p->low, p->high);
}

static inline void mote_finish_outputs(const struct mote_fully_connected_packed *p, const int32_t sums[], int8_t *out)
{
    const MOTE_FLASH uint32_t *factor = p->factors;
    for (int32_t o = 0; o < p->out_c; o++, factor += 2) {
        out[o] = mote_finish_output(p, factor[0], (int32_t)factor[1], sums[o]);
    }
}

#endif
