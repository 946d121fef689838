/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8, stride 1, on rows of 5 or 6 outputs, for Cortex-M with the DSP extension.
 * Weights: packed.h.
 *
 * As depthwise_s8.c, but the sums of a whole row stay in registers: first all columns, then all outputs, for which the
 * weights' registers are free by then. All channels are done in one loop, four at a time.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdbool.h>
#include <stddef.h>

#include "../fixed.h"
#include "../packed.h"
#include "simd.h"

/* What the loops take: groups of four channels, or a last one of fewer. They copy it to the stack. */
struct channels {
    const int8_t *rows[3]; /* first pixel of each, of the group's first channel; a word of zero points for none */
    int32_t steps[3];      /* bytes from pixel to pixel; 0 */
    uint32_t *columns;     /* where the columns of the image go */
    int32_t inside;        /* how many there are */
    int32_t backs[3];      /* bytes from the end of a row back to its next four channels; 0 */
    int32_t groups;
    const int8_t *column; /* all columns, at the first channel: the last one is at the end of a word */
    const uint32_t *stream;
    int32_t out;  /* bytes from there to the first output */
    int32_t step; /* bytes from pixel to pixel of the output */
    int32_t zero; /* 2 * the outputs' zero point + 1 */
    int32_t low, high;
    uintptr_t halves; /* the half word of the first channel, less twice the address `column` */
};

/* clang-format off */

/* Where the copy has its members, and what belongs to the channel at work. */
#define BACK0 "32"
#define BACK1 "36"
#define BACK2 "40"
#define GROUPS "44"
#define COLUMN "48"
#define STREAM "52"
#define OUT "56"
#define STEP "60"
#define ZERO "64"
#define LOW "68"
#define HIGH "72"
#define HALVES "76"
#define MULTIPLIER "80"
#define SHIFT "84"
#define BIAS "88"
#define GET(r, member) "ldr " r ", [sp, #" member "]\n"
#define PUT(r, member) "str " r ", [sp, #" member "]\n"

#define ENTER \
    "push {r4-r11, lr}\n sub sp, #92\n" \
    "mov r12, sp\n" \
    "ldm r0!, {r1-r10}\n stm r12!, {r1-r10}\n ldm r0!, {r1-r10}\n stm r12!, {r1-r10}\n"

/* Four channels of all columns; 15 cycles for each. */
#define COPY_COLUMNS \
    "1:\n" \
    "ldm sp, {r0-r7}\n" \
    "2:\n" \
    "ldr.w r8, [r0]\n ldr.w r9, [r1]\n ldr.w r10, [r2]\n" \
    "add r0, r3\n add r1, r4\n add r2, r5\n" \
    "stm r6!, {r8-r10}\n" \
    "subs r7, #1\n" \
    "bne 2b\n" \
    GET("r3", BACK0) GET("r4", BACK1) GET("r5", BACK2) \
    "sub r0, r3\n sub r1, r4\n sub r2, r5\n" \
    "stm sp, {r0-r2}\n"

/* The next channel: weights to r2-r6 (rows 0 and 1 of columns 0, 1, 2; row 2 of columns 0 and 1; of column 2), its
 * factors to the stack; r0 stays its inputs' address. 19 cycles. */
#define BEGIN_CHANNEL \
    GET("r0", COLUMN) \
    "3:\n" \
    GET("r1", STREAM) GET("r9", HALVES) \
    "ldrh r9, [r9, r0, lsl #1]\n" \
    "ldm r1!, {r7, r8, r10, r11}\n" \
    PUT("r1", STREAM) PUT("r10", BIAS) PUT("r11", MULTIPLIER) \
    "sxtb16 r2, r7\n sxtb16 r3, r7, ror #8\n sxtb16 r4, r8\n sxtb16 r5, r8, ror #8\n" \
    "sxtb r6, r9\n" \
    "lsr r9, r9, #8\n" \
    PUT("r9", SHIFT)

/* A column as the first, second or third of an output; rows 0 and 1 are a pair in r10, row 2 is in `row2`. */
#define PAIR(s, weights) "smlad " s ", r10, " weights ", " s "\n"
#define FIRST(s, row2) "smlabb " s ", " row2 ", r5, " s "\n"
#define SECOND(s, row2) "smlabt " s ", " row2 ", r5, " s "\n"
#define THIRD(s, row2) "smlabb " s ", " row2 ", r6, " s "\n"

