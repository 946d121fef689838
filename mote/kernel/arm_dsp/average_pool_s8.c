/* SPDX-License-Identifier: MIT
 *
 * AVERAGE_POOL_2D, int8, for Cortex-M with the DSP extension: the sums of four channels in two words, 2 instructions and a
 * load for each pixel of the window.
 *
 * Precondition: a window of one firing has at most 255 pixels, so that 16 bits hold their sum.
 * Source: TensorFlow Lite, reference_integer_ops::AveragePool.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stddef.h>

#include "../fixed.h"
#include "../pool.h"
#include "simd.h"

static inline int8_t average(const struct mote_pool *p, int32_t a, int32_t count)
{
    return (int8_t)mote_clamp((a > 0 ? a + count / 2 : a - count / 2) / count, p->low, p->high);
}

static inline void make_four(const struct mote_pool *p, const void *const rows[], int32_t row_count, int32_t offset,
                             int32_t taps, const int32_t *before, int32_t *after, int32_t count, int8_t *out)
{
    uint32_t even = 0, odd = 0;
    for (int32_t r = 0; r < row_count; r++) {
        const int8_t *in = (const int8_t *)rows[r] + offset;
        for (int32_t kx = 0; kx < taps; kx++, in += p->channels) {
            const uint32_t x = mote_load_word(in);
            even = mote_add_bytes(even, x);
            odd = mote_add_bytes_ror8(odd, x);
        }
    }
    int32_t a = (int16_t)even, b = (int16_t)odd, c = (int32_t)even >> 16, d = (int32_t)odd >> 16;
    if (before != NULL) {
        a += before[0];
        b += before[1];
        c += before[2];
        d += before[3];
    }
    if (after != NULL) {
        after[0] = a;
        after[1] = b;
        after[2] = c;
        after[3] = d;
        return;
    }
    out[0] = average(p, a, count);
    out[1] = average(p, b, count);
    out[2] = average(p, c, count);
    out[3] = average(p, d, count);
}

#define KERNEL mote_average_pool_s8__arm_dsp
#define TYPE int8_t
#define ACC int32_t
#define IN_OUTPUT 0
#define START 0
#define ADD(a, x) ((a) + (x))
#define FINISH(p, a, count) average(p, a, count)
#define MAKE_FOUR make_four
#include "../pool_body.h"

#endif
