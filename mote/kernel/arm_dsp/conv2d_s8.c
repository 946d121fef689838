/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and weights, for Cortex-M with the DSP extension. Weights: packed.h.
 *
 * Two pixels are gathered into the scratch memory, widened to int16 as the loop reads them: the pairs of inputs (0, 2) of
 * either pixel, then (1, 3) of either... Then blocks of 2 pixels by 4 filters run over them. What is left, a single
 * pixel or a matrix product, runs in blocks of 1 by 4 on bytes.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stdbool.h>
#include <stddef.h>

#include "../fixed.h"
#include "../packed.h"
#include "simd.h"

/* What the loops over groups of four filters take. They copy it to the stack, where it costs no register. */
struct groups {
    const void *x; /* the inputs of a pixel or a pair */
    const uint32_t *stream;
    int8_t *out, *next;   /* outputs of the pixel, and of the second one of a pair */
    int32_t count;        /* groups; at least 1 */
    int32_t weights_size; /* bytes of a group's */
    int32_t skip;         /* bytes of weights by which the first turn of the loop is shorter */
    int32_t zero;         /* 2 * the outputs' zero point + 1 */
    int32_t finish;       /* enum mote_finish */
    int32_t low, high;
    const uint32_t *end; /* of the group's weights */
};

/* Where the copy has its members. */
#define X "0"
#define STREAM "4"
#define OUT "8"
#define NEXT "12"
#define COUNT "16"
#define WEIGHTS_SIZE "20"
#define SKIP "24"
#define ZERO "28"
#define HOW "32"
#define LOW "36"
#define HIGH "40"
#define END "44"
#define GET(r, member) "ldr " r ", [sp, #" member "]\n"
#define PUT(r, member) "str " r ", [sp, #" member "]\n"
#define ENTER "push {r4-r11, lr}\n sub sp, #48\n ldm r0, {r2-r12}\n stm sp, {r2-r12}\n mov r1, r3\n"
#define LEAVE "add sp, #48\n pop {r4-r11, pc}\n"

/* Steps from the sum s to the output, with a channel's factors in r12 and lr: the doubling high multiply with rounding,
 * which is s + round(s * (2 * multiplier - 2^32) / 2^32); one less below zero, for halves away from zero; the shift with
 * rounding and zero point, which are r10 << shift >> 1 with r10 = 2 * zero point + 1; the limits. */
#define FACTORS "ldrd r12, lr, [r1], #8\n"
#define MULTIPLY(s) "smmlar " s ", " s ", r12, " s "\n"
#define LESS(s) "add " s ", " s ", " s ", asr #31\n"
#define BIAS "lsl r12, r10, lr\n"
#define SHIFT(s) "add " s ", " s ", r12, asr #1\n asr " s ", " s ", lr\n"
#define LIMITS GET("r12", LOW) GET("lr", HIGH)
#define LIMIT(s) "cmp " s ", r12\n it lt\n movlt " s ", r12\n cmp " s ", lr\n it gt\n movgt " s ", lr\n"
#define STORE(s, out) "ssat " s ", #8, " s "\n strb " s ", [" out "], #1\n"
#define NONE(s)

/* One channel of one pixel; of two: 11 instructions and 3 cycles of loading for both, 7 cycles an output. */
#define CHANNEL1(s, t, less, limits, limit) \
    FACTORS MULTIPLY(s) less(s) BIAS SHIFT(s) limits limit(s) STORE(s, "r11")
#define CHANNEL2(s, t, less, limits, limit) \
    FACTORS MULTIPLY(s) MULTIPLY(t) less(s) less(t) BIAS SHIFT(s) SHIFT(t) limits limit(s) limit(t) \
    STORE(s, "r11") STORE(t, "r0")
#define CHANNELS(channel, less, limits, limit) \
    channel("r2", "r6", less, limits, limit) channel("r3", "r7", less, limits, limit) \
    channel("r4", "r8", less, limits, limit) channel("r5", "r9", less, limits, limit)

/* The outputs of a group in one of three ways; flags NE: there is another group. */
#define FINISH(channel, get_next, put_next) \
    GET("r11", OUT) get_next GET("r10", ZERO) GET("r12", HOW) \
    "cmp r12, #1\n" \
    "beq 4f\n" \
    "bgt 5f\n" \
    CHANNELS(channel, NONE, "", NONE) \
    "b 6f\n" \
    "4:\n" \
    CHANNELS(channel, LESS, "", NONE) \
    "b 6f\n" \
    "5:\n" \
    CHANNELS(channel, LESS, LIMITS, LIMIT) \
    "6:\n" \
    PUT("r11", OUT) put_next GET("r10", COUNT) \
    "subs r10, #1\n" \
    PUT("r10", COUNT)

/* Two inputs of two pixels by four filters. Loads 4 words in 6 cycles (the second pair of filters comes alone, for want of
 * a register), 2 SXTB16, 8 SMLAD: 16 cycles for 16 MACs. 56 bytes of code. */
