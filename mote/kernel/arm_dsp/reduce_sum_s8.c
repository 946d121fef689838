/* SPDX-License-Identifier: MIT
 *
 * SUM and MEAN, int8, for Cortex-M with the DSP extension, four elements at a time: for one sum in 5 cycles, for a sum each
 * in 17.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include "../reduce_int.h"
#include "simd.h"

/* One run of the innermost dim. */
static void add_run(const int8_t *in, int32_t n, int32_t step, uint32_t *acc)
{
    if (step == 0) {
        uint32_t sum = *acc - 128 * (uint32_t)(n & ~3);
        for (; n >= 4; n -= 4, in += 4) {
            sum = mote_add_unsigned_bytes(sum, mote_load_word(in) ^ 0x80808080);
        }
        for (; n > 0; n--, in++) {
            sum += (uint32_t)*in;
        }
        *acc = sum;
        return;
    }
    for (; n >= 4; n -= 4, in += 4, acc += 4) {
        const uint32_t x = mote_load_word(in);
        const uint32_t a = acc[0] + (uint32_t)(int8_t)x, b = acc[1] + (uint32_t)(int8_t)(x >> 8);
        const uint32_t c = acc[2] + (uint32_t)(int8_t)(x >> 16), d = acc[3] + (uint32_t)(int8_t)(x >> 24);
        acc[0] = a;
        acc[1] = b;
        acc[2] = c;
        acc[3] = d;
    }
    for (; n > 0; n--, in++, acc++) {
        *acc += (uint32_t)*in;
    }
}

#define KERNEL mote_reduce_sum_s8__arm_dsp
#define TYPE int8_t
#define ACC uint32_t
#define IN_OUTPUT 0
#define START 0
#define ADD_RUN(p, in, n, step, acc) add_run(in, n, step, acc)
#define FINISH(p, a) mote_reduce_mean(p, a)
#include "../reduce_body.h"

#endif
