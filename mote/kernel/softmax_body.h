/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX of 8-bit inputs in fixed point. KERNEL: the name of the kernel; IN, OUT: types of the elements; OUT_LOW:
 * the output for 0; OUT_BITS: bits of the output. The output's scale is 2^-OUT_BITS.
 *
 *   e[i] = exp(scale * beta * (in[i] - max)), Q0;   sum in Q12;   out[i] = OUT_LOW + e[i] / sum * 2^OUT_BITS
 *
 * The exponentials are kept in the scratch memory, [depth] of int32.
 * Source: TensorFlow Lite, reference_ops::Softmax.
 */
#include "fixed_math.h"
#include "softmax.h"

/* Fills e[], returns the sum in Q12; saturates where the reference would overflow. */
static int32_t exponentials(const struct mote_softmax *p, const IN *in, int32_t *e)
{
    int32_t max = in[0];
    for (int32_t i = 1; i < p->depth; i++) {
        max = mote_max(max, in[i]);
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t d = in[i] - max;
        e[i] = 0;
        if (d >= p->least) {
            e[i] = mote_fixed_exp(mote_mul_q31(mote_shift_left(d, p->shift), p->multiplier), 5);
            sum += mote_min(mote_div_pow2(e[i], 12), INT32_MAX - sum);
        }
    }
    return sum;
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_softmax *p = (const struct mote_softmax *)params;
    const IN *in = (const IN *)io->in[0];
    OUT *out = (OUT *)io->out[0];
    int32_t *e = (int32_t *)io->scratch;
    for (int32_t v = 0; v < p->count; v++, in += p->depth, out += p->depth) {
        int32_t bits;
        const int32_t scale = mote_fixed_reciprocal(exponentials(p, in, e), 12, &bits);
        const int32_t shift = bits + 31 - OUT_BITS; /* up to 34 */
        const int32_t more = mote_max(shift - 31, 0);
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t y = mote_div_pow2(mote_mul_q31(scale, e[i]) >> more, shift - more);
            out[i] = (OUT)(mote_min(y, (INT32_C(1) << OUT_BITS) - 1) + OUT_LOW);
        }
    }
}
