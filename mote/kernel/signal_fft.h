/* SPDX-License-Identifier: MIT
 *
 * SignalRfft and SignalIrfft: the transform of n = fft_length / 2 complex numbers, which are the even and odd samples,
 * and the step that takes the two spectra apart. Decimation in time with radices 5, 4, 3 and 2, stage by stage in
 * place.
 *
 * The including file defines KERNEL, the name of the kernel, and
 *
 *   fft_real            the type of samples
 *   fft_wide            of sums of two samples; converting back to fft_real wraps
 *   fft_half            half of a sum
 *   fft_times           product of a sample and a factor of the tables
 *   fft_rotate_real, _imaginary    parts of the product of a number and a complex factor
 *   fft_divide(x, k)    what a stage of radix k does to each value first
 *   fft_finish(p, out)  after the inverse transform
 *
 * The order of roundings is that of KISS FFT (Mark Borgerding), whose results TensorFlow Lite Micro's operators have.
 */
#include <stddef.h>

#include "signal.h"

struct fft_complex {
    fft_real re, im;
};

static inline struct fft_complex fft_number(fft_wide re, fft_wide im)
{
    return (struct fft_complex){(fft_real)re, (fft_real)im};
}

static inline struct fft_complex fft_add(struct fft_complex a, struct fft_complex b)
{
    return fft_number((fft_wide)a.re + b.re, (fft_wide)a.im + b.im);
}

static inline struct fft_complex fft_subtract(struct fft_complex a, struct fft_complex b)
{
    return fft_number((fft_wide)a.re - b.re, (fft_wide)a.im - b.im);
}

/* a + i * b */
static inline struct fft_complex fft_add_turned(struct fft_complex a, struct fft_complex b)
{
    return fft_number((fft_wide)a.re - b.im, (fft_wide)a.im + b.re);
}

static inline struct fft_complex fft_subtract_turned(struct fft_complex a, struct fft_complex b)
{
    return fft_number((fft_wide)a.re + b.im, (fft_wide)a.im - b.re);
}

static inline struct fft_complex fft_multiply(struct fft_complex a, struct fft_complex b)
{
    return (struct fft_complex){fft_rotate_real(a.re, a.im, b.re, b.im), fft_rotate_imaginary(a.re, a.im, b.re, b.im)};
}

static inline struct fft_complex fft_scale(struct fft_complex a, fft_real factor)
{
    return (struct fft_complex){fft_times(a.re, factor), fft_times(a.im, factor)};
}

static inline struct fft_complex fft_divided(struct fft_complex a, int32_t k)
{
    return (struct fft_complex){fft_divide(a.re, k), fft_divide(a.im, k)};
}

/*** Butterflies: they join the transforms of k parts, `span` apart, number `i` of each ***/

struct fft_stage {
    const MOTE_FLASH struct fft_complex *twiddles;
    int32_t step; /* in the twiddles, between neighbours of this stage */
    int32_t span; /* numbers in each of the transforms that the stage joins */
    int32_t inverse;
};

/* By halves, since compilers for AVR stumble over a struct in flash. */
static inline struct fft_complex fft_twiddle(const MOTE_FLASH struct fft_complex *twiddles, int32_t i)
{
    return (struct fft_complex){twiddles[i].re, twiddles[i].im};
}

/* Number i of part q > 0, turned into its place. */
static inline struct fft_complex fft_part(const struct fft_stage *s, const struct fft_complex *at, int32_t q, int32_t i,
                                          int32_t radix)
{
    return fft_multiply(fft_divided(at[q * s->span], radix), fft_twiddle(s->twiddles, q * i * s->step));
}

static inline void fft_join2(const struct fft_stage *s, struct fft_complex *at, int32_t i)
{
    const struct fft_complex x0 = fft_divided(at[0], 2), x1 = fft_part(s, at, 1, i, 2);
    at[0] = fft_add(x0, x1);
    at[s->span] = fft_subtract(x0, x1);
}

static inline void fft_join3(const struct fft_stage *s, struct fft_complex *at, int32_t i)
{
    const struct fft_complex x0 = fft_divided(at[0], 3), x1 = fft_part(s, at, 1, i, 3), x2 = fft_part(s, at, 2, i, 3);
    const struct fft_complex sum = fft_add(x1, x2);
    const struct fft_complex turn = fft_scale(fft_subtract(x1, x2), s->twiddles[s->step * s->span].im);
    const struct fft_complex middle =
        fft_number((fft_wide)x0.re - fft_half(sum.re), (fft_wide)x0.im - fft_half(sum.im));
    at[0] = fft_add(x0, sum);
    at[s->span] = fft_add_turned(middle, turn);
    at[2 * s->span] = fft_subtract_turned(middle, turn);
}

