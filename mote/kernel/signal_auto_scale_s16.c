/* SPDX-License-Identifier: MIT
 *
 * SignalFftAutoScale.
 *
 * The reference keeps the maximum in 16 bits, where -32768 is its own magnitude; this and its consequences for the
 * values after it are kept. Source: TensorFlow Lite Micro, FftAutoScale, MaxAbs16.
 */
#include "fixed.h"
#include "signal.h"
#include "signal_bits.h"

void mote_signal_auto_scale_s16(const void *params, const struct mote_io *io)
{
    const struct mote_signal_auto_scale *p = (const struct mote_signal_auto_scale *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    int32_t *shift = (int32_t *)io->out[1];
    int16_t most = 0;
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t x = in[i];
        if (x > most) {
            most = (int16_t)x;
        } else if (-x > most) {
            most = (int16_t)-x;
        }
    }
    *shift = most > 0 ? 15 - mote_bit_count((uint32_t)most) : 0;
    for (int32_t i = 0; i < p->count; i++) {
        out[i] = (int16_t)mote_shift_left(in[i], *shift);
    }
}
