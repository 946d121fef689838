/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D, int8, for Cortex-M with the DSP extension: four channels in a word, 2 instructions and a load for each
 * pixel of the window.
 *
 * Source: TensorFlow Lite, reference_integer_ops::MaxPool.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stddef.h>

#include "../fixed.h"
#include "../pool.h"
#include "simd.h"

static inline void make_four(const struct mote_pool *p, const void *const rows[], int32_t row_count, int32_t offset,
                             int32_t taps, const int8_t *before, int8_t *after, int8_t *out)
{
    uint32_t most = before != NULL ? mote_load_word(before) : UINT32_C(0x80808080);
    for (int32_t r = 0; r < row_count; r++) {
        const int8_t *in = (const int8_t *)rows[r] + offset;
        for (int32_t kx = 0; kx < taps; kx++, in += p->channels) {
            most = mote_max_bytes(most, mote_load_word(in));
        }
    }
    if (after != NULL) {
        mote_store_word(after, most);
        return;
    }
    most = mote_max_bytes(most, ((uint32_t)p->low & 0xFF) * UINT32_C(0x01010101));
    mote_store_word(out, mote_min_bytes(most, ((uint32_t)p->high & 0xFF) * UINT32_C(0x01010101)));
}

#define KERNEL mote_max_pool_s8__arm_dsp
#define TYPE int8_t
#define ACC int8_t
#define IN_OUTPUT 1
#define START INT8_MIN
#define ADD(a, x) mote_max(a, x)
#define FINISH(p, a, count) mote_clamp(a, (p)->low, (p)->high)
#define MAKE_FOUR(p, rows, row_count, offset, taps, before, after, count, out) \
    make_four(p, rows, row_count, offset, taps, before, after, out)
#include "../pool_body.h"

#endif
