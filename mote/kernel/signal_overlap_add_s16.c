/* SPDX-License-Identifier: MIT
 *
 * SignalOverlapAdd, int16, saturating.
 *
 * Source: TensorFlow Lite Micro, OverlapAdd.
 */
#include <stddef.h>
#include <string.h>

#include "fixed.h"
#include "signal.h"

void mote_signal_overlap_add_s16(const void *params, const struct mote_io *io)
{
    const struct mote_signal_overlap_add *p = (const struct mote_signal_overlap_add *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *sum = (int16_t *)io->out[1] + (ptrdiff_t)(io->y / p->frame_count) * p->size;
    const size_t step = (size_t)p->step, rest = (size_t)p->size - step;
    for (int32_t i = 0; i < p->size; i++) {
        sum[i] = (int16_t)mote_clamp((int32_t)sum[i] + in[i], INT16_MIN, INT16_MAX);
    }
    memcpy(io->out[0], sum, step * sizeof *sum);
    memmove(sum, sum + step, rest * sizeof *sum);
    memset(sum + rest, 0, step * sizeof *sum);
}
