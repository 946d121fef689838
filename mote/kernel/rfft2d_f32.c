/* SPDX-License-Identifier: MIT
 *
 * RFFT2D, float: each line as complex numbers, of which half are kept, then each column. Radix 2, decimation in time.
 */
#include <stddef.h>

#include "rfft2d.h"

struct number {
    float re, im;
};

static void reverse_bits(struct number *x, int32_t n)
{
    for (int32_t i = 1, k = 0; i < n; i++) {
        int32_t bit = n / 2;
        for (; (k & bit) != 0; bit /= 2) {
            k ^= bit;
        }
        k ^= bit;
        if (i < k) {
            const struct number swap = x[i];
            x[i] = x[k];
            x[k] = swap;
        }
    }
}

static void transform(const struct mote_rfft2d *p, struct number *x, int32_t n)
{
    reverse_bits(x, n);
    for (int32_t half = 1; half < n; half *= 2) {
        for (int32_t i = 0; i < half; i++) {
            const MOTE_FLASH float *turn = p->turn + (ptrdiff_t)i * (p->length / half / 2) * 2;
            const float re = turn[0], im = turn[1];
            for (int32_t k = i; k < n; k += 2 * half) {
                struct number *a = &x[k], *b = &x[k + half];
                const struct number t = {b->re * re - b->im * im, b->re * im + b->im * re};
                b->re = a->re - t.re;
                b->im = a->im - t.im;
                a->re += t.re;
                a->im += t.im;
            }
        }
    }
}

void mote_rfft2d_f32(const void *params, const struct mote_io *io)
{
    const struct mote_rfft2d *p = (const struct mote_rfft2d *)params;
    const int32_t kept = p->w / 2 + 1;
    struct number *out = (struct number *)io->out[0], *x = (struct number *)io->scratch;
    for (int32_t y = 0; y < p->h; y++) {
        const float *in = (const float *)io->in[0] + (ptrdiff_t)y * p->in_w;
        for (int32_t i = 0; i < p->w; i++) {
            x[i] = (struct number){y < p->in_h && i < p->in_w ? in[i] : 0, 0};
        }
        transform(p, x, p->w);
        for (int32_t i = 0; i < kept; i++) {
            out[y * kept + i] = x[i];
        }
    }
    for (int32_t i = 0; i < kept; i++) {
        for (int32_t y = 0; y < p->h; y++) {
            x[y] = out[y * kept + i];
        }
        transform(p, x, p->h);
        for (int32_t y = 0; y < p->h; y++) {
            out[y * kept + i] = x[y];
        }
    }
}