static inline void fft_join4(const struct fft_stage *s, struct fft_complex *at, int32_t i)
{
    const struct fft_complex x0 = fft_divided(at[0], 4), x1 = fft_part(s, at, 1, i, 4);
    const struct fft_complex x2 = fft_part(s, at, 2, i, 4), x3 = fft_part(s, at, 3, i, 4);
    const struct fft_complex even = fft_add(x0, x2), odd = fft_subtract(x0, x2);
    const struct fft_complex sum = fft_add(x1, x3), turn = fft_subtract(x1, x3);
    at[0] = fft_add(even, sum);
    at[2 * s->span] = fft_subtract(even, sum);
    at[(s->inverse ? 1 : 3) * s->span] = fft_add_turned(odd, turn);
    at[(s->inverse ? 3 : 1) * s->span] = fft_subtract_turned(odd, turn);
}

/* x + a * ca + b * cb */
static inline struct fft_complex fft_blend(struct fft_complex x, struct fft_complex a, fft_real ca,
                                           struct fft_complex b, fft_real cb)
{
    return fft_add(fft_add(x, fft_scale(a, ca)), fft_scale(b, cb));
}

static inline void fft_join5(const struct fft_stage *s, struct fft_complex *at, int32_t i)
{
    const struct fft_complex ya = fft_twiddle(s->twiddles, s->step * s->span);
    const struct fft_complex yb = fft_twiddle(s->twiddles, 2 * s->step * s->span);
    const struct fft_complex x0 = fft_divided(at[0], 5), x1 = fft_part(s, at, 1, i, 5), x2 = fft_part(s, at, 2, i, 5);
    const struct fft_complex x3 = fft_part(s, at, 3, i, 5), x4 = fft_part(s, at, 4, i, 5);
    const struct fft_complex sum1 = fft_add(x1, x4), turn1 = fft_subtract(x1, x4);
    const struct fft_complex sum2 = fft_add(x2, x3), turn2 = fft_subtract(x2, x3);
    const struct fft_complex outer = fft_blend(x0, sum1, ya.re, sum2, yb.re);
    const struct fft_complex inner = fft_blend(x0, sum1, yb.re, sum2, ya.re);
    const struct fft_complex outer_turn = fft_add(fft_scale(turn1, ya.im), fft_scale(turn2, yb.im));
    const struct fft_complex inner_turn = fft_subtract(fft_scale(turn1, yb.im), fft_scale(turn2, ya.im));
    at[0] = fft_add(x0, fft_add(sum1, sum2));
    at[s->span] = fft_add_turned(outer, outer_turn);
    at[2 * s->span] = fft_add_turned(inner, inner_turn);
    at[3 * s->span] = fft_subtract_turned(inner, inner_turn);
    at[4 * s->span] = fft_subtract_turned(outer, outer_turn);
}

typedef void fft_join(const struct fft_stage *s, struct fft_complex *at, int32_t i);

/* One stage over all n numbers. Inlined with a constant radix and its butterfly. */
static inline void fft_run_stage(const struct fft_stage *stage, int32_t radix, fft_join *join, int32_t n,
                                 struct fft_complex *out)
{
    const struct fft_stage s = *stage; /* out of reach of what is written */
    for (int32_t start = 0; start < n; start += radix * s.span) {
        for (int32_t i = 0; i < s.span; i++) {
            join(&s, out + start + i, i);
        }
    }
}

static void fft_transform(const struct mote_signal_fft *p, struct fft_complex *out)
{
    const int32_t n = p->fft_length / 2;
    struct fft_stage s = {(const MOTE_FLASH struct fft_complex *)p->twiddles, n, 1, p->inverse};
    for (int32_t j = p->stage_count - 1; j >= 0; j--) {
        const int32_t radix = p->radix[j];
        s.step = n / (s.span * radix);
        switch (radix) {
        case 2:
            fft_run_stage(&s, 2, fft_join2, n, out);
            break;
        case 3:
            fft_run_stage(&s, 3, fft_join3, n, out);
            break;
        case 4:
            fft_run_stage(&s, 4, fft_join4, n, out);
            break;
        default:
            fft_run_stage(&s, 5, fft_join5, n, out);
            break;
        }
        s.span *= radix;
    }
}

