/* SPDX-License-Identifier: MIT
 *
 * AVERAGE_POOL_2D of 8-bit types, for Cortex-M with the DSP extension: the sums of four channels in two words, 2 instructions
 * and a load for each pixel of the window. KERNEL, TYPE: as in pool_body.h; HALF: the type of a sum; ADD_EVEN(sums, word),
 * ADD_ODD(sums, word): sums and bytes 0 and 2, or 1 and 3.
 *
 * Precondition: a window of one firing has at most 255 pixels, so that 16 bits hold their sum.
 */
#include <stddef.h>

#include "../fixed.h"
#include "../pool.h"
#include "simd.h"

static inline int32_t average(int32_t a, int32_t count) { return (a > 0 ? a + count / 2 : a - count / 2) / count; }

static inline void make_four(const struct mote_pool *p, const void *const rows[], int32_t row_count, int32_t offset,
                             int32_t taps, const int32_t *before, int32_t *after, int32_t count, TYPE *out)
{
    uint32_t even = 0, odd = 0;
    for (int32_t r = 0; r < row_count; r++) {
        const int8_t *in = (const int8_t *)rows[r] + offset;
        for (int32_t kx = 0; kx < taps; kx++, in += p->channels) {
            const uint32_t x = mote_load_word(in);
            even = ADD_EVEN(even, x);
            odd = ADD_ODD(odd, x);
        }
    }
    int32_t a = (HALF)even, b = (HALF)odd, c = (HALF)(even >> 16), d = (HALF)(odd >> 16);
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
    out[0] = (TYPE)mote_clamp(average(a, count), p->low, p->high);
    out[1] = (TYPE)mote_clamp(average(b, count), p->low, p->high);
    out[2] = (TYPE)mote_clamp(average(c, count), p->low, p->high);
    out[3] = (TYPE)mote_clamp(average(d, count), p->low, p->high);
}

#define ACC int32_t
#define IN_OUTPUT 0
#define START 0
#define ADD(a, x) ((a) + (x))
#define FINISH(a, count) average(a, count)
#define MAKE_FOUR make_four
#include "../pool_body.h"
