/* SPDX-License-Identifier: MIT
 *
 * Single instructions of the DSP extension.
 */
#ifndef MOTE_KERNEL_ARM_DSP_SIMD_H
#define MOTE_KERNEL_ARM_DSP_SIMD_H

#include <stdint.h>

/* Four bytes from any address, which the core allows for single loads and stores. */
static inline uint32_t mote_load_word(const int8_t *from)
{
    uint32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

static inline void mote_store_word(int8_t *to, uint32_t word) { __builtin_memcpy(to, &word, sizeof word); }

/* Bytes 0 and 2 as int16. */
static inline uint32_t mote_sxtb16(uint32_t word)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(word));
    return pair;
}

/* Bytes 1 and 3 as int16. */
static inline uint32_t mote_sxtb16_ror8(uint32_t word)
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
    return pair;
}

/* x * (factor + 2^32) / 2^32, rounded, halves up: the doubling high multiply of fixed.h for factor = 2 * multiplier - 2^32. */
static inline int32_t mote_smmlar(int32_t x, int32_t factor)
{
    int32_t y;
    __asm__("smmlar %0, %1, %2, %1" : "=r"(y) : "r"(x), "r"(factor));
    return y;
}

static inline int32_t mote_ssat8(int32_t x)
{
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return y;
}

#endif
