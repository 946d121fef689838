/* SPDX-License-Identifier: MIT
 *
 * The loops of CONV_2D and FULLY_CONNECTED with int16 activations and int8 weights, for Cortex-M with the DSP extension.
 * KERNEL: the name of the kernel; finish(): an output of a sum; mac_*.h of its types is included before. Weights: packed.h,
 * where the planner has seen that sums of products fit into 32 bits.
 *
 * Blocks of two pixels by two filters; a window's lines lie in the image, or are copied into the scratch memory.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../packed.h"
#include "simd.h"

/* A window's lines: where they begin in the image, or in copies. */
typedef const int16_t *const lines[];

/* Two filters over the lines of one pixel, or of two. Four inputs of two pixels take 6 loads in 7 cycles, 4 SXTB16, 8 SMLAD
 * and 7 for the loop: 26 cycles for 16 MACs. Returns where their weights end. */
__attribute__((always_inline)) static inline const uint32_t *add_products(const struct mote_conv2d_s16_packed *p,
                                                                          lines first, lines second, bool both,
                                                                          const uint32_t *weights, int32_t sum[4])
{
    const int32_t line_words = (p->filter_w * p->in_c + 3) / 4 * 2;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        const int16_t *x = first[ky], *y = second[ky];
        for (const uint32_t *const end = weights + line_words; weights < end; weights += 2, x += 4, y += 4) {
            const uint32_t x01 = mote_load_word((const int8_t *)x), x23 = mote_load_word((const int8_t *)(x + 2));
            const uint32_t one = weights[0], other = weights[1];
            const uint32_t one01 = mote_sxtb16(one), other01 = mote_sxtb16(other);
            const uint32_t one23 = mote_sxtb16_ror8(one), other23 = mote_sxtb16_ror8(other);
            a = mote_smlad(x23, one23, mote_smlad(x01, one01, a));
            b = mote_smlad(x23, other23, mote_smlad(x01, other01, b));
            if (both) {
                const uint32_t y01 = mote_load_word((const int8_t *)y), y23 = mote_load_word((const int8_t *)(y + 2));
                c = mote_smlad(y23, one23, mote_smlad(y01, one01, c));
                d = mote_smlad(y23, other23, mote_smlad(y01, other01, d));
            }
        }
    }
    sum[0] = a;
    sum[1] = b;
    sum[2] = c;
    sum[3] = d;
    return weights;
}

/* Finds the lines of the window that begins at `left`. One that is not all in the image is copied, zeros around. */
static void find_lines(const struct mote_conv2d_s16_packed *p, const void *const rows[], int32_t left,
                       const int16_t *found[], int16_t *copy)
{
    const int32_t line = (p->filter_w * p->in_c + 3) & ~3, size = p->in_w * p->in_c, start = left * p->in_c;
    const bool is_inside = start >= 0 && start + line <= size;
    for (int32_t ky = 0; ky < p->filter_h; ky++, copy += line) {
        const int16_t *row = (const int16_t *)rows[ky];
        found[ky] = row != NULL && is_inside ? row + start : copy;
        for (int32_t i = 0; i < line && found[ky] == copy; i++) {
            const int32_t at = start + i;
            copy[i] = row != NULL && at >= 0 && at < size ? row[at] : 0;
        }
    }
}

/* All filters over one pixel, or over two. */
__attribute__((always_inline)) static inline void make_pixels(const struct mote_conv2d_s16_packed *p, lines first,
                                                              lines second, bool both, mac_out *out)
{
    const uint32_t *weights = p->stream;
    for (int32_t o = 0; o < p->out_c; o += 2) {
        int32_t sum[4];
        weights = add_products(p, first, second, both, weights, sum);
        for (int32_t k = 0; k < 2 && o + k < p->out_c; k++) {
            out[o + k] = finish(p, sum[k], o + k);
            if (both) {
                out[p->out_c + o + k] = finish(p, sum[2 + k], o + k);
            }
        }
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_s16_packed *p = (const struct mote_conv2d_s16_packed *)params;
    const int16_t **first = (const int16_t **)io->scratch, **second = first + p->filter_h;
    int16_t *copies = (int16_t *)(second + p->filter_h);
    mac_out *out = (mac_out *)io->out[0];
    int32_t x = 0, left = -p->pad_w;
    for (; x + 1 < p->out_w; x += 2, left += 2 * p->stride_w, out += 2 * p->out_c) {
        find_lines(p, io->in, left, first, copies);
        find_lines(p, io->in, left + p->stride_w, second, copies + p->depth);
        make_pixels(p, first, second, true, out);
    }
    if (x < p->out_w) {
        find_lines(p, io->in, left, first, copies);
        make_pixels(p, first, first, false, out);
    }
}
