/* SPDX-License-Identifier: MIT
 *
 * Inner products for AVR: bytes in RAM by bytes in flash. The portable kernels multiply 16 bits, zero point included, by a
 * call; here the planner has folded the zero point into the bias, and a product of bytes is one instruction.
 */
#ifndef MOTE_KERNEL_AVR_DOT_H
#define MOTE_KERNEL_AVR_DOT_H

#include <stdint.h>

#include "../flash.h"

#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)

#ifdef MOTE_ONE_MEMORY
#define MOTE_DOT_WEIGHT "ld %[b], Z+\n"
#else
#define MOTE_DOT_WEIGHT "lpm %[b], Z+\n"
#endif

/* 12 cycles. The product's sign is the carry, from which two more bytes come. */
#define MOTE_DOT_STEP \
    "ld %[a], X+\n" MOTE_DOT_WEIGHT "muls %[a], %[b]\n sbc %[a], %[a]\n" \
    "add %A[sum], r0\n adc %B[sum], r1\n adc %C[sum], %[a]\n adc %D[sum], %[a]\n"

/* sum + in[0 .. n) * weight[0 .. n). */
static inline uint32_t mote_dot_s8(const int8_t *in, const MOTE_FLASH int8_t *weight, uint16_t n, uint32_t sum)
{
    uint8_t a, b;
    uint16_t fours = n >> 2;
    uint8_t rest = (uint8_t)(n & 3);
    if (fours > 0) {
        __asm__ volatile("1:\n" MOTE_DOT_STEP MOTE_DOT_STEP MOTE_DOT_STEP MOTE_DOT_STEP
                         "sbiw %[n], 1\n brne 1b\n clr __zero_reg__\n"
                         : [sum] "+r"(sum), "+x"(in), "+z"(weight), [n] "+w"(fours), [a] "=&d"(a), [b] "=&d"(b)
                         :
                         : "r0", "memory");
    }
    if (rest > 0) {
        __asm__ volatile("1:\n" MOTE_DOT_STEP "dec %[n]\n brne 1b\n clr __zero_reg__\n"
                         : [sum] "+r"(sum), "+x"(in), "+z"(weight), [n] "+r"(rest), [a] "=&d"(a), [b] "=&d"(b)
                         :
                         : "r0", "memory");
    }
    return sum;
}

#else

static inline uint32_t mote_dot_s8(const int8_t *in, const MOTE_FLASH int8_t *weight, uint16_t n, uint32_t sum)
{
    for (uint16_t i = 0; i < n; i++) {
        sum += (uint32_t)(int32_t)((int16_t)in[i] * (int16_t)weight[i]);
    }
    return sum;
}

#endif

#endif
