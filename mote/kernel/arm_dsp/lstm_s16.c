/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, int16 activations, int8 weights, int16 cell state, for Cortex-M with the DSP extension.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

#include "simd.h"

typedef int16_t lstm_value;
enum { LSTM_LOW = INT16_MIN, LSTM_HIGH = INT16_MAX };

/* Four inputs: 6 loads in 7 cycles, 8 SXTB16, 8 SMLAD, 6 for the loop: 29 cycles for 16 MACs. */
static inline const uint32_t *lstm_sums(const uint32_t *w, const int16_t *x, int32_t depth, int32_t sum[])
{
    int32_t a = (int32_t)w[0], b = (int32_t)w[1], c = (int32_t)w[2], d = (int32_t)w[3];
    w += 4;
    for (const int16_t *const end = x + depth; x < end; x += 4, w += 4) {
        const uint32_t first = mote_load_word((const int8_t *)x), second = mote_load_word((const int8_t *)(x + 2));
        a = mote_smlad(second, mote_sxtb16_ror8(w[0]), mote_smlad(first, mote_sxtb16(w[0]), a));
        b = mote_smlad(second, mote_sxtb16_ror8(w[1]), mote_smlad(first, mote_sxtb16(w[1]), b));
        c = mote_smlad(second, mote_sxtb16_ror8(w[2]), mote_smlad(first, mote_sxtb16(w[2]), c));
        d = mote_smlad(second, mote_sxtb16_ror8(w[3]), mote_smlad(first, mote_sxtb16(w[3]), d));
    }
    sum[0] = a;
    sum[1] = b;
    sum[2] = c;
    sum[3] = d;
    return w;
}

/* As mote_requant64 does: fixed.h. */
#define lstm_scale(sum, f) \
    mote_ssat16((int32_t)(((int64_t)(sum) * (f).factor + (INT64_C(1) << ((f).shift - 1))) >> (f).shift))

#define KERNEL mote_lstm_s16__arm_dsp
#include "lstm_body.h"

#endif
