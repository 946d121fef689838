/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX, int16: the exponential and the reciprocal come from tables.
 *
 * The exponentials, Q15, are kept in the scratch memory, [depth] of int16.
 * Source: TensorFlow Lite, reference_ops::SoftmaxInt16.
 */
#include "fixed_math.h"
#include "lut_s16.h"
#include "softmax.h"

/* Fills e[], returns the sum, Q16.15; saturates where the reference would overflow. */
static int32_t exponentials(const struct mote_softmax *p, const int16_t *in, int16_t *e)
{
    int32_t max = in[0];
    for (int32_t i = 1; i < p->depth; i++) {
        max = mote_max(max, in[i]);
    }
    int32_t sum = 0;
    const int32_t left = mote_max(p->shift, 0), right = mote_max(-p->shift, 0);
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t d = mote_shift_left_saturate(in[i] - max, left);
        const int32_t x = mote_div_pow2(mote_mul_q31(d, p->multiplier), right);
        e[i] = mote_lut_s16_value(p->exp_table, (int16_t)(mote_max(x, -65535) + 32767));
        sum += mote_min(e[i], INT32_MAX - sum);
    }
    return sum;
}

void mote_softmax_s16(const void *params, const struct mote_io *io)
{
    const struct mote_softmax *p = (const struct mote_softmax *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    int16_t *e = (int16_t *)io->scratch;
    for (int32_t v = 0; v < p->count; v++, in += p->depth, out += p->depth) {
        const int32_t sum = exponentials(p, in, e);
        const int32_t head = mote_clz((uint32_t)sum);
        /* sum = (1 + x) * 2^(16 - head), x in [0, 1) becomes an index */
        const int32_t whole = (int32_t)((((int64_t)sum << (head - 1)) + (1 << 13)) >> 14);
        const int32_t x = mote_clamp(whole - (INT32_C(3) << 15), INT16_MIN, INT16_MAX);
        const int32_t reciprocal = mote_lut_s16_value(p->reciprocal_table, (int16_t)x);
        const int32_t right = 31 - head, half = INT32_C(1) << (right - 1); /* right in [14, 30] */
        for (int32_t i = 0; i < p->depth; i++) {
            out[i] = (int16_t)mote_min((e[i] * reciprocal + half) >> right, INT16_MAX);
        }
    }
}
