/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, int8 activations and weights, int16 cell state, for Cortex-M with the DSP extension, weights
 * as they come: the rows of four gates, four inputs at a time. 5 loads, 10 SXTB16, 8 SMLAD: about 2 cycles per MAC.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

#include "simd.h"

typedef int8_t lstm_value;
typedef int32_t lstm_bias;
typedef uint32_t lstm_sum;
enum { LSTM_LOW = INT8_MIN, LSTM_HIGH = INT8_MAX };
#define lstm_requant(sum, multiplier, shift) mote_requant((int32_t)(sum), multiplier, shift)
#include "../lstm_int.h"

static inline void lstm_dot(const void *const weights[], int32_t u, const lstm_value *x, int32_t count, lstm_sum sum[])
{
    const int8_t *a = (const int8_t *)weights[0] + u * count, *b = (const int8_t *)weights[1] + u * count;
    const int8_t *c = (const int8_t *)weights[2] + u * count, *d = (const int8_t *)weights[3] + u * count;
    int32_t sums[MOTE_LSTM_GATES] = {0}, i = 0;
    for (; i + 4 <= count; i += 4) {
        const uint32_t word = mote_load_word(x + i);
        sums[0] = mote_smlad_bytes(word, mote_load_word(a + i), sums[0]);
        sums[1] = mote_smlad_bytes(word, mote_load_word(b + i), sums[1]);
        sums[2] = mote_smlad_bytes(word, mote_load_word(c + i), sums[2]);
        sums[3] = mote_smlad_bytes(word, mote_load_word(d + i), sums[3]);
    }
    for (; i < count; i++) {
        const uint32_t one = (uint32_t)(uint16_t)x[i];
        sums[0] = mote_smlad(one, (uint32_t)(uint16_t)a[i], sums[0]);
        sums[1] = mote_smlad(one, (uint32_t)(uint16_t)b[i], sums[1]);
        sums[2] = mote_smlad(one, (uint32_t)(uint16_t)c[i], sums[2]);
        sums[3] = mote_smlad(one, (uint32_t)(uint16_t)d[i], sums[3]);
    }
    for (int g = 0; g < MOTE_LSTM_GATES; g++) {
        sum[g] = (lstm_sum)sums[g];
    }
}

#define LSTM_DOT
#define KERNEL mote_lstm_plain_s8__arm_dsp
#include "../lstm_body.h"

#endif
