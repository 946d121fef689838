/* SPDX-License-Identifier: MIT
 *
 * LOG_SOFTMAX of 8-bit types in fixed point. KERNEL: the name of the kernel; TYPE: of the elements; LOW, HIGH: its
 * range. The output has scale 1/16 and zero point HIGH.
 *
 * Source: TensorFlow Lite, reference_ops::LogSoftmaxQuantized.
 */
#include "fixed_math.h"
#include "softmax.h"

/* A difference to the maximum in Q5. */
static int32_t rescale(const struct mote_softmax *p, int32_t d)
{
    return mote_mul_q31(mote_shift_left(d, p->shift), p->multiplier);
}

/* ln of the sum of exponentials, Q5; saturates where the reference would overflow. */
static int32_t log_of_sum(const struct mote_softmax *p, const TYPE *in, int32_t max)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t d = in[i] - max;
        if (d >= p->least) {
            sum += mote_min(mote_div_pow2(mote_fixed_exp(rescale(p, d), 5), 12), INT32_MAX - sum);
        }
    }
    return mote_fixed_log(sum);
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_softmax *p = (const struct mote_softmax *)params;
    const TYPE *in = (const TYPE *)io->in[0];
    TYPE *out = (TYPE *)io->out[0];
    for (int32_t v = 0; v < p->count; v++, in += p->depth, out += p->depth) {
        int32_t max = in[0];
        for (int32_t i = 1; i < p->depth; i++) {
            max = mote_max(max, in[i]);
        }
        const int32_t log_sum = log_of_sum(p, in, max);
        /* differences up to this one would leave the range of Q5 */
        const int32_t least =
            mote_max(p->least - 1, mote_requant(log_sum + INT32_MIN, p->log_multiplier, p->log_shift));
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t d = in[i] - max;
            const int32_t y = d > least ? mote_div_pow2(rescale(p, d) - log_sum, 31 - 5 - 4) + HIGH : LOW;
            out[i] = (TYPE)mote_clamp(y, LOW, HIGH);
        }
    }
}
