/* SPDX-License-Identifier: MIT
 *
 * What the kernels for Helium have in common.
 */
#ifndef MOTE_KERNEL_ARM_MVE_VECTOR_H
#define MOTE_KERNEL_ARM_MVE_VECTOR_H

#include <arm_mve.h>
#include <stdbool.h>
#include <stddef.h>

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

/* mote_div_pow2 by 2^-shift: VRSHL rounds halves up; one less below zero, where there is a shift, makes it halves away
 * from zero. */
static inline int32x4_t shift_right(int32x4_t x, int32x4_t shift)
{
    return vrshlq_s32(vaddq_s32(x, vshrq_n_s32(vandq_s32(x, shift), 31)), shift);
}

/* mote_requant of four channels. VQRDMULH is mote_mul_q31 for the multipliers at hand, which are not negative. */
static inline int32x4_t scale_sums(int32x4_t sum, struct factors k, int32_t halves_up)
{
    const int32x4_t y = vqrdmulhq_s32(sum, k.multiplier);
    return halves_up ? vrshlq_s32(y, k.shift) : shift_right(y, k.shift);
}

/* Outputs of eight channels, whose even and odd ones are apart. Sums within 2^30: then int16 may saturate. */
static inline int16x8_t finish_pair(const struct mote_finish_mve *f, int32x4_t even, struct factors even_factors,
                                    int32x4_t odd, struct factors odd_factors)
{
    int16x8_t y = vqmovnbq_s32(vuninitializedq_s16(), scale_sums(even, even_factors, f->halves_up));
    y = vqaddq_n_s16(vqmovntq_s32(y, scale_sums(odd, odd_factors, f->halves_up)), (int16_t)f->zero);
    return vminq_s16(vmaxq_s16(y, vdupq_n_s16((int16_t)f->low)), vdupq_n_s16((int16_t)f->high));
}

/* Copies `count` bytes, at least 0. Returns what follows the last one. */
static inline int8_t *copy_bytes(const int8_t *from, int32_t count, int8_t *to)
{
    int8_t *at = to;
    __asm__ volatile(
        "wlstp.8 lr, %[count], 2f\n"
        "1:\n"
        "vldrb.8 q0, [%[from]], #16\n"
        "vstrb.8 q0, [%[at]], #16\n"
        "letp lr, 1b\n"
        "2:\n"
        : [from] "+r"(from), [at] "+r"(at)
        : [count] "r"(count)
        : "q0", "lr", "memory");
    return to + count;
}

static inline int8_t *fill_bytes(int32_t value, int32_t count, int8_t *to)
{
    int8_t *at = to;
    __asm__ volatile(
        "wlstp.8 lr, %[count], 2f\n"
        "vdup.8 q0, %[value]\n"
        "1:\n"
        "vstrb.8 q0, [%[at]], #16\n"
        "letp lr, 1b\n"
        "2:\n"
        : [at] "+r"(at)
        : [count] "r"(count), [value] "r"(value)
        : "q0", "lr", "memory");
    return to + count;
}

/* Lines of pixels of `channels` bytes. What is outside of the image is `zero`. */
struct lines {
    const void *const *rows;
    int32_t count, in_w, channels, zero;
};

/* `width` pixels of a line from column `left` on, some of which may be outside. */
static inline int8_t *copy_edge(const struct lines *l, const int8_t *row, int32_t left, int32_t width, int8_t *to)
{
    const int32_t first = row != NULL ? mote_clamp(-left, 0, width) : width;
    const int32_t last = mote_clamp(l->in_w - left, first, width);
    to = fill_bytes(l->zero, first * l->channels, to);
    if (first < last) {
        to = copy_bytes(row + (left + first) * l->channels, (last - first) * l->channels, to);
    }
    return fill_bytes(l->zero, (width - last) * l->channels, to);
}

/* `width` pixels of each line from column `left` on. */
static inline void copy_window(const struct lines l, int32_t left, int32_t width, int8_t *to)
{
    const bool inside = left >= 0 && left + width <= l.in_w;
    const int32_t start = left * l.channels, size = width * l.channels;
    for (int32_t k = 0; k < l.count; k++) {
        const int8_t *row = l.rows[k];
        to = inside && row != NULL ? copy_bytes(row + start, size, to) : copy_edge(&l, row, left, width, to);
    }
}

#endif
