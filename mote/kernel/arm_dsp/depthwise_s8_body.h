/* SPDX-License-Identifier: MIT
 *
 * The loops of DEPTHWISE_CONV_2D with filters of 3 by 3, int8, for Cortex-M with the DSP extension. KERNEL: the name of the
 * kernel; WIDE: 1 for weights of int16 and a depth multiplier. Weights: packed.h.
 *
 * Of three rows, four channels at a time are copied to the scratch memory, column by column, so that everything a channel
 * needs is at constant distances and borders are nothing special. Then each channel goes along the row with all its
 * weights in registers. A column is read once: it ends one output's sum, adds to the next and begins the one after; two of
 * its rows form a pair, so that it is three SMLAD and three SMLAxy.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../fixed.h"
#include "../packed.h"
#include "simd.h"

/* What the loops take: some channels of one row. They copy it to the stack, where it costs no register. */
struct channels {
    const int8_t *columns; /* the first channel's */
    const uint32_t *stream;
    int8_t *out;
    int32_t count;
    int32_t out_w;
    int32_t step; /* bytes from pixel to pixel of the output, shifted left by 16 */
    int32_t zero; /* 2 * the outputs' zero point + 1 */
    int32_t low, high;
    int32_t next;     /* bytes from channel to channel of the output */
    uintptr_t halves; /* the half word of the first channel, less twice the address `columns` */
};

/* Where the copy has its members, and what belongs to the channel at work. */
#define COLUMNS "0"
#define STREAM "4"
#define OUT "8"
#define COUNT "12"
#define OUT_W "16"
#define STEP "20"
#define ZERO "24"
#define LOW "28"
#define HIGH "32"
#define NEXT "36"
#define HALVES "40"
#define BIAS "44"
#define MULTIPLIER "48"
#define ROUNDING "52"
#define SHIFT "56"
#define GET(r, member) "ldr " r ", [sp, #" member "]\n"
#define PUT(r, member) "str " r ", [sp, #" member "]\n"

/* clang-format off */
/* The next channel: weights to r2-r6 (rows 0 and 1 of columns 0, 1, 2; row 2 of columns 0 and 1; of column 2 with the
 * output's step on top), its factors to the stack, inputs' address to r0, outputs' to r1, their number to lr. */
#if WIDE
#define WORDS 8
#define NEXT_OUT GET("r3", NEXT) "add r1, r3\n"
#define WEIGHTS "ldm r1!, {r2-r6, r9-r11}\n"
#define UNPACK
#else
#define WORDS 4
#define NEXT_OUT "adds r1, #1\n"
#define WEIGHTS GET("r9", HALVES) "ldrh r9, [r9, r0, lsl #1]\n ldm r1!, {r7, r8, r10, r11}\n"
#define UNPACK \
    "sxtb16 r2, r7\n sxtb16 r3, r7, ror #8\n sxtb16 r4, r8\n sxtb16 r5, r8, ror #8\n" \
    "sxtb r6, r9\n" \
    "lsr r9, r9, #8\n"
#endif
#define BEGIN_CHANNEL \
    GET("r1", STREAM) GET("r0", COLUMNS) \
    WEIGHTS \
    PUT("r1", STREAM) PUT("r10", BIAS) PUT("r11", MULTIPLIER) \
    GET("r11", ZERO) GET("r12", STEP) GET("r1", OUT) GET("lr", OUT_W) \
    UNPACK \
    "pkhbt r6, r6, r12\n" \
    "lsl r11, r11, r9\n" \
    PUT("r11", ROUNDING) PUT("r9", SHIFT)

#define END_CHANNEL \
    GET("r0", COLUMNS) GET("r1", OUT) GET("r2", COUNT) \
    "adds r0, #1\n" NEXT_OUT "subs r2, #1\n" \
    PUT("r0", COLUMNS) PUT("r1", OUT) PUT("r2", COUNT)

/* A column at r0 + o: rows 0 and 1 as a pair to r10, row 2 to r12. 5 cycles. */
#define LOAD(o0, o4, o8) \
    "ldrsb r10, [r0, #" o0 "]\n ldrsb r11, [r0, #" o4 "]\n ldrsb r12, [r0, #" o8 "]\n" \
    "pkhbt r10, r10, r11, lsl #16\n"

/* It as the first, second or third column of an output. */
#define FIRST(s) "smlad " s ", r10, r2, " s "\n smlabb " s ", r12, r5, " s "\n"
#define SECOND(s) "smlad " s ", r10, r3, " s "\n smlabt " s ", r12, r5, " s "\n"
#define THIRD(s) "smlad " s ", r10, r4, " s "\n smlabb " s ", r12, r6, " s "\n"

/* clang-format off */
/* From sum to output as in conv2d_s8.c; 10 cycles. Leaves the loop after the last one. */
#define SHORT(s)
#define LONG(s) "add " s ", " s ", " s ", asr #31\n"
#define SHORT_LIMIT(s)
#define LONG_LIMIT(s) \
    GET("r10", LOW) GET("r11", HIGH) \
    "cmp " s ", r10\n it lt\n movlt " s ", r10\n cmp " s ", r11\n it gt\n movgt " s ", r11\n"
#define OUTPUT(s, how) \
    GET("r10", MULTIPLIER) GET("r11", ROUNDING) GET("r12", SHIFT) \
    "smmlar " s ", " s ", r10, " s "\n" \
    how(s) \
    "add " s ", " s ", r11, asr #1\n asr " s ", " s ", r12\n" \
    how##_LIMIT(s) \
    "ssat " s ", #8, " s "\n" \
    "strb " s ", [r1]\n" \
    "add r1, r1, r6, asr #16\n" \
    "subs lr, #1\n" \
    "beq.w 3f\n"

