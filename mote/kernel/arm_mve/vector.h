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

/* For functions whose assembly takes more registers than a build without optimisation leaves. */
#if defined(__clang__)
#define OPTIMIZED
#else
#define OPTIMIZED __attribute__((optimize("O2", "omit-frame-pointer")))
#endif

/* mote_div_pow2 by 2^-shift: VRSHL rounds halves up; one less below zero, where there is a shift, makes it halves away
 * from zero. */
static inline int32x4_t shift_right(int32x4_t x, int32x4_t shift)
{
    return vrshlq_s32(vaddq_s32(x, vshrq_n_s32(vandq_s32(x, shift), 31)), shift);
}

/* clang-format off */
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
/* clang-format on */

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

/* clang-format off */
/* `size` bytes at `start` of each row, none of which is NULL. */
static inline void copy_rows(const struct lines *l, int32_t start, int32_t size, int8_t *to)
{
    const void *const *rows = l->rows;
    int32_t count = l->count;
    const int8_t *from;
    int8_t *at;
    __asm__ volatile(
        "1:\n"
        "ldr %[from], [%[rows]], #4\n"
        "mov %[at], %[to]\n"
        "add %[from], %[start]\n"
        "dlstp.8 lr, %[size]\n"
        "2:\n"
        "vldrb.8 q0, [%[from]], #16\n"
        "vstrb.8 q0, [%[at]], #16\n"
        "letp lr, 2b\n"
        "add %[to], %[size]\n"
        "subs %[count], #1\n"
        "bne 1b\n"
        : [from] "=&r"(from), [at] "=&r"(at), [to] "+&r"(to), [rows] "+&r"(rows), [count] "+&r"(count)
        : [start] "r"(start), [size] "r"(size)
        : "q0", "lr", "cc", "memory");
}
/* clang-format on */

/* `width` pixels of each line from column `left` on. is_whole: no row is NULL. */
static inline void copy_window(const struct lines *l, bool is_whole, int32_t left, int32_t width, int8_t *to)
{
    if (is_whole && left >= 0 && left + width <= l->in_w) {
        copy_rows(l, left * l->channels, width * l->channels, to);
        return;
    }
    for (int32_t k = 0; k < l->count; k++) {
        to = copy_edge(l, (const int8_t *)l->rows[k], left, width, to);
    }
}

/* Whether no row is NULL. */
static inline bool has_all_rows(const struct lines *l)
{
    int32_t k = 0;
    while (k < l->count && l->rows[k] != NULL) {
        k++;
    }
    return k == l->count;
}

#endif
