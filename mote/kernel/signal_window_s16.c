/* SPDX-License-Identifier: MIT
 *
 * SignalWindow.
 *
 * Source: TensorFlow Lite Micro, ApplyWindow.
 */
#include "fixed.h"
#include "signal.h"

void mote_signal_window_s16(const void *params, const struct mote_io *io)
{
    const struct mote_signal_window *p = (const struct mote_signal_window *)params;
    const int16_t *in = (const int16_t *)io->in[0], *weight = (const int16_t *)io->in[1];
    int16_t *out = (int16_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        out[i] = (int16_t)mote_clamp((int32_t)in[i] * weight[i] >> p->shift, INT16_MIN, INT16_MAX);
    }
}
