/* SPDX-License-Identifier: MIT
 *
 * What the kernels for Helium have in common.
 */
#ifndef MOTE_KERNEL_ARM_MVE_VECTOR_H
#define MOTE_KERNEL_ARM_MVE_VECTOR_H

#include <arm_mve.h>

#include "../fixed.h"
#include "../kernel.h"
#include "../packed_mve.h"

/* The factors of four channels. */
struct factors {
    int32x4_t multiplier, shift; /* shift: to the right where negative */
};

static inline struct factors load_factors(const int32_t *from)
{
    return (struct factors){vldrwq_s32(from), vldrwq_s32(from + 4)};
}

/* mote_requant, zero point and limits for four channels. VQRDMULH is mote_mul_q31 for the multipliers at hand, which are
 * not negative. VRSHL rounds halves up; one less below zero, where there is a shift, makes it halves away from zero. */
static inline int32x4_t finish_sums(const struct mote_finish_mve *f, int32x4_t sum, struct factors k)
{
    int32x4_t y = vqrdmulhq_s32(sum, k.multiplier);
    if (!f->halves_up) {
        y = vaddq_s32(y, vshrq_n_s32(vandq_s32(y, k.shift), 31));
    }
    y = vaddq_n_s32(vrshlq_s32(y, k.shift), f->zero);
    return vminq_s32(vmaxq_s32(y, vdupq_n_s32(f->low)), vdupq_n_s32(f->high));
}

/* Copies `count` bytes; none if it is not positive. Returns what follows the last one. */
static inline int8_t *copy_bytes(const int8_t *from, int32_t count, int8_t *to)
{
    int8_t *end = to + mote_max(count, 0);
    for (; to < end; from += 16, to += 16) {
        const mve_pred16_t p = vctp8q((uint32_t)(end - to));
        vstrbq_p_s8(to, vldrbq_z_s8(from, p), p);
    }
    return end;
}

static inline int8_t *fill_bytes(int32_t value, int32_t count, int8_t *to)
{
    int8_t *end = to + mote_max(count, 0);
    for (; to < end; to += 16) {
        vstrbq_p_s8(to, vdupq_n_s8((int8_t)value), vctp8q((uint32_t)(end - to)));
    }
    return end;
}

/* One line of `width` pixels of `channels` bytes from column `left` on; what is outside of the image is `zero`. */
static inline int8_t *copy_line(const int8_t *row, int32_t in_w, int32_t channels, int32_t left, int32_t width,
                                int32_t zero, int8_t *to)
{
    const int32_t first = row != NULL ? mote_clamp(-left, 0, width) : width;
    const int32_t last = mote_clamp(in_w - left, first, width);
    to = fill_bytes(zero, first * channels, to);
    to = copy_bytes(row + (left + first) * channels, (last - first) * channels, to);
    return fill_bytes(zero, (width - last) * channels, to);
}

#endif
