/* SPDX-License-Identifier: MIT
 *
 * SignalRfft, SignalIrfft, int32.
 */
#include <stdint.h>

typedef int32_t fft_real;
typedef int64_t fft_wide;
enum { FFT_BITS = 31 };
#include "signal_fft_fixed.h"

#define KERNEL mote_signal_fft_s32
#include "signal_fft.h"
