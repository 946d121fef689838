/* SPDX-License-Identifier: MIT
 *
 * SignalFilterBank. Sums wrap modulo 2^64, negative weights included.
 *
 * Source: TensorFlow Lite Micro, FilterbankAccumulateChannels.
 */
#include "signal.h"

static uint64_t dot(const uint32_t *in, const MOTE_FLASH int16_t *weights, int32_t count)
{
    uint64_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (uint64_t)(int64_t)weights[i] * in[i];
    }
    return sum;
}

void mote_signal_filter_bank_u32(const void *params, const struct mote_io *io)
{
    const struct mote_signal_filter_bank *p = (const struct mote_signal_filter_bank *)params;
    const uint32_t *in = (const uint32_t *)io->in[0];
    uint64_t *out = (uint64_t *)io->out[0];
    uint64_t before = 0; /* what the band before gave to this channel */
    for (int32_t i = 0; i <= p->channel_count; i++) {
        const uint32_t *band = in + p->first_frequency[i];
        if (i > 0) {
            out[i - 1] = before + dot(band, p->weights + p->first_weight[i], p->width[i]);
        }
        before = dot(band, p->unweights + p->first_weight[i], p->width[i]);
    }
}
