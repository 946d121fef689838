/* SPDX-License-Identifier: MIT
 *
 * SignalEnergy: squared magnitudes of a spectrum.
 *
 * Source: TensorFlow Lite Micro, SpectrumToEnergy.
 */
#include "signal.h"

void mote_signal_energy_s16(const void *params, const struct mote_io *io)
{
    const struct mote_signal_energy *p = (const struct mote_signal_energy *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    uint32_t *out = (uint32_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t re = in[2 * i], im = in[2 * i + 1];
        out[i] = i >= p->first && i < p->last ? (uint32_t)(re * re) + (uint32_t)(im * im) : 0;
    }
}
