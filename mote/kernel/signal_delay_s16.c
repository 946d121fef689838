/* SPDX-License-Identifier: MIT
 *
 * SignalDelay.
 *
 * Source: TensorFlow Lite Micro, DelayEval.
 */
#include <stddef.h>
#include <string.h>

#include "fixed.h"
#include "signal.h"

void mote_signal_delay_s16(const void *params, const struct mote_io *io)
{
    const struct mote_signal_delay *p = (const struct mote_signal_delay *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    int16_t *held = (int16_t *)io->out[1] + (ptrdiff_t)io->y * p->delay;
    const size_t old = (size_t)mote_min(p->delay, p->count); /* samples that come from the state, and that stay there */
    const size_t all = (size_t)p->count;
    memcpy(out, held, old * sizeof *out);
    memcpy(out + old, in, (all - old) * sizeof *out);
    memmove(held, held + old, ((size_t)p->delay - old) * sizeof *held);
    memcpy(held + (size_t)p->delay - old, in + (all - old), old * sizeof *held);
}