#define PAIR_STEP(o, o4) \
    "ldr.w r10, [r1, #" o "]\n ldr.w r12, [r0, #" o "]\n ldr.w lr, [r0, #" o4 "]\n" \
    "sxtb16 r11, r10\n" \
    "smlad r2, r11, r12, r2\n smlad r6, r11, lr, r6\n smlad r3, r10, r12, r3\n smlad r7, r10, lr, r7\n" \
    "ldr.w r10, [r1, #" o4 "]\n" \
    "sxtb16 r11, r10\n" \
    "smlad r4, r11, r12, r4\n smlad r8, r11, lr, r8\n smlad r5, r10, r12, r5\n smlad r9, r10, lr, r9\n"

/* r0 inputs, r1 stream, r2-r5 and r6-r9 sums. A turn of the loop takes 16 inputs, 128 cycles and 9 for the loop: 1.07
 * cycles per MAC, where 0.5 is the limit of SMLAD alone. */
__attribute__((naked, noinline)) static void run_pairs(const struct groups *g __attribute__((unused)))
{
    __asm__ volatile(
        ENTER
        "1:\n"
        "ldm r1!, {r2-r5}\n"
        GET("r0", X) GET("r10", WEIGHTS_SIZE) GET("r11", SKIP)
        "mov r6, r2\n mov r7, r3\n mov r8, r4\n mov r9, r5\n"
        "add r10, r1\n"
        PUT("r10", END)
        "sub r1, r11\n"
        "sub r0, r11\n"
        "rsb r12, r11, r11, lsl #3\n" /* 112 bytes of code take 16 of weights */
        "adr.w r10, 2f + 1\n"
        "add r10, r12\n"
        "bx r10\n"
        ".balign 4\n"
        "2:\n"
        PAIR_STEP("0", "4") PAIR_STEP("8", "12") PAIR_STEP("16", "20") PAIR_STEP("24", "28")
        PAIR_STEP("32", "36") PAIR_STEP("40", "44") PAIR_STEP("48", "52") PAIR_STEP("56", "60")
        "add r0, #64\n"
        "add r1, #64\n"
        GET("r10", END)
        "cmp r1, r10\n"
        "bne.w 2b\n"
        "sub r3, r2\n sub r7, r6\n sub r5, r4\n sub r9, r8\n"
        "asr r3, #8\n asr r7, #8\n asr r5, #8\n asr r9, #8\n"
        FINISH(CHANNEL2, GET("r0", NEXT), PUT("r0", NEXT))
        "bne.w 1b\n"
        LEAVE);
}

/* Four inputs of one pixel, as bytes, by four filters. Loads 5 words in 6 cycles, 6 SXTB16, 8 SMLAD: 20 cycles for 16 MACs.
 * 76 bytes of code. */
#define SINGLE_STEP(x, o, o4, o8, o12) \
    "ldr.w r6, [r0, #" x "]\n" \
    "ldr.w r8, [r1, #" o "]\n ldr.w r9, [r1, #" o4 "]\n ldr.w r10, [r1, #" o8 "]\n ldr.w r11, [r1, #" o12 "]\n" \
    "sxtb16 r7, r6\n sxtb16 r6, r6, ror #8\n" \
    "sxtb16 r12, r8\n smlad r2, r12, r7, r2\n smlad r3, r8, r7, r3\n" \
    "sxtb16 r12, r9\n smlad r4, r12, r7, r4\n smlad r5, r9, r7, r5\n" \
    "sxtb16 r12, r10\n smlad r2, r12, r6, r2\n smlad r3, r10, r6, r3\n" \
    "sxtb16 r12, r11\n smlad r4, r12, r6, r4\n smlad r5, r11, r6, r5\n"

/* r0 inputs, r1 stream, r2-r5 sums. A turn takes 16 inputs, 80 cycles and 6 for the loop: 1.34 cycles per MAC. */
__attribute__((naked, noinline)) static void run_single(const struct groups *g __attribute__((unused)))
{
    __asm__ volatile(
        ENTER
        "1:\n"
        "ldm r1!, {r2-r5}\n"
        GET("r0", X) GET("lr", WEIGHTS_SIZE) GET("r11", SKIP)
        "add lr, r1\n"
        "sub r1, r11\n"
        "sub r0, r0, r11, lsr #2\n"
        "add r12, r11, r11, lsl #2\n" /* 76 bytes of code take 16 of weights */
        "sub r12, r12, r11, lsr #2\n"
        "adr.w r10, 2f + 1\n"
        "add r10, r12\n"
        "bx r10\n"
        ".balign 4\n"
        "2:\n"
        SINGLE_STEP("0", "0", "4", "8", "12") SINGLE_STEP("4", "16", "20", "24", "28")
        SINGLE_STEP("8", "32", "36", "40", "44") SINGLE_STEP("12", "48", "52", "56", "60")
        "add r0, #16\n"
        "add r1, #64\n"
        "cmp r1, lr\n"
        "bne.w 2b\n"
        "sub r3, r2\n sub r5, r4\n"
        "asr r3, #8\n asr r5, #8\n"
        FINISH(CHANNEL1, "", "")
        "bne.w 1b\n"
        LEAVE);
}

