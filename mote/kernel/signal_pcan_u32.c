/* SPDX-License-Identifier: MIT
 *
 * SignalPCAN: per-channel amplitude normalisation. The gain is a quadratic of the noise between powers of two, whose
 * three coefficients the table holds; the signal to noise ratio, with 12 fractional bits, is then shrunk.
 *
 * Source: TensorFlow Lite Micro, ApplyPcanAutoGainControlFixed.
 */
#include "signal.h"
#include "signal_bits.h"

enum { SNR_BITS = 12, OUT_BITS = 6 };

static int16_t gain_of(uint32_t noise, const int16_t *table)
{
    if (noise <= 2) {
        return table[noise];
    }
    const int32_t interval = mote_bit_count(noise);
    const int16_t *c = table + 4 * interval - 6;
    const int32_t x = (int32_t)((interval < 11 ? noise << (11 - interval) : noise >> (interval - 11)) & 0x3FF);
    const int32_t slope = ((int32_t)c[2] * x >> 5) + (int32_t)c[1] * 32;
    return (int16_t)(((slope * x + (1 << 14)) >> 15) + c[0]);
}

/* x^2 / 4 below 2, x - 1 above. */
static uint32_t shrink(uint32_t x)
{
    return x < UINT32_C(2) << SNR_BITS ? x * x >> (2 + 2 * SNR_BITS - OUT_BITS)
                                       : (x >> (SNR_BITS - OUT_BITS)) - (1 << OUT_BITS);
}

void mote_signal_pcan_u32(const void *params, const struct mote_io *io)
{
    const struct mote_signal_pcan *p = (const struct mote_signal_pcan *)params;
    const uint32_t *in = (const uint32_t *)io->in[0], *noise = (const uint32_t *)io->in[1];
    const int16_t *table = (const int16_t *)io->in[2];
    uint32_t *out = (uint32_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        const uint32_t gain = (uint32_t)gain_of(noise[i], table);
        out[i] = shrink((uint32_t)(((uint64_t)in[i] * gain) >> p->snr_shift));
    }
}
