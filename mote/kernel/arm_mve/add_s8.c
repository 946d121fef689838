/* SPDX-License-Identifier: MIT
 *
 * ADD, int8, for Cortex-M with Helium, where both inputs have an element for each of the output's. Four elements at a time.
 *
 * Precondition: sign is 1, shift is not positive.
 * Source: TensorFlow Lite, reference_integer_ops::AddFunc.
 */
#if defined(__ARM_FEATURE_MVE)

#include "../binary.h"
#include "vector.h"

static inline int32x4_t to_common_scale(int32x4_t x, int32_t offset, const struct mote_operand *o, int32_t left)
{
    const int32x4_t scaled = vqrdmulhq_n_s32(vaddq_n_s32(vshlq_r_s32(x, left), offset), o->multiplier);
    return shift_right(scaled, vdupq_n_s32(-o->right));
}

static void add_row(const void *params, const struct mote_broadcast *b, const uint8_t *const in[], void *out)
{
    const struct mote_common_scale p = *(const struct mote_common_scale *)params;
    const int32_t x_offset = mote_shift_left(p.x.offset, p.left), y_offset = mote_shift_left(p.y.offset, p.left);
    const int8_t *x = (const int8_t *)in[0], *y = (const int8_t *)in[1];
    int8_t *to = (int8_t *)out;
    for (int32_t n = b->n; n > 0; n -= 4, x += 4, y += 4, to += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)n);
        const int32x4_t sum = vaddq_s32(to_common_scale(vldrbq_z_s32(x, some), x_offset, &p.x, p.left),
                                        to_common_scale(vldrbq_z_s32(y, some), y_offset, &p.y, p.left));
        int32x4_t z = shift_right(vqrdmulhq_n_s32(sum, p.multiplier), vdupq_n_s32(p.shift));
        z = vaddq_n_s32(z, p.out_offset);
        vstrbq_p_s32(to, vminq_s32(vmaxq_s32(z, vdupq_n_s32(p.low)), vdupq_n_s32(p.high)), some);
    }
}

void mote_add_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_common_scale *p = (const struct mote_common_scale *)params;
    mote_broadcast(&p->shape, add_row, p, io);
}

#endif
