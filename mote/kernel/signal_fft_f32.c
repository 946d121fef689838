/* SPDX-License-Identifier: MIT
 *
 * SignalRfft, SignalIrfft, float.
 */
#include "signal.h"

typedef float fft_real, fft_wide;

static inline float fft_times(float a, float b) { return a * b; }
static inline float fft_rotate_real(float ar, float ai, float br, float bi) { return ar * br - ai * bi; }
static inline float fft_rotate_imaginary(float ar, float ai, float br, float bi) { return ar * bi + ai * br; }
static inline float fft_half(float x) { return x * 0.5F; }

static inline float fft_divide(float x, int32_t k)
{
    (void)k;
    return x;
}

static inline void fft_finish(const struct mote_signal_fft *p, float *out)
{
    const float length = (float)p->fft_length;
    for (int32_t i = 0; i < p->fft_length; i++) {
        out[i] /= length;
    }
}

#define KERNEL mote_signal_fft_f32
#include "signal_fft.h"
