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
    int8_t *out;
    int32_t step; /* bytes from pixel to pixel of the output */
    int32_t zero; /* 2 * the outputs' zero point + 1 */
    int32_t is_limited;
    int32_t low, high;
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
#define LIMITED "68"
#define LOW "72"
#define HIGH "76"
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
 * factors to the stack, inputs' address to r0. 20 cycles. */
#define BEGIN_CHANNEL \
    "3:\n" \
    GET("r0", STREAM) \
    "ldm r0!, {r7-r11}\n" \
    PUT("r0", STREAM) PUT("r10", BIAS) PUT("r11", MULTIPLIER) \
    "sxtb16 r2, r7\n sxtb16 r3, r7, ror #8\n sxtb16 r4, r8\n sxtb16 r5, r8, ror #8\n" \
    "sxtb r6, r9\n" \
    "lsr r9, r9, #8\n" \
    PUT("r9", SHIFT) GET("r0", COLUMN)

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

/* From sum to output as in conv2d_s8.c; 5 cycles. */
#define SHORT(s)
#define LONG(s) "add " s ", " s ", " s ", asr #31\n"
#define SHORT_LIMIT(s)
#define LONG_LIMIT(s) "cmp " s ", r10\n it lt\n movlt " s ", r10\n cmp " s ", r11\n it gt\n movgt " s ", r11\n"
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

/* On to the next channel, or group of four, or out. */
#define FINISH(outputs) \
    GET("r2", MULTIPLIER) GET("r3", ZERO) GET("r4", SHIFT) GET("r5", OUT) GET("r6", STEP) GET("r10", LIMITED) \
    "lsl r3, r3, r4\n" \
    "cmp r10, #0\n" \
    "bne.w 5f\n" \
    outputs(SHORT) \
    "4:\n" \
    GET("r0", COLUMN) \
    "add r5, #1\n add r0, #1\n" \
    PUT("r5", OUT) PUT("r0", COLUMN) \
    "tst r0, #3\n" \
    "bne.w 3b\n" \
    GET("r1", GROUPS) \
    "sub r0, #4\n subs r1, #1\n" \
    PUT("r0", COLUMN) PUT("r1", GROUPS) \
    "bne.w 1b\n" \
    "add sp, #92\n pop {r4-r11, pc}\n" \
    "5:\n" \
    GET("r10", LOW) GET("r11", HIGH) \
    outputs(LONG) \
    "b.w 4b\n"

/* A channel of 5 outputs takes 20 cycles to begin, 40 of loads, 30 MAC instructions, 35 for the outputs, 10 to end, and a
 * fourth of 105 for its group: 161 cycles for 45 MACs, 3.6 cycles per MAC. */
__attribute__((naked, noinline)) static void run5(const struct channels *c __attribute__((unused)))
{
    __asm__ volatile(ENTER COPY_COLUMNS BEGIN_CHANNEL COLUMNS5 FINISH(OUTPUTS5));
}

/* A channel of 6 outputs: 20, 54, 36, 41, 10, and a fourth of 120: 191 cycles for 54 MACs, 3.5 cycles per MAC. */
__attribute__((naked, noinline)) static void run6(const struct channels *c __attribute__((unused)))
{
    __asm__ volatile(ENTER COPY_COLUMNS BEGIN_CHANNEL COLUMNS6 FINISH(OUTPUTS6));
}

/* clang-format on */

/* Channels of the row from `first` on: groups of four, or a last one of `count` that begins with some that were done. */
static void run(const struct mote_depthwise_packed *p, const void *const rows[], int32_t first, int32_t count,
                struct channels c)
{
    const int32_t columns = p->out_w + 2, from = count == 4 ? first : first - 4 + count;
    const uint32_t zero = ((uint32_t)p->in_zero & 0xFF) * 0x01010101;
    c.inside = mote_min(columns - p->pad_w, p->in_w);
    for (int32_t y = 0; y < 3; y++) {
        const bool is_there = rows[y] != NULL;
        c.rows[y] = is_there ? (const int8_t *)rows[y] + from : (const int8_t *)&zero;
        c.steps[y] = is_there ? p->channels : 0;
        c.backs[y] = is_there ? c.inside * p->channels - 4 : 0;
    }
    c.stream += 5 * first;
    c.out += first;
    c.column += 4 - count;
    if (p->out_w == 5) {
        run5(&c);
    } else {
        run6(&c);
    }
}

void mote_depthwise_narrow_s8__arm_dsp(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_packed *p = (const struct mote_depthwise_packed *)params;
    const int32_t columns = p->out_w + 2, rest = p->channels % 4;
    uint32_t *words = (uint32_t *)io->scratch;
    struct channels c; /* less what belongs to a group's rows */
    c.columns = words + 3 * p->pad_w;
    c.groups = p->channels / 4;
    c.column = (const int8_t *)io->scratch;
    c.stream = p->stream;
    c.out = (int8_t *)io->out[0];
    c.step = p->channels;
    c.zero = 2 * p->out_zero + 1;
    c.is_limited = p->finish != MOTE_FINISH_RELU;
    c.low = p->low;
    c.high = p->high;
    for (int32_t i = 0; i < columns * 3; i++) {
        words[i] = ((uint32_t)p->in_zero & 0xFF) * 0x01010101;
    }
    run(p, io->in, 0, 4, c);
    if (rest > 0) {
        struct channels last = c;
        last.groups = 1;
        run(p, io->in, p->channels - rest, rest, last);
    }
}

#endif
