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

#endif