/*** Inputs of a pixel or a pair as one vector ***/

/* One line of the window that begins at column `left`; what is outside of the image is the zero point. */
static void copy_line(const struct mote_conv2d_packed *p, const int8_t *row, int32_t left, int8_t *to)
{
    const int32_t line = p->filter_w * p->in_c, row_size = p->in_w * p->in_c, start = left * p->in_c;
    const int32_t end = row == NULL ? start : mote_min(start + line, row_size);
    int32_t i = start;
    for (; i < mote_min(mote_max(start, 0), start + line); i++) {
        *to++ = (int8_t)p->in_zero;
    }
    for (; i + 4 <= end; i += 4, to += 4) {
        mote_store_word(to, mote_load_word(row + i));
    }
    for (; i < start + line; i++) {
        *to++ = i < end ? row[i] : (int8_t)p->in_zero;
    }
}

static void copy_window(const struct mote_conv2d_packed *p, const void *const rows[], int32_t left, int8_t *to)
{
    const int32_t line = p->filter_w * p->in_c;
    for (int32_t ky = 0; ky < p->filter_h; ky++, to += line) {
        copy_line(p, rows[ky], left, to);
    }
}

/* `count` bytes of each pixel, in fours, become pairs of int16, the two pixels side by side. */
static uint32_t *widen(const int8_t *first, const int8_t *second, int32_t count, uint32_t *to)
{
    for (; count > 0; count -= 4, first += 4, second += 4, to += 4) {
        const uint32_t a = mote_load_word(first), b = mote_load_word(second);
        to[0] = mote_sxtb16(a);
        to[1] = mote_sxtb16(b);
        to[2] = mote_sxtb16_ror8(a);
        to[3] = mote_sxtb16_ror8(b);
    }
    return to;
}

/* The windows that begin at `left` and stride_w further on. Bytes that do not lie in fours in the image are copied first,
 * line by line, or all where lines are not whole fours. */
static void gather_pair(const struct mote_conv2d_packed *p, const void *const rows[], int32_t left, uint32_t *to)
{
    const int32_t line = p->filter_w * p->in_c, step = p->stride_w * p->in_c;
    const bool inside = left >= 0 && left + p->stride_w + p->filter_w <= p->in_w;
    int8_t *copies = (int8_t *)(to + p->depth);
    if (line % 4 != 0) {
        copy_window(p, rows, left, copies);
        copy_window(p, rows, left + p->stride_w, copies + p->depth);
        widen(copies, copies + p->depth, p->depth, to);
        return;
    }
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        if (rows[ky] != NULL && inside) {
            const int8_t *from = (const int8_t *)rows[ky] + left * p->in_c;
            to = widen(from, from + step, line, to);
        } else {
            copy_line(p, rows[ky], left, copies);
            copy_line(p, rows[ky], left + p->stride_w, copies + line);
            to = widen(copies, copies + line, line, to);
        }
    }
}

/*** All of a row ***/

/* All filters over one pixel, or over two. What the last group has too much goes nowhere. */
static void run(const struct mote_conv2d_packed *p, struct groups g, void (*loop)(const struct groups *g))
{
    const int32_t rest = p->out_c % 4;
    if (g.count > 0) {
        loop(&g);
    }
    if (rest > 0) {
        int8_t outs[2][4];
        int8_t *const out = g.out + p->out_c - rest;
        g.stream += g.count * (4 + g.weights_size / 4 + 8);
        g.out = outs[0];
        g.next = outs[1];
        g.count = 1;
        loop(&g);
        for (int32_t k = 0; k < rest; k++) {
            out[k] = outs[0][k];
            if (loop == run_pairs) {
                out[p->out_c + k] = outs[1][k];
            }
        }
    }
}

void mote_conv2d_s8__arm_dsp(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_packed *p = params;
    struct groups g = {
        .stream = p->stream, .out = io->out[0], .count = p->out_c / 4,
        .weights_size = p->depth * 4, .skip = -p->depth * 4 & 48, .zero = 2 * p->out_zero + 1,
        .finish = p->finish, .low = p->low, .high = p->high,
    };
    int32_t x = 0;
    for (; x + 1 < p->out_w; x += 2, g.out += 2 * p->out_c) {
        gather_pair(p, io->in, x * p->stride_w - p->pad_w, io->scratch);
        g.x = io->scratch;
        g.next = g.out + p->out_c;
        run(p, g, run_pairs);
    }
    if (x < p->out_w) {
        const int32_t left = x * p->stride_w - p->pad_w;
        g.x = io->scratch;
        if (p->filter_h == 1 && p->filter_w == 1 && p->in_c == p->depth) {
            g.x = (const int8_t *)io->in[0] + left * p->in_c;
        } else {
            copy_window(p, io->in, left, io->scratch);
        }
        run(p, g, run_single);
    }
}

#endif
