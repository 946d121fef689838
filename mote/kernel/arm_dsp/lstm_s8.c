/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, int8 activations and weights, int16 cell state, for Cortex-M with the DSP extension.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdint.h>

#include "simd.h"

typedef int8_t lstm_value;
enum { LSTM_LOW = INT8_MIN, LSTM_HIGH = INT8_MAX };

/* Four inputs: 5 loads in 7 cycles, 6 SXTB16, 8 SMLAD, 4 for the loop: 25 cycles for 16 MACs. */
static inline const uint32_t *lstm_sums(const uint32_t *w, const int8_t *x, int32_t depth, int32_t sum[])
{
    int32_t a = (int32_t)w[0], b = (int32_t)w[1], c = (int32_t)w[2], d = (int32_t)w[3];
    w += 4;
    const int8_t *const end = x + depth;
    uint32_t even, odd, one, other, low;
    /* clang-format off */
    __asm__ volatile(
        "1:\n"
        "ldr %[odd], [%[x]], #4\n ldr %[one], [%[w]], #16\n ldr %[other], [%[w], #-12]\n"
        "sxtb16 %[even], %[odd]\n sxtb16 %[odd], %[odd], ror #8\n"
        "sxtb16 %[low], %[one]\n smlad %[b], %[one], %[even], %[b]\n smlad %[a], %[low], %[even], %[a]\n"
        "sxtb16 %[low], %[other]\n smlad %[d], %[other], %[even], %[d]\n smlad %[c], %[low], %[even], %[c]\n"
        "ldr %[one], [%[w], #-8]\n ldr %[other], [%[w], #-4]\n"
        "sxtb16 %[low], %[one]\n smlad %[b], %[one], %[odd], %[b]\n smlad %[a], %[low], %[odd], %[a]\n"
        "sxtb16 %[low], %[other]\n smlad %[d], %[other], %[odd], %[d]\n smlad %[c], %[low], %[odd], %[c]\n"
        "cmp %[x], %[end]\n"
        "bne 1b\n"
        : [x] "+r"(x), [w] "+r"(w), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [even] "=&r"(even),
          [odd] "=&r"(odd), [one] "=&r"(one), [other] "=&r"(other), [low] "=&r"(low)
        : [end] "r"(end)
        : "cc", "memory");
    /* clang-format on */
    sum[0] = a;
    sum[1] = (b - a) >> 8;
    sum[2] = c;
    sum[3] = (d - c) >> 8;
    return w;
}

#define lstm_scale(sum, f) mote_ssat16(scale(sum, f))

#define KERNEL mote_lstm_s8__arm_dsp
#include "lstm_body.h"

#endif
