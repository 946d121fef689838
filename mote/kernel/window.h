/* SPDX-License-Identifier: MIT
 *
 * The inputs of one output pixel, or of two, as one vector: for kernels on packed weights.
 */
#ifndef MOTE_KERNEL_WINDOW_H
#define MOTE_KERNEL_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fixed.h"
#include "packed.h"

/* Input i of the window's line that begins at column `left` of a row; NULL and columns outside are the zero point. */
static inline int32_t mote_window_input(const struct mote_conv2d_packed *p, const int8_t *row, int32_t left, int32_t i)
{
    const int32_t at = left * p->in_c + i;
    return row != NULL && at >= 0 && at < p->in_w * p->in_c ? row[at] : p->in_zero;
}

static inline void mote_copy_window(const struct mote_conv2d_packed *p, const void *const rows[], int32_t left,
                                    int8_t *to)
{
    const int32_t line = p->filter_w * p->in_c;
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        for (int32_t i = 0; i < line; i++) {
            *to++ = (int8_t)mote_window_input(p, (const int8_t *)rows[ky], left, i);
        }
    }
}

/* Puts an input into its word: alone, or as the second one. */
static inline void mote_put_input(uint32_t *to, int32_t input, bool is_second)
{
    *to = is_second ? *to + ((uint32_t)input << 16) : (uint32_t)input;
}

/* A line of a window, one word an input. */
static inline void mote_put_line(const struct mote_conv2d_packed *p, const int8_t *row, int32_t left, bool is_second,
                                 uint32_t *to)
{
    const int32_t line = p->filter_w * p->in_c, start = left * p->in_c;
    const int32_t first = mote_clamp(-start, 0, line),
                  last = row != NULL ? mote_clamp(p->in_w * p->in_c - start, 0, line) : 0;
    int32_t i = 0;
    for (; i < mote_min(first, last); i++) {
        mote_put_input(to + i, p->in_zero, is_second);
    }
    for (; i < last; i++) {
        mote_put_input(to + i, row[start + i], is_second);
    }
    for (; i < line; i++) {
        mote_put_input(to + i, p->in_zero, is_second);
    }
}

/* A window, one word an input. */
static inline void mote_widen_window(const struct mote_conv2d_packed *p, const void *const rows[], int32_t left,
                                     uint32_t *to)
{
    for (int32_t ky = 0; ky < p->filter_h; ky++, to += p->filter_w * p->in_c) {
        mote_put_line(p, (const int8_t *)rows[ky], left, false, to);
    }
}

static inline uint32_t mote_pair_inputs(int8_t first, int8_t second)
{
    return (uint32_t)first + ((uint32_t)second << 16);
}

/* The windows that begin at `left` and stride_w further on, one word an input: first + 65536 * second. */
static inline void mote_pair_windows(const struct mote_conv2d_packed *p, const void *const rows[], int32_t left,
                                     uint32_t *to)
{
    const int32_t line = p->filter_w * p->in_c, step = p->stride_w * p->in_c;
    const bool inside = left >= 0 && left + p->stride_w + p->filter_w <= p->in_w;
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        const int8_t *row = (const int8_t *)rows[ky];
        if (row != NULL && inside) {
            const int8_t *const first = row + left * p->in_c, *const second = first + step;
            int32_t i = 0;
            for (; i + 4 <= line; i += 4, to += 4) {
                to[0] = mote_pair_inputs(first[i], second[i]);
                to[1] = mote_pair_inputs(first[i + 1], second[i + 1]);
                to[2] = mote_pair_inputs(first[i + 2], second[i + 2]);
                to[3] = mote_pair_inputs(first[i + 3], second[i + 3]);
            }
            for (; i < line; i++) {
                *to++ = mote_pair_inputs(first[i], second[i]);
            }
            continue;
        }
        mote_put_line(p, row, left, false, to);
        mote_put_line(p, row, left + p->stride_w, true, to);
        to += line;
    }
}

#endif
