/* SPDX-License-Identifier: MIT
 *
 * From sums to outputs on Cortex-M3: pieces of assembly on a sum s, with a channel's factor 2 * multiplier - 2^32 in r12 and
 * its right shift in lr; r10 and r11 are spent.
 */
#ifndef MOTE_KERNEL_ARM_V7M_FINISH_H
#define MOTE_KERNEL_ARM_V7M_FINISH_H

#define MOTE_NONE(s)

/* The doubling high multiply with rounding: s + round(s * factor / 2^32). SMULL 4, 6 cycles. */
#define MOTE_MULTIPLY(s) "smull r10, r11, " s ", r12\n lsls r10, r10, #1\n adc " s ", " s ", r11\n"

/* One less below zero, so that the shift rounds halves away from zero. */
#define MOTE_LESS(s) "add " s ", " s ", " s ", asr #31\n"

/* r12 becomes 2 * zero point + 1, shifted: half of it is what rounding and zero point add before the shift. */
#define MOTE_BIAS(get_zero) get_zero "lsl r12, r12, lr\n"
#define MOTE_SHIFT(s) "add " s ", " s ", r12, asr #1\n asr " s ", " s ", lr\n"

/* Limits r10 and r11, then those of int8. */
#define MOTE_LIMIT(s) "cmp " s ", r10\n it lt\n movlt " s ", r10\n cmp " s ", r11\n it gt\n movgt " s ", r11\n"
#define MOTE_SATURATE(s) "ssat " s ", #8, " s "\n"

#endif
