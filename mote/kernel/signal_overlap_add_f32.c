/* SPDX-License-Identifier: MIT
 *
 * SignalOverlapAdd, float.
 *
 * Source: TensorFlow Lite Micro, OverlapAdd.
 */
#include <stddef.h>
#include <string.h>

#include "signal.h"

void mote_signal_overlap_add_f32(const void *params, const struct mote_io *io)
{
    const struct mote_signal_overlap_add *p = (const struct mote_signal_overlap_add *)params;
    const float *in = (const float *)io->in[0];
    float *sum = (float *)io->out[1] + (ptrdiff_t)(io->y / p->frame_count) * p->size;
    const size_t step = (size_t)p->step, rest = (size_t)p->size - step;
    for (int32_t i = 0; i < p->size; i++) {
        sum[i] = sum[i] + in[i];
    }
    memcpy(io->out[0], sum, step * sizeof *sum);
    memmove(sum, sum + step, rest * sizeof *sum);
    memset(sum + rest, 0, step * sizeof *sum);
}
