/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators on what sensors give, and on columns of tables.
 */
#ifndef MOTE_KERNEL_SENSOR_H
#define MOTE_KERNEL_SENSOR_H

#include "kernel.h"

/* MoteLengths. io->in: a step, int16 [axes]; io->out: the same, then the length of each three of them, at most 2^15 - 1. */
struct mote_lengths {
    int32_t axes;
};

enum { MOTE_MOMENTS = 8, MOTE_MOMENTS_STEPS = 1 << 14 };

/* MoteMoments, one axis a firing, io->y says which. io->in: all steps, int16 [steps, axes]; io->out:
 *   int32 [MOTE_MOMENTS], 12 fractional bits: greatest, least, skewness, logarithm of kurtosis + 0.01, all of the axis
 *       without its mean and with a deviation of 1; then of the axis as it is mean and deviation, of 256 steps of the input,
 *       logarithm of power + 1/16; logarithm of by what the next has more power, negative
 *   int16 [steps]: the axis without its mean, so large that it fills 15 bits and the sign
 * 1 <= steps <= MOTE_MOMENTS_STEPS. */
struct mote_moments {
    int32_t steps, axes;
};

/* MoteCorrelations of the axes of each sensor, three or what is left: 0 with 1, 0 with 2, 1 with 2, 3 with 4, ...
 * io->in: axes without their mean, int16 [axes, steps]; io->out: int32 [pairs], 12 fractional bits.
 * steps <= MOTE_MOMENTS_STEPS. */
struct mote_correlations {
    int32_t axes, steps;
};

/* MoteBands. io->in: a spectrum, complex int32; io->out: int32 [bands], 12 fractional bits, logarithms of the sums of
 * squares of the bins edges[i] to edges[i + 1] - 1, plus 1; if relative, less that of all bands together.
 * The sums fit 64 bits, as they do behind SignalRfft. */
struct mote_bands {
    int32_t bands, relative;
    const MOTE_FLASH int32_t *edges; /* [bands + 1] */
};

enum { MOTE_STANDARDISE_SHIFT = 47 };

/* MoteStandardise. io->in: [count] int16 or int32; io->out: int16 [count],
 *   out = saturate((in - offset) * multiplier / 2^shift), halves up
 * 0 <= multiplier < 2^15, 1 <= shift <= MOTE_STANDARDISE_SHIFT. */
struct mote_standardise {
    int32_t count;
    const MOTE_FLASH int32_t *offset;
    const MOTE_FLASH int16_t *multiplier;
    const MOTE_FLASH uint8_t *shift;
};

#endif
