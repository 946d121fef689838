/* SPDX-License-Identifier: MIT
 *
 * The arithmetic of the transform on fixed-point numbers of FFT_BITS fractional bits, the including file defines
 * fft_real, fft_wide (twice as wide) and FFT_BITS. Products are rounded to the nearest, halves up; sums wrap.
 */
#include <stdint.h>

#include "signal.h"

static inline fft_real fft_round(fft_wide x) { return (fft_real)((x + ((fft_wide)1 << (FFT_BITS - 1))) >> FFT_BITS); }

static inline fft_real fft_times(fft_real a, fft_real b) { return fft_round((fft_wide)a * b); }

static inline fft_real fft_rotate_real(fft_real ar, fft_real ai, fft_real br, fft_real bi)
{
    return fft_round((fft_wide)ar * br - (fft_wide)ai * bi);
}

static inline fft_real fft_rotate_imaginary(fft_real ar, fft_real ai, fft_real br, fft_real bi)
{
    return fft_round((fft_wide)ar * bi + (fft_wide)ai * br);
}

/* Sums are held in 32 bits. */
static inline fft_wide fft_half(fft_wide x) { return (int32_t)x >> 1; }

static inline fft_real fft_divide(fft_real x, int32_t k)
{
    return fft_times(x, (fft_real)((((fft_wide)1 << FFT_BITS) - 1) / k));
}

static inline void fft_finish(const struct mote_signal_fft *p, fft_real *out)
{
    (void)p;
    (void)out;
}
