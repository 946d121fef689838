/* SPDX-License-Identifier: MIT
 *
 * SignalFilterBankSpectralSubtraction: takes a running estimate of the noise off each channel. Arithmetic modulo 2^32,
 * products modulo 2^64.
 *
 * Source: TensorFlow Lite Micro, FilterbankSpectralSubtraction.
 */
#include "signal.h"

void mote_signal_subtract_u32(const void *params, const struct mote_io *io)
{
    const struct mote_signal_subtract *p = (const struct mote_signal_subtract *)params;
    const uint32_t *in = (const uint32_t *)io->in[0];
    uint32_t *out = (uint32_t *)io->out[0], *noise = (uint32_t *)io->out[1], *state = (uint32_t *)io->out[2];
    for (int32_t i = 0; i < p->count; i++) {
        const uint32_t signal = in[i] << p->smoothing_bits;
        uint32_t estimate =
            (uint32_t)(((uint64_t)signal * p->smoothing[i & 1] + (uint64_t)state[i] * p->one_minus_smoothing[i & 1]) >>
                       p->bits);
        state[i] = estimate;
        if (estimate > signal) {
            estimate = signal;
            state[i] = p->clamping ? estimate : state[i];
        }
        const uint32_t least = (uint32_t)(((uint64_t)in[i] * p->least) >> p->bits);
        const uint32_t rest = (signal - estimate) >> p->smoothing_bits;
        out[i] = rest > least ? rest : least;
        noise[i] = state[i];
    }
}
