/* SPDX-License-Identifier: MIT
 *
 * From sums to outputs on Cortex-M0, which has no long product: pieces of assembly for loops over channels.
 *
 * A channel's multiplier is three digits, 2^20 * m2 + 2^10 * m1 + m0, so that Horner's rule makes V = floor(sum *
 * multiplier / 2^20) in 32 bits, for sums of 20 bits. fixed.h's mote_requant() is then (V + 2^10 + 2^(shift + 10)) >>
 * (shift + 11), for a negative sum with 2^11 less, as halves are rounded away from zero. Larger sums go the long way.
 */
#ifndef MOTE_KERNEL_ARM_V6M_FINISH_H
#define MOTE_KERNEL_ARM_V6M_FINISH_H

#include <stdint.h>

#include "../fixed.h"
#include "../packed.h"

/* What the loops over channels take. They copy it to the stack, where it costs no register. */
struct mote_channels {
    const void *x;        /* the inputs of a pixel or a pair */
    int8_t *out, *next;   /* outputs of the pixel, and of the second one of a pair */
    int32_t count;        /* groups of channels; at least 1 */
    int32_t weights_size; /* bytes of a group's */
    int32_t entry;        /* bytes of the loop's code that its first turn leaves out */
    int32_t how;          /* enum mote_finish */
    int32_t zero, low, high;
    int32_t (*finish)(const struct mote_channels *c, int32_t sum, const uint32_t *factor); /* mote_finish_any */
};

/* clang-format off */

/* Where the copy has its members. */
#define MOTE_X "0"
#define MOTE_OUT "4"
#define MOTE_NEXT "8"
#define MOTE_COUNT "12"
#define MOTE_WEIGHTS_SIZE "16"
#define MOTE_ENTRY "20"
#define MOTE_HOW "24"
#define MOTE_ZERO "28"
#define MOTE_LOW "32"
#define MOTE_HIGH "36"
#define MOTE_FINISH "40"
#define MOTE_GET(r, member) "ldr " r ", [sp, #" member "]\n"
#define MOTE_PUT(r, member) "str " r ", [sp, #" member "]\n"

/* r0: const struct mote_channels *. Spends r2 to r7. At calls the stack is at a multiple of 8 bytes. */
#define MOTE_ENTER \
    ".syntax unified\n" \
    "push {r4-r7, lr}\n" \
    "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n" \
    "push {r4-r7}\n" \
    "sub sp, #44\n mov r2, sp\n" \
    "ldmia r0!, {r3-r7}\n stmia r2!, {r3-r7}\n ldmia r0!, {r3-r7}\n stmia r2!, {r3-r7}\n ldr r3, [r0]\n str r3, [r2]\n"
#define MOTE_LEAVE \
    "add sp, #44\n" \
    "pop {r4-r7}\n" \
    "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n" \
    "pop {r4-r7, pc}\n"

/* The next channel's factor: digits m0 in r2, m1 in r3, 2^8 * m2 + shift + 11 in r7, and what rounds in `rounding`, a
 * high register. 13 cycles. */
#define MOTE_FACTOR(rounding) \
    "ldmia r1!, {r6, r7}\n" \
    "uxth r2, r6\n lsrs r3, r6, #16\n" \
    "movs r0, #1\n lsls r0, r0, #10\n movs r6, r0\n lsls r6, r7\n adds r6, r6, r0\n mov " rounding ", r6\n" \
    "adds r7, #11\n"

/* V of the sum s, a low register, in r6. Spends r0. */
#define MOTE_DIGITS(s, shift) \
    "movs r6, r2\n muls r6, " s ", r6\n " shift " r6, r6, #10\n" \
    "movs r0, r3\n muls r0, " s ", r0\n adds r6, r6, r0\n " shift " r6, r6, #10\n" \
    "lsrs r0, r7, #8\n muls r0, " s ", r0\n adds r6, r6, r0\n"

/* The sum s becomes an output in r6. n: the digit that tells its labels from others'. MOTE_FINISH_RELU: 17 cycles, 9
 * for a negative sum. */
#define MOTE_SHORT(s, rounding, n) \
    "lsrs r6, " s ", #20\n bne 2" n "f\n" \
    MOTE_DIGITS(s, "lsrs") \
    "add r6, " rounding "\n lsrs r6, r7\n" \
    "cmp r6, #255\n bhi 3" n "f\n" \
    "subs r6, #128\n" \
    "1" n ":\n"
#define MOTE_SHORT_RARE(s, n) \
    "2" n ":\n asrs r6, " s ", #31\n beq 4" n "f\n lsls r6, r6, #7\n b 1" n "b\n" \
    "3" n ":\n movs r6, #127\n b 1" n "b\n" \
    "4" n ":\n mov r6, " s "\n bl 99f\n b 1" n "b\n"

/* With any limits: 32 cycles. */
#define MOTE_LONG(s, rounding, n) \
    "asrs r0, " s ", #31\n asrs r6, " s ", #19\n cmp r0, r6\n bne 4" n "f\n" \
    MOTE_DIGITS(s, "asrs") \
    "add r6, " rounding "\n asrs r0, " s ", #31\n lsls r0, r0, #11\n adds r6, r6, r0\n asrs r6, r7\n" \
    MOTE_GET("r0", MOTE_ZERO) "adds r6, r6, r0\n" \
    MOTE_GET("r0", MOTE_LOW) "cmp r6, r0\n blt 3" n "f\n" \
    MOTE_GET("r0", MOTE_HIGH) "cmp r6, r0\n bgt 3" n "f\n" \
    "1" n ":\n"
#define MOTE_LONG_RARE(s, n) \
    "3" n ":\n movs r6, r0\n b 1" n "b\n" \
    "4" n ":\n mov r6, " s "\n bl 99f\n b 1" n "b\n"

/* Once, behind it all: the sum in r6 becomes an output the long way. */
#define MOTE_CALL_FINISH \
    "99:\n" \
    "push {r1-r3, lr}\n" \
    "subs r1, #8\n movs r2, r1\n movs r1, r6\n add r0, sp, #16\n" \
    "ldr r3, [sp, #16 + " MOTE_FINISH "]\n" \
    "blx r3\n" \
    "movs r6, r0\n" \
    "pop {r1-r3, pc}\n"
/* clang-format on */

static inline int32_t mote_finish_any(const struct mote_channels *c, int32_t sum, const uint32_t *factor)
{
    const int32_t multiplier =
        (int32_t)(factor[1] >> 8 << 20) + (int32_t)(factor[0] >> 16 << 10) + (int32_t)(factor[0] & 0xFFFF);
    return mote_clamp(mote_requant(sum, multiplier, -(int32_t)(factor[1] & 0xFF)) + c->zero, c->low, c->high);
}

#endif
