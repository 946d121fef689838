/* SPDX-License-Identifier: MIT
 *
 * One pixel by four filters, for Cortex-M with the DSP extension: the part that convolutions and dense layers share.
 */
#ifndef MOTE_KERNEL_ARM_DSP_SINGLE_H
#define MOTE_KERNEL_ARM_DSP_SINGLE_H

/* clang-format off */

/* Four inputs, as bytes. r0 inputs, r1 weights, r2-r5 sums; r6-r12 are spent. Loads 5 words in 6 cycles, 6 SXTB16, 8 SMLAD:
 * 20 cycles for 16 MACs. 76 bytes of code. */
#define MOTE_SINGLE_STEP(x, o, o4, o8, o12) \
    "ldr.w r6, [r0, #" x "]\n" \
    "ldr.w r8, [r1, #" o "]\n ldr.w r9, [r1, #" o4 "]\n ldr.w r10, [r1, #" o8 "]\n ldr.w r11, [r1, #" o12 "]\n" \
    "sxtb16 r7, r6\n sxtb16 r6, r6, ror #8\n" \
    "sxtb16 r12, r8\n smlad r2, r12, r7, r2\n smlad r3, r8, r7, r3\n" \
    "sxtb16 r12, r9\n smlad r4, r12, r7, r4\n smlad r5, r9, r7, r5\n" \
    "sxtb16 r12, r10\n smlad r2, r12, r6, r2\n smlad r3, r10, r6, r3\n" \
    "sxtb16 r12, r11\n smlad r4, r12, r6, r4\n smlad r5, r11, r6, r5\n"

/* A turn: 32 inputs. */
#define MOTE_SINGLE_STEPS \
    MOTE_SINGLE_STEP("0", "0", "4", "8", "12") MOTE_SINGLE_STEP("4", "16", "20", "24", "28") \
    MOTE_SINGLE_STEP("8", "32", "36", "40", "44") MOTE_SINGLE_STEP("12", "48", "52", "56", "60") \
    MOTE_SINGLE_STEP("16", "64", "68", "72", "76") MOTE_SINGLE_STEP("20", "80", "84", "88", "92") \
    MOTE_SINGLE_STEP("24", "96", "100", "104", "108") MOTE_SINGLE_STEP("28", "112", "116", "120", "124")

/* clang-format on */

#endif
