/* SPDX-License-Identifier: MIT
 *
 * MAX_POOL_2D of 8-bit types, for Cortex-M with the DSP extension: four channels in a word, 2 instructions and a load for
 * each pixel of the window. KERNEL, TYPE, START: as in pool_body.h; MAX_BYTES(a, b), MIN_BYTES(a, b): of each of four bytes
 * the greater one, or the smaller one.
 */
#include <stddef.h>

#include "../fixed.h"
#include "../pool.h"
#include "simd.h"

static inline uint32_t four_times(int32_t byte) { return ((uint32_t)byte & 0xFF) * UINT32_C(0x01010101); }

static inline void make_four(const struct mote_pool *p, const void *const rows[], int32_t row_count, int32_t offset,
                             int32_t taps, const TYPE *before, TYPE *after, TYPE *out)
{
    uint32_t most = before != NULL ? mote_load_word((const int8_t *)before) : four_times(START);
    for (int32_t r = 0; r < row_count; r++) {
        const int8_t *in = (const int8_t *)rows[r] + offset;
        for (int32_t kx = 0; kx < taps; kx++, in += p->channels) {
            most = MAX_BYTES(most, mote_load_word(in));
        }
    }
    if (after != NULL) {
        mote_store_word((int8_t *)after, most);
        return;
    }
    most = MAX_BYTES(most, four_times(p->low));
    mote_store_word((int8_t *)out, MIN_BYTES(most, four_times(p->high)));
}

#define ACC TYPE
#define IN_OUTPUT 1
#define ADD(a, x) mote_max(a, x)
#define FINISH(a, count) ((void)(count), a)
#define MAKE_FOUR(p, rows, row_count, offset, taps, before, after, count, out) \
    make_four(p, rows, row_count, offset, taps, before, after, out)
#include "../pool_body.h"
