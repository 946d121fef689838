/* SPDX-License-Identifier: MIT
 *
 * SignalStacker: puts neighbouring frames side by side. As long as there are too few, the output is zeros.
 *
 * Source: TensorFlow Lite Micro, StackerEval.
 */
#include <stddef.h>
#include <string.h>

#include "signal.h"

void mote_signal_stacker_s16(const void *params, const struct mote_io *io)
{
    const struct mote_signal_stacker *p = (const struct mote_signal_stacker *)params;
    uint8_t *is_valid = (uint8_t *)io->out[1];
    int32_t *has_begun = (int32_t *)io->out[2], *filled = has_begun + 1;
    int16_t *held = (int16_t *)(has_begun + 2);
    const size_t out_size = (size_t)p->size * sizeof *held;

    for (int32_t i = *has_begun ? p->left : 0; i <= p->left; i++) {
        memcpy(held + *filled, io->in[0], (size_t)p->channel_count * sizeof *held);
        *filled += p->channel_count;
    }
    *has_begun = 1;
    *is_valid = *filled >= p->size;
    if (*is_valid) {
        memcpy(io->out[0], held, out_size);
        *filled -= p->step;
        memmove(held, held + p->step, (size_t)*filled * sizeof *held);
    } else {
        memset(io->out[0], 0, out_size);
    }
}
