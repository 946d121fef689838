/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and weights, for AVR. The bias has the input's zero point folded in, so
 * what lies outside of the image is the zero point.
 *
 * Preconditions: as many channels in a filter as in the input; windows of less than 2^15 bytes.
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#ifdef __AVR__

#include <stdbool.h>
#include <string.h>

#include "../conv.h"
#include "dot.h"
#include "finish.h"

/* The columns of one line of the window that begins at `left` lie in the image, one behind the other. */
static bool is_inside(const struct mote_conv2d *p, const int8_t *row, int32_t left)
{
    return row != NULL && left >= 0 && left + p->filter_w <= p->in_w && (p->dilation_w == 1 || p->filter_w == 1);
}

static void copy_line(const struct mote_conv2d *p, const int8_t *row, int32_t left, int8_t *to)
{
    const size_t pixel = (size_t)p->in_c;
    if (is_inside(p, row, left)) {
        memcpy(to, row + (size_t)left * pixel, (size_t)p->filter_w * pixel);
        return;
    }
    for (int32_t kx = 0; kx < p->filter_w; kx++, left += p->dilation_w, to += pixel) {
        if (row != NULL && left >= 0 && left < p->in_w) {
            memcpy(to, row + (size_t)left * pixel, pixel);
        } else {
            memset(to, -(int)p->mac.in_offset, pixel);
        }
    }
}

/* The window of `lines` lines as one vector: where it is, if that is possible, else a copy. */
static const int8_t *find_window(const struct mote_conv2d *p, const struct mote_io *io, int32_t left, uint8_t lines)
{
    if (lines == 1 && is_inside(p, (const int8_t *)io->in[0], left)) {
        return (const int8_t *)io->in[0] + (size_t)left * (size_t)p->in_c;
    }
    int8_t *to = (int8_t *)io->scratch;
    for (uint8_t ky = 0; ky < lines; ky++, to += (size_t)p->filter_w * (size_t)p->in_c) {
        copy_line(p, (const int8_t *)io->in[ky], left, to);
    }
    return (const int8_t *)io->scratch;
}

void mote_conv2d_s8__avr(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d *p = (const struct mote_conv2d *)params;
    const bool folded = p->folded > 0, is_last = !folded || io->y == p->folded - 1;
    const uint8_t lines = folded ? 1 : (uint8_t)p->filter_h;
    const size_t line = (size_t)p->filter_w * (size_t)p->in_c, out_c = (size_t)p->out_c;
    const uint16_t size = (uint16_t)(lines * line);
    const MOTE_FLASH int8_t *filters = (const MOTE_FLASH int8_t *)p->filter;
    uint32_t *sums = folded ? (uint32_t *)io->out[1] : NULL;
    int8_t *out = (int8_t *)io->out[0];
    if (folded) {
        filters += (size_t)(p->fold_first + io->y) * line;
    }
    for (int32_t x = 0; x < p->out_w; x++) {
        const int8_t *window = find_window(p, io, x * p->stride_w - p->pad_w, lines);
        const MOTE_FLASH int8_t *filter = filters;
        for (size_t o = 0; o < out_c; o++, filter += (size_t)p->filter_h * line, out++) {
            const uint32_t sum = mote_dot_s8(window, filter, size, folded && io->y > 0 ? *sums : 0);
            if (folded) {
                *sums++ = sum;
            }
            if (is_last) {
                *out = mote_finish_s8(&p->mac, sum, o);
            }
        }
    }
}

#endif