/* An output for each column: 6 cycles of loads, 6 MAC instructions, 13 for the output, 2 of the loop: 27 cycles for 9
 * MACs, 3 cycles per MAC. */
#define STRIDE1_STEP(s, t, u, o0, o4, o8, how) GET(u, BIAS) LOAD(o0, o4, o8) THIRD(s) SECOND(t) FIRST(u) OUTPUT(s, how)
#define STRIDE1(how) \
    BEGIN_CHANNEL \
    GET("r7", BIAS) LOAD("0", "4", "8") FIRST("r7") \
    GET("r8", BIAS) LOAD("12", "16", "20") SECOND("r7") FIRST("r8") \
    "2:\n" \
    STRIDE1_STEP("r7", "r8", "r9", "24", "28", "32", how) \
    STRIDE1_STEP("r8", "r9", "r7", "36", "40", "44", how) \
    STRIDE1_STEP("r9", "r7", "r8", "48", "52", "56", how) \
    "adds r0, #36\n" \
    "b.w 2b\n" \
    "3:\n" \
    END_CHANNEL

/* An output for two columns: 32 cycles. */
#define STRIDE2_STEP(s, t, o0, o4, o8, o12, o16, o20, how) \
    LOAD(o0, o4, o8) SECOND(s) GET(t, BIAS) LOAD(o12, o16, o20) THIRD(s) FIRST(t) OUTPUT(s, how)
#define STRIDE2(how) \
    BEGIN_CHANNEL \
    GET("r7", BIAS) LOAD("0", "4", "8") FIRST("r7") \
    "2:\n" \
    STRIDE2_STEP("r7", "r8", "12", "16", "20", "24", "28", "32", how) \
    STRIDE2_STEP("r8", "r7", "36", "40", "44", "48", "52", "56", how) \
    "adds r0, #48\n" \
    "b.w 2b\n" \
    "3:\n" \
    END_CHANNEL

#define LOOP(name, stride, how) \
    __attribute__((naked, noinline)) static void name(const struct channels *c __attribute__((unused))) \
    { \
        __asm__ volatile( \
            "push {r4-r11, lr}\n sub sp, #60\n" \
            "ldm r0, {r1-r11}\n stm sp, {r1-r11}\n" \
            "1:\n" \
            stride(how) \
            "bne.w 1b\n" \
            "add sp, #60\n pop {r4-r11, pc}\n"); \
    }
/* clang-format on */

LOOP(run_stride1, STRIDE1, SHORT)
LOOP(run_stride1_limited, STRIDE1, LONG)
LOOP(run_stride2, STRIDE2, SHORT)
LOOP(run_stride2_limited, STRIDE2, LONG)

/* The four channels at offset `from` of the rows that there are, to columns that hold the zero point elsewhere: a word of
 * each row. */
static void copy_columns(const void *const rows[3], int32_t from, int32_t step, int32_t count, uint32_t *to)
{
    if (rows[0] != NULL && rows[1] != NULL && rows[2] != NULL) {
        const int8_t *top = (const int8_t *)rows[0], *middle = (const int8_t *)rows[1],
                     *bottom = (const int8_t *)rows[2];
        const uint32_t *const end = to + 3 * count;
        for (; to < end; to += 3, from += step) {
            const uint32_t a = mote_load_word(top + from), b = mote_load_word(middle + from);
            const uint32_t c = mote_load_word(bottom + from);
            to[0] = a;
            to[1] = b;
            to[2] = c;
        }
        return;
    }
    for (int32_t y = 0; y < 3; y++) {
        const int8_t *row = (const int8_t *)rows[y];
        for (int32_t x = 0, at = from; x < count && row != NULL; x++, at += step) {
            to[x * 3 + y] = mote_load_word(row + at);
        }
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_packed *p = (const struct mote_depthwise_packed *)params;
    const bool is_short = p->finish == MOTE_FINISH_RELU;
    void (*const loop)(const struct channels *c) = p->stride_w == 1 ? is_short ? run_stride1 : run_stride1_limited
                                                   : is_short       ? run_stride2
                                                                    : run_stride2_limited;
    const int32_t channels = p->channels, multiplier = WIDE ? p->multiplier : 1, pad = p->pad_w,
                  columns = (p->out_w - 1) * p->stride_w + 3;
    const int32_t inside = mote_min(columns - pad, p->in_w); /* columns of the image */
    const uint32_t zero = ((uint32_t)p->in_zero & 0xFF) * 0x01010101;
    uint32_t *words = (uint32_t *)io->scratch;
    const uintptr_t halves = (uintptr_t)(p->stream + WORDS * channels) - 2 * (uintptr_t)words;
    struct channels c = {
        .columns = (const int8_t *)words,
        .stream = p->stream,
        .out = NULL,
        .count = 0,
        .out_w = p->out_w,
        .step = (int32_t)((uint32_t)(channels * multiplier) << 16),
        .zero = 2 * p->out_zero + 1,
        .low = p->low,
        .high = p->high,
        .next = multiplier,
        .halves = halves,
    };
    for (int32_t i = 0; i < columns * 3; i++) {
        words[i] = zero;
    }
    int8_t *out = (int8_t *)io->out[0];
    for (int32_t from = 0; from < channels; from += 4, out += 4 * multiplier) {
        const int32_t count = mote_min(channels - from, 4); /* the last ones together with some that were done */
        const int32_t first = from + count - 4;
        copy_columns(io->in, first, channels, inside, words + 3 * pad);
        c.columns = (const int8_t *)words + 4 - count;
        c.halves = halves + 2 * (uintptr_t)first;
        for (int32_t k = 0; k < multiplier; k++, c.stream += count * WORDS) {
            c.count = count;
            c.out = out + k;
            loop(&c);
        }
    }
}