/*** Around the transform ***/

/* Number i of the input, of which `count` values are there; the others are 0. */
static inline struct fft_complex fft_load(const fft_real *in, int32_t count, int32_t i)
{
    return fft_number(2 * i < count ? in[2 * i] : 0, 2 * i + 1 < count ? in[2 * i + 1] : 0);
}

/* Puts number i of the input where the stages want it: the digits of i, base radix[], in reverse. */
static void fft_reorder(const struct mote_signal_fft *p, const fft_real *in, int32_t count, struct fft_complex *out)
{
    const int32_t n = p->fft_length / 2, last = p->stage_count - 1;
    int32_t step[MOTE_FFT_STAGES], digit[MOTE_FFT_STAGES] = {0};
    for (int32_t j = 0, product = 1; j <= last; j++) {
        step[j] = product;
        product *= p->radix[j];
    }
    for (int32_t i = 0, from = 0; i < n; i += p->radix[last]) {
        for (int32_t q = 0; q < p->radix[last]; q++) {
            out[i + q] = fft_load(in, count, from + q * step[last]);
        }
        for (int32_t j = last - 1; j >= 0; j--) {
            from += step[j];
            if (++digit[j] < p->radix[j]) {
                break;
            }
            from -= digit[j] * step[j];
            digit[j] = 0;
        }
    }
}

static inline struct fft_complex fft_conjugate(struct fft_complex a) { return fft_number(a.re, -(fft_wide)a.im); }

/* From the spectrum of the complex numbers to that of the samples, in place; one more number than before. */
static void fft_split(const struct mote_signal_fft *p, struct fft_complex *out)
{
    const MOTE_FLASH struct fft_complex *twiddles = (const MOTE_FLASH struct fft_complex *)p->split_twiddles;
    const int32_t n = p->fft_length / 2;
    const struct fft_complex dc = fft_divided(out[0], 2);
    out[0] = fft_number((fft_wide)dc.re + dc.im, 0);
    out[n] = fft_number((fft_wide)dc.re - dc.im, 0);
    for (int32_t k = 1; k <= n / 2; k++) {
        const struct fft_complex a = fft_divided(out[k], 2), b = fft_divided(fft_conjugate(out[n - k]), 2);
        const struct fft_complex sum = fft_add(a, b),
                                 turn = fft_multiply(fft_subtract(a, b), fft_twiddle(twiddles, k - 1));
        out[k] = fft_number(fft_half((fft_wide)sum.re + turn.re), fft_half((fft_wide)sum.im + turn.im));
        out[n - k] = fft_number(fft_half((fft_wide)sum.re - turn.re), fft_half((fft_wide)turn.im - sum.im));
    }
}

static void fft_unsplit(const struct mote_signal_fft *p, const struct fft_complex *in, struct fft_complex *out)
{
    const MOTE_FLASH struct fft_complex *twiddles = (const MOTE_FLASH struct fft_complex *)p->split_twiddles;
    const int32_t n = p->fft_length / 2;
    out[0] = fft_divided(fft_number((fft_wide)in[0].re + in[n].re, (fft_wide)in[0].re - in[n].re), 2);
    for (int32_t k = 1; k <= n / 2; k++) {
        const struct fft_complex a = fft_divided(in[k], 2), b = fft_divided(fft_conjugate(in[n - k]), 2);
        const struct fft_complex even = fft_add(a, b),
                                 odd = fft_multiply(fft_subtract(a, b), fft_twiddle(twiddles, k - 1));
        out[k] = fft_add(even, odd);
        out[n - k] = fft_conjugate(fft_subtract(even, odd));
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_signal_fft *p = (const struct mote_signal_fft *)params;
    struct fft_complex *out = (struct fft_complex *)io->out[0];
    if (p->inverse) {
        struct fft_complex *packed = (struct fft_complex *)io->scratch;
        fft_unsplit(p, (const struct fft_complex *)io->in[0], packed);
        fft_reorder(p, &packed->re, p->fft_length, out);
        fft_transform(p, out);
        fft_finish(p, &out->re);
    } else {
        fft_reorder(p, (const fft_real *)io->in[0], p->in_count, out);
        fft_transform(p, out);
        fft_split(p, out);
    }
}
