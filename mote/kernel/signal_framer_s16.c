/* SPDX-License-Identifier: MIT
 *
 * SignalFramer: overlapping frames of a stream of samples. As long as there are too few, the frame is zeros.
 *
 * Source: TensorFlow Lite Micro, FramerEval.
 */
#include <stddef.h>
#include <string.h>

#include "fixed.h"
#include "signal.h"

static void push(const struct mote_signal_framer *p, int16_t *held, const int16_t *in)
{
    const size_t fresh = (size_t)mote_min(p->step, p->history), kept = (size_t)p->history - fresh;
    memmove(held, held + fresh, kept * sizeof *held);
    memcpy(held + kept, in + ((size_t)p->step - fresh), fresh * sizeof *held);
}

void mote_signal_framer_s16(const void *params, const struct mote_io *io)
{
    const struct mote_signal_framer *p = (const struct mote_signal_framer *)params;
    const int32_t sequence = io->y / p->frame_count;
    int16_t *out = (int16_t *)io->out[0];
    uint8_t *is_valid = (uint8_t *)io->out[1];
    int32_t *filled = (int32_t *)io->out[2] + sequence;
    int16_t *held = (int16_t *)((int32_t *)io->out[2] + p->sequence_count) + (ptrdiff_t)sequence * p->history;

    *is_valid = io->y == 0 ? 1 : *is_valid;
    if (!p->prefill && *filled < p->history) {
        memcpy(held + *filled, io->in[0], (size_t)p->step * sizeof *held);
        memset(out, 0, (size_t)p->size * sizeof *out);
        *filled += p->step;
        *is_valid = 0;
        return;
    }
    const size_t old = (size_t)mote_min(p->history, p->size);
    memcpy(out, held, old * sizeof *out);
    memcpy(out + old, io->in[0], ((size_t)p->size - old) * sizeof *out);
    push(p, held, (const int16_t *)io->in[0]);
}
