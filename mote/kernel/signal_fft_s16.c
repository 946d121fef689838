/* SPDX-License-Identifier: MIT
 *
 * SignalRfft, SignalIrfft, int16.
 */
#include <stdint.h>

typedef int16_t fft_real;
typedef int32_t fft_wide;
enum { FFT_BITS = 15 };
#include "signal_fft_fixed.h"

#define KERNEL mote_signal_fft_s16
#include "signal_fft.h"