/* With a register for each row: 5 cycles of loads for each column, 6 with a bias. */
#define LOAD(o0, o4, o8) \
    "ldrsb r10, [r0, #" o0 "]\n ldrsb r11, [r0, #" o4 "]\n ldrsb r12, [r0, #" o8 "]\n" \
    "pkhbt r10, r10, r11, lsl #16\n"
#define COLUMN5(s, t, u, o0, o4, o8) \
    GET(u, BIAS) LOAD(o0, o4, o8) \
    PAIR(s, "r4") PAIR(t, "r3") PAIR(u, "r2") \
    THIRD(s, "r12") SECOND(t, "r12") FIRST(u, "r12")
#define COLUMNS5 \
    GET("r1", BIAS) LOAD("0", "4", "8") PAIR("r1", "r2") FIRST("r1", "r12") \
    GET("r7", BIAS) LOAD("12", "16", "20") PAIR("r1", "r3") PAIR("r7", "r2") SECOND("r1", "r12") FIRST("r7", "r12") \
    COLUMN5("r1", "r7", "r8", "24", "28", "32") \
    COLUMN5("r7", "r8", "r9", "36", "40", "44") \
    COLUMN5("r8", "r9", "lr", "48", "52", "56") \
    LOAD("60", "64", "68") PAIR("r9", "r4") PAIR("lr", "r3") THIRD("r9", "r12") SECOND("lr", "r12") \
    LOAD("72", "76", "80") PAIR("lr", "r4") THIRD("lr", "r12")

/* With a register less, since r12 is a sum: row 2 and the next column's row 0 are loaded when the pair was used. 6 cycles
 * of loads for each column, 7 with a bias. */
#define LOAD_PAIR(o4) "ldrsb r11, [r0, #" o4 "]\n pkhbt r10, r10, r11, lsl #16\n"
#define LOAD_ROW2(o8, o12) "ldrsb r11, [r0, #" o8 "]\n ldrsb r10, [r0, #" o12 "]\n"
#define COLUMN6(s, t, u, o4, o8, o12) \
    GET(u, BIAS) LOAD_PAIR(o4) \
    PAIR(s, "r4") PAIR(t, "r3") PAIR(u, "r2") \
    LOAD_ROW2(o8, o12) \
    THIRD(s, "r11") SECOND(t, "r11") FIRST(u, "r11")
#define COLUMNS6 \
    "ldrsb r10, [r0]\n" \
    GET("r1", BIAS) LOAD_PAIR("4") PAIR("r1", "r2") LOAD_ROW2("8", "12") FIRST("r1", "r11") \
    GET("r7", BIAS) LOAD_PAIR("16") PAIR("r1", "r3") PAIR("r7", "r2") \
    LOAD_ROW2("20", "24") SECOND("r1", "r11") FIRST("r7", "r11") \
    COLUMN6("r1", "r7", "r8", "28", "32", "36") \
    COLUMN6("r7", "r8", "r9", "40", "44", "48") \
    COLUMN6("r8", "r9", "lr", "52", "56", "60") \
    COLUMN6("r9", "lr", "r12", "64", "68", "72") \
    LOAD_PAIR("76") PAIR("lr", "r4") PAIR("r12", "r3") LOAD_ROW2("80", "84") THIRD("lr", "r11") SECOND("r12", "r11") \
    LOAD_PAIR("88") PAIR("r12", "r4") "ldrsb r11, [r0, #92]\n" THIRD("r12", "r11")

/* From sum to output as in conv2d_s8.c; 5 cycles, with limits 12. */
#define SHORT(s)
#define LONG(s) "add " s ", " s ", " s ", asr #31\n"
#define SHORT_LIMIT(s)
#define LONG_LIMIT(s) "cmp " s ", r10\n it lt\n movlt " s ", r10\n cmp " s ", r11\n it gt\n movgt " s ", r11\n"
#define SHORT_LIMITS
#define LONG_LIMITS GET("r10", LOW) GET("r11", HIGH)
#define OUTPUT(s, to, how) \
    "smmlar " s ", " s ", r2, " s "\n" \
    how(s) \
    "add " s ", " s ", r3, asr #1\n asr " s ", " s ", r4\n" \
    how##_LIMIT(s) \
    "ssat " s ", #8, " s "\n" \
    "strb " s ", " to "\n"

/* r1 comes first: then it is free for the address of the others. */
#define OUTPUTS5(how) \
    OUTPUT("r1", "[r5]", how) \
    "add r1, r5, r6, lsl #1\n" \
    OUTPUT("r7", "[r5, r6]", how) OUTPUT("r8", "[r1]", how) OUTPUT("r9", "[r1, r6]", how) \
    OUTPUT("lr", "[r1, r6, lsl #1]", how)
