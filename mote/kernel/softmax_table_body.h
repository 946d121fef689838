/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX of 8-bit inputs by a table of exponentials, which needs no scratch memory; the names are those of
 * softmax_body.h. Sums stay below 2^31, since vectors are short enough.
 */
#include "fixed_math.h"
#include "softmax.h"

/* e^(scale * beta * -d), Q0. */
static inline uint32_t exponential(const struct mote_softmax_table *p, int32_t d)
{
    return (uint32_t)p->exp[mote_min(d, p->last)];
}

static int32_t greatest(const IN *in, int32_t depth)
{
    int32_t max = in[0];
    for (int32_t i = 1; i < depth; i++) {
        max = mote_max(max, in[i]);
    }
    return max;
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_softmax_table p = *(const struct mote_softmax_table *)params;
    const IN *in = (const IN *)io->in[0];
    OUT *out = (OUT *)io->out[0];
    for (int32_t v = 0; v < p.count; v++, in += p.depth, out += p.depth) {
        const int32_t max = greatest(in, p.depth);
        uint32_t sum = 0; /* Q12 */
        for (int32_t i = 0; i < p.depth; i++) {
            sum += (exponential(&p, max - in[i]) + (UINT32_C(1) << 11)) >> 12;
        }
        int32_t bits;
        int32_t scale = mote_fixed_reciprocal((int32_t)sum, 12, &bits), shift = bits + 31 - OUT_BITS;
        if (shift > 31) { /* all round to 0 */
            scale = 0;
            shift = 31;
        }
        const uint32_t half = UINT32_C(1) << (shift - 1);
        for (int32_t i = 0; i < p.depth; i++) {
            const uint32_t y = (uint32_t)mote_mul_q31((int32_t)exponential(&p, max - in[i]), scale);
            out[i] = (OUT)(mote_min((int32_t)((y + half) >> shift), (INT32_C(1) << OUT_BITS) - 1) + OUT_LOW);
        }
    }
}
