/* SPDX-License-Identifier: MIT
 *
 * L2_NORMALIZATION of 8-bit types in fixed point. KERNEL: the name of the kernel; TYPE: of the elements; LOW, HIGH: its
 * range; SCALE(x, multiplier, shift): 128 x * multiplier * 2^(shift - 31).
 *
 * Precondition: depth * 255^2 < 2^31.
 * Source: TensorFlow Lite, reference_integer_ops::L2Normalization.
 */
#include "fixed_math.h"
#include "softmax.h"

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_l2_norm *p = (const struct mote_l2_norm *)params;
    const TYPE *in = (const TYPE *)io->in[0];
    TYPE *out = (TYPE *)io->out[0];
    for (int32_t v = 0; v < p->count; v++, in += p->depth, out += p->depth) {
        int32_t sum = 0;
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t x = in[i] + p->in_offset;
            sum += x * x;
        }
        int32_t multiplier, shift;
        mote_fixed_rsqrt(sum, &multiplier, &shift);
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t y = SCALE(in[i] + p->in_offset, multiplier, shift) + (LOW + 128);
            out[i] = (TYPE)mote_clamp(y, LOW, HIGH);
        }
    }
}