#define OUTPUTS6(how) OUTPUTS5(how) "add r1, r1, r6\n" OUTPUT("r12", "[r1, r6, lsl #1]", how)

/* The outputs; on to the next channel, or group of four, or out. */
#define FINISH(outputs, how) \
    GET("r2", MULTIPLIER) GET("r3", ZERO) GET("r4", SHIFT) GET("r5", OUT) GET("r6", STEP) how##_LIMITS \
    "lsl r3, r3, r4\n" \
    "add r5, r0\n" \
    outputs(how) \
    "add r0, #1\n" \
    "tst r0, #3\n" \
    "bne.w 3b\n" \
    GET("r1", GROUPS) GET("r5", OUT) GET("r6", HALVES) \
    "sub r0, #4\n add r5, #4\n add r6, #8\n subs r1, #1\n" \
    PUT("r0", COLUMN) PUT("r5", OUT) PUT("r6", HALVES) PUT("r1", GROUPS) \
    "bne.w 1b\n" \
    "add sp, #92\n pop {r4-r11, pc}\n"

#define LOOP(name, columns, outputs, how) \
    __attribute__((naked, noinline)) static void name(const struct channels *c __attribute__((unused))) \
    { \
        __asm__ volatile(ENTER COPY_COLUMNS BEGIN_CHANNEL columns FINISH(outputs, how)); \
    }

/* A channel of 5 outputs takes 19 cycles to begin, 40 of loads, 30 MAC instructions, 26 for the outputs, 13 to end, and a
 * fourth of 115 for its group: 157 cycles for 45 MACs, 3.5 cycles per MAC. Of 6 outputs: 19, 54, 36, 31, 13, and a fourth of
 * 130: 186 cycles for 54 MACs, 3.4 cycles per MAC. */
LOOP(run5, COLUMNS5, OUTPUTS5, SHORT)
LOOP(run5_limited, COLUMNS5, OUTPUTS5, LONG)
LOOP(run6, COLUMNS6, OUTPUTS6, SHORT)
LOOP(run6_limited, COLUMNS6, OUTPUTS6, LONG)

/* clang-format on */

/* Channels of the row from `first` on: groups of four, or a last one of `count` that begins with some that were done. */
static void run(const struct mote_depthwise_packed *p, const struct mote_io *io, int32_t first, int32_t count,
                int32_t groups)
{
    const bool is_short = p->finish == MOTE_FINISH_RELU;
    void (*const loop)(const struct channels *c) = p->out_w == 5 ? is_short ? run5 : run5_limited
                                                   : is_short    ? run6
                                                                 : run6_limited;
    const uint32_t zero = ((uint32_t)p->in_zero & 0xFF) * 0x01010101;
    uint32_t *words = (uint32_t *)io->scratch;
    const int8_t *const column = (const int8_t *)words + 4 - count;
    struct channels c;
    c.columns = words + 3 * p->pad_w;
    c.inside = mote_min(p->out_w + 2 - p->pad_w, p->in_w);
    c.groups = groups;
    c.column = column;
    c.stream = p->stream + 4 * first;
    c.halves = (uintptr_t)((const uint16_t *)(p->stream + 4 * p->channels) + first) - 2 * (uintptr_t)column;
    c.out = (int32_t)((uintptr_t)io->out[0] - (uintptr_t)column) + first;
    c.step = p->channels;
    c.zero = 2 * p->out_zero + 1;
    c.low = p->low;
    c.high = p->high;
    for (int32_t y = 0; y < 3; y++) {
        const bool is_there = io->in[y] != NULL;
        c.rows[y] = is_there ? (const int8_t *)io->in[y] + first + count - 4 : (const int8_t *)&zero;
        c.steps[y] = is_there ? p->channels : 0;
        c.backs[y] = is_there ? c.inside * p->channels - 4 : 0;
    }
    loop(&c);
}

void mote_depthwise_narrow_s8__arm_dsp(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_packed *p = (const struct mote_depthwise_packed *)params;
    const int32_t rest = p->channels % 4;
    const uint32_t zero = ((uint32_t)p->in_zero & 0xFF) * 0x01010101;
    uint32_t *const words = (uint32_t *)io->scratch, *const end = words + 3 * (p->out_w + 2);
    for (uint32_t *to = words; to < end; to++) {
        *to = zero;
    }
    run(p, io, 0, 4, p->channels / 4);
    if (rest > 0) {
        run(p, io, p->channels - rest, rest, 1);
    }
}

#endif
