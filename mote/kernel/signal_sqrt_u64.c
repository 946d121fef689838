/* SPDX-License-Identifier: MIT
 *
 * SignalFilterBankSquareRoot: bit by bit, rounded to the nearest, at most 2^16 - 1 below 2^32 and 2^32 - 1 from there.
 *
 * Source: TensorFlow Lite Micro, Sqrt32, Sqrt64.
 */
#include "signal.h"
#include "signal_bits.h"

static uint32_t root32(uint32_t x)
{
    uint32_t root = 0;
    for (uint32_t bit = x == 0 ? 0 : UINT32_C(1) << ((mote_bit_count(x) - 1) & ~1); bit != 0; bit >>= 2) {
        const uint32_t next = root + bit;
        root >>= 1;
        if (x >= next) {
            x -= next;
            root += bit;
        }
    }
    return x > root && root != 0xFFFF ? root + 1 : root;
}

static uint32_t root64(uint64_t x)
{
    if (x >> 32 == 0) {
        return root32((uint32_t)x);
    }
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << ((31 + mote_bit_count((uint32_t)(x >> 32))) & ~1); bit != 0; bit >>= 2) {
        const uint64_t next = root + bit;
        root >>= 1;
        if (x >= next) {
            x -= next;
            root += bit;
        }
    }
    return (uint32_t)(x > root && root != UINT32_MAX ? root + 1 : root);
}

void mote_signal_sqrt_u64(const void *params, const struct mote_io *io)
{
    const struct mote_signal_sqrt *p = (const struct mote_signal_sqrt *)params;
    const uint64_t *in = (const uint64_t *)io->in[0];
    const int32_t *shift = (const int32_t *)io->in[1];
    uint32_t *out = (uint32_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        out[i] = root64(in[i]) >> (*shift & 31);
    }
}
