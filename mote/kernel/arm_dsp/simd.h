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

/* Of each of four bytes the greater one. */
static inline uint32_t mote_max_bytes(uint32_t a, uint32_t b)
{
    uint32_t greater;
    __asm__("ssub8 %0, %1, %2\n sel %0, %1, %2" : "=&r"(greater) : "r"(a), "r"(b) : "cc");
    return greater;
}

static inline uint32_t mote_min_bytes(uint32_t a, uint32_t b)
{
    uint32_t smaller;
    __asm__("ssub8 %0, %1, %2\n sel %0, %2, %1" : "=&r"(smaller) : "r"(a), "r"(b) : "cc");
    return smaller;
}

/* int16 sums and bytes 0 and 2, or bytes 1 and 3. */
static inline uint32_t mote_add_bytes(uint32_t sums, uint32_t bytes)
{
    __asm__("sxtab16 %0, %0, %1" : "+r"(sums) : "r"(bytes));
    return sums;
}

static inline uint32_t mote_add_bytes_ror8(uint32_t sums, uint32_t bytes)
{
    __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(sums) : "r"(bytes));
    return sums;
}

/* The same for bytes without a sign. */
static inline uint32_t mote_max_u8(uint32_t a, uint32_t b)
{
    uint32_t greater;
    __asm__("usub8 %0, %1, %2\n sel %0, %1, %2" : "=&r"(greater) : "r"(a), "r"(b) : "cc");
    return greater;
}

static inline uint32_t mote_min_u8(uint32_t a, uint32_t b)
{
    uint32_t smaller;
    __asm__("usub8 %0, %1, %2\n sel %0, %2, %1" : "=&r"(smaller) : "r"(a), "r"(b) : "cc");
    return smaller;
}

static inline uint32_t mote_add_u8(uint32_t sums, uint32_t bytes)
{
    __asm__("uxtab16 %0, %0, %1" : "+r"(sums) : "r"(bytes));
    return sums;
}

static inline uint32_t mote_add_u8_ror8(uint32_t sums, uint32_t bytes)
{
    __asm__("uxtab16 %0, %0, %1, ror #8" : "+r"(sums) : "r"(bytes));
    return sums;
}

/* The sum and four bytes without a sign. */
static inline uint32_t mote_add_unsigned_bytes(uint32_t sum, uint32_t bytes)
{
    __asm__("usada8 %0, %1, %2, %0" : "+r"(sum) : "r"(bytes), "r"(0));
    return sum;
}

/* The lower halves of a and b, or the upper ones, as the lower and the upper half. */
static inline uint32_t mote_lower_halves(uint32_t a, uint32_t b)
{
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(a), "r"(b));
    return pair;
}

static inline uint32_t mote_upper_halves(uint32_t a, uint32_t b)
{
    uint32_t pair;
    __asm__("pkhtb %0, %2, %1, asr #16" : "=r"(pair) : "r"(a), "r"(b));
    return pair;
}

/* The sum and the products of lower and of upper halves. */
static inline int32_t mote_smlad(uint32_t x, uint32_t y, int32_t sum)
{
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(y));
    return sum;
}

/* x * (factor + 2^32) / 2^32, rounded, halves up: the doubling high multiply of fixed.h for factor = 2 * multiplier - 2^32. */
static inline int32_t mote_smmlar(int32_t x, int32_t factor)
{
    int32_t y;
    __asm__("smmlar %0, %1, %2, %1" : "=r"(y) : "r"(x), "r"(factor));
    return y;
}

/* x / 2^n, halves away from zero; n in [1, 30], |x| < 2^30. */
static inline int32_t mote_round_shift(int32_t x, int32_t n)
{
    x += x >> 31;
    __asm__("asrs %0, %0, %1\n adc %0, %0, #0" : "+r"(x) : "r"(n) : "cc");
    return x;
}

static inline int32_t mote_ssat8(int32_t x)
{
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return y;
}

static inline int32_t mote_ssat16(int32_t x)
{
    int32_t y;
    __asm__("ssat %0, #16, %1" : "=r"(y) : "r"(x));
    return y;
}

/* The sum and four products of bytes. */
static inline int32_t mote_smlad_bytes(uint32_t x, uint32_t y, int32_t sum)
{
    return mote_smlad(mote_sxtb16_ror8(x), mote_sxtb16_ror8(y), mote_smlad(mote_sxtb16(x), mote_sxtb16(y), sum));
}

#endif
