/* SPDX-License-Identifier: MIT
 *
 * Parameters of the audio front-end's operators. A row is one frame of samples, its spectrum, or its channels.
 */
#ifndef MOTE_KERNEL_SIGNAL_H
#define MOTE_KERNEL_SIGNAL_H

#include "kernel.h"

/* MoteFrames. io->in: as many rows of `hop` int16 samples as a frame reaches into; io->out: its `size` samples. */
struct mote_frames {
    int32_t size, hop;
};

/* SignalWindow. io->in: a frame, the weights, both [count] int16.
 *   out = saturate(in * weight >> shift) */
struct mote_signal_window {
    int32_t count, shift;
};

enum { MOTE_FFT_STAGES = 20 };

#define MOTE_FFT_MAX (INT32_C(1) << MOTE_FFT_STAGES)

/* SignalRfft: `in_count` samples, zeros after them, to fft_length / 2 + 1 complex numbers. SignalIrfft: back;
 * io->scratch: fft_length values. Complex numbers are pairs of real and imaginary part. In integers each stage
 * divides by its radix, so that the transform is divided by fft_length. */
struct mote_signal_fft {
    int32_t fft_length, in_count;
    int32_t inverse; /* 0: SignalRfft, 1: SignalIrfft */
    int32_t stage_count;
    uint8_t radix[MOTE_FFT_STAGES]; /* 2 to 5, outermost first; their product is n = fft_length / 2 */
    /* [n] complex: exp(-2 pi i k / n), of the transform's type; conjugate if inverse */
    const MOTE_FLASH void *twiddles;
    const MOTE_FLASH void *split_twiddles; /* [n / 2] complex: exp(-pi i ((k + 1) / n + 1/2)), likewise */
};

/* SignalEnergy. io->in: complex [count] int16; out: uint32 [count], 0 outside of [first, last). */
struct mote_signal_energy {
    int32_t count, first, last;
};

/* SignalFftAutoScale. io->in: int16 [count]; io->out: int16 [count], and by how many bits it was shifted left, so that
 * the largest fills 15 bits. */
struct mote_signal_auto_scale {
    int32_t count;
};

/* SignalFilterBank: overlapping triangles. io->in: uint32 spectrum; io->out: uint64 [channel_count].
 * Band i has the frequencies first_frequency[i] + j and the weights first_weight[i] + j, 0 <= j < width[i];
 * channel c is the weighted sum of band c + 1 and the unweighted sum of band c. */
struct mote_signal_filter_bank {
    int32_t channel_count;
    const MOTE_FLASH int16_t *weights, *unweights;
    const MOTE_FLASH int16_t *first_frequency, *first_weight, *width; /* [channel_count + 1] */
};

/* SignalFilterBankLog. io->in: uint32 [count]; io->out: int16 [count].
 *   out = saturate(log(in << in_shift) * scale), 0 where the argument is below 2 */
struct mote_signal_log {
    int32_t count;
    int32_t in_shift;
    uint32_t scale;
};

/* SignalFilterBankSpectralSubtraction. io->in: uint32 [count]; io->out: what is left, the estimate of the noise, and
 * the state, the same estimate; each uint32 [count]. Factors have `bits` fractional bits, even channels use [0],
 * odd ones [1]. */
struct mote_signal_subtract {
    int32_t count, bits, smoothing_bits;
    uint32_t smoothing[2], one_minus_smoothing[2];
    uint32_t least; /* of the signal remains at least this factor */
    int32_t clamping;
};

/* SignalFilterBankSquareRoot. io->in: uint64 [count], int32 shift; io->out: uint32 [count], sqrt(in) >> shift. */
struct mote_signal_sqrt {
    int32_t count;
};

enum { MOTE_PCAN_TABLE = 125 };

/* SignalPCAN, automatic gain control per channel. io->in: uint32 signal [count], uint32 noise [count],
 * int16 gain [MOTE_PCAN_TABLE], piecewise quadratic; io->out: uint32 [count]. */
struct mote_signal_pcan {
    int32_t count, snr_shift;
};

/* SignalDelay. io->in: int16 [count]; io->out: int16 [count], the state, int16 [rows, delay]. */
struct mote_signal_delay {
    int32_t count, delay;
};

/* SignalFramer. io->in: `step` new samples, int16; io->out: the last `size` samples, whether there were so many, and
 * the state: int32 samples held [sequences], int16 samples [sequences, history].
 * A sequence is `frame_count` rows. */
struct mote_signal_framer {
    int32_t size, step, frame_count, history, sequence_count;
    int32_t prefill; /* the history begins as zeros instead of empty */
};

/* SignalStacker. io->in: a frame, int16 [channel_count]; io->out: `size` / channel_count frames in a row, whether there
 * were so many, and the state: int32 whether it began, int32 samples held, int16 samples [size].
 * Every `step` samples there is an output; the first frame counts 1 + left times. */
struct mote_signal_stacker {
    int32_t channel_count, size, step, left;
};

/* SignalOverlapAdd. io->in: a frame [size]; io->out: `step` finished samples, the state, sums [sequences, size].
 * A sequence is `frame_count` rows. */
struct mote_signal_overlap_add {
    int32_t size, step, frame_count;
};

/* CIRCULAR_BUFFER. io->in: `bytes` new bytes; io->out: a state of `size` bytes, which moves on by as many. */
struct mote_circular_buffer {
    int32_t bytes, size;
};

#endif
