/* SPDX-License-Identifier: MIT
 *
 * SignalFilterBankSquareRoot.
 */
#include "root.h"
#include "signal.h"

void mote_signal_sqrt_u64(const void *params, const struct mote_io *io)
{
    const struct mote_signal_sqrt *p = (const struct mote_signal_sqrt *)params;
    const uint64_t *in = (const uint64_t *)io->in[0];
    const int32_t *shift = (const int32_t *)io->in[1];
    uint32_t *out = (uint32_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        out[i] = mote_root64(in[i]) >> (*shift & 31);
    }
}
