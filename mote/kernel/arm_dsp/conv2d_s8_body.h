/* SPDX-License-Identifier: MIT
 *
 * The loops of CONV_2D and FULLY_CONNECTED, int8 activations and weights, for Cortex-M with the DSP extension. KERNEL: the
 * name of the kernel; REPEATS: 1 where inputs may come again. Weights: packed.h.
 *
 * Two pixels are gathered into the scratch memory, widened to int16 as the loop reads them: the pairs of inputs (0, 2) of
 * either pixel, then (1, 3) of either... Then blocks of 2 pixels by 4 filters run over them. What is left, a single
 * pixel or a matrix product, runs in blocks of 1 by 4 on bytes.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../fixed.h"
#include "../packed.h"
#include "simd.h"
#include "single.h"

enum { BIAS_WORDS = 4, FACTOR_WORDS = 5 }; /* of a group */

/* What the loops over groups of four filters take. They copy it to the stack, where it costs no register. */
struct groups {
    const void *x;          /* the inputs of a pixel or a pair, less what the first turn of the loop skips */
    const uint32_t *stream; /* FACTOR_WORDS before its biases, where the factors of a group before it would be */
    int8_t *out, *next;     /* outputs of the pixel, and of the second one of a pair */
    const uint32_t *stop;   /* the factors of the last group */
    const void *x_end;
    int32_t skip;   /* bytes of weights by which the first turn of the loop is shorter */
    int32_t zero;   /* the outputs' zero point */
    int32_t finish; /* enum mote_finish */
    int32_t low, high;
};

/* clang-format off */

/* Where the copy has its members, and a word more: where in the loop to begin. */
#define X "0"
#define STREAM "4"
#define OUT "8"
#define NEXT "12"
#define STOP "16"
#define X_END "20"
#define SKIP "24"
#define ZERO "28"
#define HOW "32"
#define LOW "36"
#define HIGH "40"
#define ENTRY "44"
#define GET(r, member) "ldr " r ", [sp, #" member "]\n"
#define PUT(r, member) "str " r ", [sp, #" member "]\n"
#define ENTER "push {r4-r11, lr}\n sub sp, #48\n ldm r0, {r2-r12}\n stm sp, {r2-r12}\n mov r1, r3\n"
#define LEAVE "add sp, #48\n pop {r4-r11, pc}\n"

/* From the factors of the group before to the sums of the next; its weights are 36 bytes away. */
#define BIASES "ldr.w r2, [r1, #20]\n ldr.w r3, [r1, #24]\n ldr.w r4, [r1, #28]\n ldr.w r5, [r1, #32]\n"

/* Steps from the sum s to the output, with a channel's factors in r12 and lr: the doubling high multiply with rounding,
 * which is s + round(s * (2 * multiplier - 2^32) / 2^32); one less below zero, for halves away from zero; the shift, which
 * leaves the bit that rounds in the carry, so that it is added with the zero point; the limits. */
#define FACTORS(factor, shift) "ldr.w r12, [r1, #" factor "]\n ldrb.w lr, [r1, #" shift "]\n"
#define MULTIPLY(s) "smmlar " s ", " s ", r12, " s "\n"
#define LESS(s) "add " s ", " s ", " s ", asr #31\n"
#define SHIFT(s) "asrs " s ", " s ", lr\n adc " s ", " s ", r10\n"
#define LIMITS GET("r12", LOW) GET("lr", HIGH)
#define LIMIT(s) "cmp " s ", r12\n it lt\n movlt " s ", r12\n cmp " s ", lr\n it gt\n movgt " s ", lr\n"
#define STORE(s, out) "ssat " s ", #8, " s "\n strb " s ", [" out "], #1\n"
#define NONE(s)

/* One channel of one pixel: 8 cycles; of two: 13. */
#define CHANNEL1(s, t, factors, less, limits, limit) factors MULTIPLY(s) less(s) SHIFT(s) limits limit(s) STORE(s, "r11")
#define CHANNEL2(s, t, factors, less, limits, limit) \
    factors MULTIPLY(s) MULTIPLY(t) less(s) less(t) SHIFT(s) SHIFT(t) limits limit(s) limit(t) \
    STORE(s, "r11") STORE(t, "r0")
#define CHANNELS(channel, less, limits, limit) \
    channel("r2", "r6", FACTORS("0", "16"), less, limits, limit) \
    channel("r3", "r7", FACTORS("4", "17"), less, limits, limit) \
    channel("r4", "r8", FACTORS("8", "18"), less, limits, limit) \
    channel("r5", "r9", FACTORS("12", "19"), less, limits, limit)

/* The outputs of a group in one of two ways, or with limits; on to the next group, or out. */
#define NEXT_GROUP(put_next) PUT("r11", OUT) put_next GET("r10", STOP) "cmp r1, r10\n bne.w 1b\n" LEAVE
#define FINISH_FREE(channel, get_next, put_next) \
    GET("r11", OUT) get_next GET("r10", ZERO) GET("r12", HOW) \
    "cmp r12, #0\n" \
    "bne.w 4f\n" \
    CHANNELS(channel, NONE, "", NONE) \
    "3:\n" \
    NEXT_GROUP(put_next) \
    "4:\n" \
    CHANNELS(channel, LESS, "", NONE) \
    "b.w 3b\n"
#define FINISH_LIMITED(channel, get_next, put_next) \
    GET("r11", OUT) get_next GET("r10", ZERO) \
    CHANNELS(channel, LESS, LIMITS, LIMIT) \
    NEXT_GROUP(put_next)

/* Two inputs of two pixels by four filters. Loads 4 words in 5 cycles, since they follow each other; 2 SXTB16, in place
 * when the words themselves have been used, for want of registers; 8 SMLAD: 15 cycles for 16 MACs. 56 bytes of code. */
#define PAIR_STEP(o, o4) \
    "ldr.w r10, [r1, #" o "]\n ldr.w r11, [r1, #" o4 "]\n ldr.w r12, [r0, #" o "]\n ldr.w lr, [r0, #" o4 "]\n" \
    "smlad r3, r10, r12, r3\n smlad r7, r10, lr, r7\n smlad r5, r11, r12, r5\n smlad r9, r11, lr, r9\n" \
    "sxtb16 r10, r10\n sxtb16 r11, r11\n" \
    "smlad r2, r10, r12, r2\n smlad r6, r10, lr, r6\n smlad r4, r11, r12, r4\n smlad r8, r11, lr, r8\n"

/* r0 inputs, r1 stream, r2-r5 and r6-r9 sums. A turn of the loop takes 32 inputs, 240 cycles and 8 for the loop: 0.97
 * cycles per MAC, where 0.5 is the limit of SMLAD alone and loads and unpacking take the rest. A group of 8 outputs takes
 * 85 cycles around it. */
#define RUN_PAIRS(name, finish) \
    __attribute__((naked, noinline)) static void name(const struct groups *g __attribute__((unused))) \
    { \
        __asm__ volatile( \
            ENTER \
            GET("r11", SKIP) \
            "rsb r12, r11, r11, lsl #3\n" /* 112 bytes of code take 16 of weights */ \
            "adr.w r10, 2f + 1\n" \
            "add r10, r12\n" \
            "sub r11, #36\n" \
            PUT("r10", ENTRY) PUT("r11", SKIP) \
            "1:\n" \
            BIASES \
            GET("r0", X) GET("r11", SKIP) GET("r12", ENTRY) \
            "mov r6, r2\n mov r7, r3\n mov r8, r4\n mov r9, r5\n" \
            "sub r1, r11\n" \
            "bx r12\n" \
            ".balign 4\n" \
            "2:\n" \
            PAIR_STEP("0", "4") PAIR_STEP("8", "12") PAIR_STEP("16", "20") PAIR_STEP("24", "28") \
            PAIR_STEP("32", "36") PAIR_STEP("40", "44") PAIR_STEP("48", "52") PAIR_STEP("56", "60") \
            PAIR_STEP("64", "68") PAIR_STEP("72", "76") PAIR_STEP("80", "84") PAIR_STEP("88", "92") \
            PAIR_STEP("96", "100") PAIR_STEP("104", "108") PAIR_STEP("112", "116") PAIR_STEP("120", "124") \
            GET("r10", X_END) \
            "adds r0, #128\n" \
            "adds r1, #128\n" \
            "cmp r0, r10\n" \
            "bne.w 2b\n" \
            "subs r3, r3, r2\n subs r7, r7, r6\n subs r5, r5, r4\n sub r9, r8\n" \
            "asrs r3, r3, #8\n asrs r7, r7, #8\n asrs r5, r5, #8\n asr r9, #8\n" \
            finish(CHANNEL2, GET("r0", NEXT), PUT("r0", NEXT))); \
    }
RUN_PAIRS(run_pairs, FINISH_FREE)
RUN_PAIRS(run_pairs_limited, FINISH_LIMITED)

/* r0 inputs, r1 stream, r2-r5 sums. A turn takes 32 inputs, 160 cycles and 6 for the loop: 1.30 cycles per MAC. */
#define RUN_SINGLE(name, finish) \
    __attribute__((naked, noinline)) static void name(const struct groups *g __attribute__((unused))) \
    { \
        __asm__ volatile( \
            ENTER \
            GET("r11", SKIP) \
            "add r12, r11, r11, lsl #2\n" /* 76 bytes of code take 16 of weights */ \
            "sub r12, r12, r11, lsr #2\n" \
            "adr.w r10, 2f + 1\n" \
            "add r10, r12\n" \
            "sub r11, #36\n" \
            PUT("r10", ENTRY) PUT("r11", SKIP) \
            "1:\n" \
            BIASES \
            GET("r0", X) GET("lr", X_END) GET("r11", SKIP) GET("r12", ENTRY) \
            "sub r1, r11\n" \
            "bx r12\n" \
            ".balign 4\n" \
            "2:\n" \
            MOTE_SINGLE_STEPS \
            "adds r0, #32\n" \
            "adds r1, #128\n" \
            "cmp r0, lr\n" \
            "bne.w 2b\n" \
            "subs r3, r3, r2\n subs r5, r5, r4\n" \
            "asrs r3, r3, #8\n asrs r5, r5, #8\n" \
            finish(CHANNEL1, "", "")); \
    }
RUN_SINGLE(run_single, FINISH_FREE)
RUN_SINGLE(run_single_limited, FINISH_LIMITED)

/* clang-format on */

/*** Inputs of a pixel or a pair as one vector ***/

enum { SHORT_LINE = 8 }; /* bytes: it is made word by word */

/* Bytes of a line of the window, in whole fours. */
static int32_t line_bytes(const struct mote_conv2d_packed *p) { return (p->filter_w * p->in_c + 3) & ~3; }

/* `size` bytes, in whole fours, from offset `start` of the row, whose bytes outside of [0, row_size) are `zero` four times. */
static void copy_line(const int8_t *row, int32_t row_size, int32_t start, int32_t size, uint32_t zero, int8_t *to)
{
    for (int32_t i = 0; i < size; i += 4) {
        mote_store_word(to + i, zero);
    }
    if (row == NULL) {
        return;
    }
    const int32_t first = mote_max(start, 0), last = mote_min(start + size, row_size);
    int32_t i = first;
    for (to -= start; i + 4 <= last; i += 4) {
        mote_store_word(to + i, mote_load_word(row + i));
    }
    for (; i < last; i++) {
        to[i] = row[i];
    }
}

/* Four bytes from offset `at` of a row of at least 4; those outside of [0, size) are zero points, of which `zeros` has four.
 * NULL: all are. */
static inline uint32_t load_border(const int8_t *row, int32_t size, int32_t at, uint32_t zeros)
{
    const int32_t before = -8 * at, behind = 8 * (at + 4 - size); /* bits outside */
    if (row == NULL || before >= 32 || behind >= 32) {
        return zeros;
    }
    return before > 0   ? mote_load_word(row) << before | zeros >> (32 - before)
           : behind > 0 ? mote_load_word(row + size - 4) >> behind | zeros << (32 - behind)
                        : mote_load_word(row + at);
}

/* What the windows of a pair have in common. */
struct pair {
    int32_t start;  /* from the beginning of a row to the first pixel's window, bytes */
    int32_t step;   /* from there to the second's */
    int32_t line;   /* bytes of a window in a row, in whole fours */
    uint32_t zeros; /* what NULL rows hold, a pair of int16 */
};

/* clang-format off */

/* Four bytes of either pixel at r6 and r7, loaded to a and b: pairs of int16 to r0, side by side. */
#define WIDEN(a, b, o, o4, o8, o12) \
    "sxtb16 r8, " a "\n str r8, [r0, #" o "]\n sxtb16 " a ", " a ", ror #8\n str " a ", [r0, #" o8 "]\n" \
    "sxtb16 r8, " b "\n str r8, [r0, #" o4 "]\n sxtb16 " b ", " b ", ror #8\n str " b ", [r0, #" o12 "]\n"

/* Windows in rows .. end - 1, all in the image where there is a row, become pairs of int16. 28 cycles for 8 inputs of
 * two pixels. */
__attribute__((naked, noinline)) static uint32_t *widen(uint32_t *to __attribute__((unused)),
                                                        const void *const *rows __attribute__((unused)),
                                                        const void *const *end __attribute__((unused)),
                                                        const struct pair *pair __attribute__((unused)))
{
    __asm__ volatile(
        "push {r3-r11, lr}\n"
        "ldm r3, {r3-r5}\n" /* start, step, line */
        "1:\n"
        "ldr r6, [r1], #4\n"
        "cmp r6, #0\n"
        "beq 5f\n"
        "add r6, r3\n"
        "add r7, r6, r4\n"
        "subs lr, r5, #8\n"
        "blt 3f\n"
        "2:\n"
        "ldr.w r9, [r6]\n ldr.w r10, [r7]\n ldr.w r11, [r6, #4]\n ldr.w r12, [r7, #4]\n"
        WIDEN("r9", "r10", "0", "4", "8", "12")
        WIDEN("r11", "r12", "16", "20", "24", "28")
        "adds r6, #8\n adds r7, #8\n adds r0, #32\n"
        "subs lr, #8\n"
        "bge 2b\n"
        "3:\n"
        "lsls lr, lr, #29\n" /* 4 bytes more: -4 */
        "beq 4f\n"
        "ldr.w r10, [r6]\n ldr.w r11, [r7]\n"
        WIDEN("r10", "r11", "0", "4", "8", "12")
        "adds r0, #16\n"
        "4:\n"
        "cmp r1, r2\n"
        "bne 1b\n"
        "add sp, #4\n"
        "pop {r4-r11, pc}\n"
        "5:\n"
        "ldr r9, [sp]\n"
        "ldr r9, [r9, #12]\n"
        "mov r6, r5\n"
        "6:\n"
        "str r9, [r0], #4\n"
        "subs r6, #1\n"
        "bne 6b\n"
        "b 4b\n");
}

/* clang-format on */

/* The same as widen() of windows that are not all in the image, a word at a time. */
__attribute__((noinline)) static void widen_words(uint32_t *to, const void *const *rows, const void *const *end,
                                                  const struct pair *pair, int32_t row_size, uint32_t zeros)
{
    for (; rows < end; rows++) {
        for (int32_t i = 0; i < pair->line; i += 4, to += 4) {
            const uint32_t x = load_border((const int8_t *)*rows, row_size, pair->start + i, zeros);
            const uint32_t y = load_border((const int8_t *)*rows, row_size, pair->start + pair->step + i, zeros);
            to[0] = mote_sxtb16(x);
            to[1] = mote_sxtb16(y);
            to[2] = mote_sxtb16_ror8(x);
            to[3] = mote_sxtb16_ror8(y);
        }
    }
}

/* A line of a window in the image if it is all there, else copied. */
static const int8_t *find_line(const int8_t *row, int32_t row_size, int32_t start, int32_t size, uint32_t zero,
                               int8_t *copy)
{
    if (start >= 0 && start + size <= row_size) {
        return row + start;
    }
    copy_line(row, row_size, start, size, zero, copy);
    return copy;
}

/* The half word in which the first pixel of a pair has input i; the second has it two further on. */
static int32_t half_word(int32_t i) { return i / 4 * 8 + i % 2 * 4 + i % 4 / 2; }

/* Inputs that come again. */
static inline void repeat_pair(const struct mote_conv2d_packed *p, int16_t *inputs)
{
    for (int32_t k = 0, window = p->filter_h * line_bytes(p); k < p->again; k++) {
        const int16_t *from = inputs + half_word(p->inputs[k]);
        int16_t *to = inputs + half_word(window + k);
        to[0] = from[0];
        to[2] = from[2];
    }
}

/* The windows that begin at `left` and stride_w further on. */
static void gather_pair(const struct mote_conv2d_packed *p, const void *const rows[], int32_t left, uint32_t *to)
{
    const int32_t row_size = p->in_w * p->in_c;
    const uint32_t zero = ((uint32_t)p->in_zero & 0xFF) * 0x01010101;
    struct pair pair = {left * p->in_c, p->stride_w * p->in_c, line_bytes(p), mote_sxtb16(zero)};
    const int32_t start = pair.start, second = start + pair.step;
    const void *const *const end = rows + p->filter_h;
    if (start >= 0 && second + pair.line <= row_size) {
        widen(to, rows, end, &pair);
        return;
    }
    if (pair.line <= SHORT_LINE && row_size >= 4) {
        widen_words(to, rows, end, &pair, row_size, zero);
        return;
    }
    int8_t *copies = (int8_t *)(to + p->depth);
    for (; rows < end; rows++) {
        const void *line = *rows;
        if (line != NULL) {
            const int8_t *with = find_line((const int8_t *)line, row_size, second, pair.line, zero, copies + pair.line);
            line = find_line((const int8_t *)line, row_size, start, pair.line, zero, copies);
            pair.start = 0;
            pair.step = (int32_t)(with - (const int8_t *)line);
        }
        to = widen(to, &line, &line + 1, &pair);
    }
}

/* The inputs of a single pixel: in the image if they lie there as wanted, else copied. */
static const int8_t *gather_single(const struct mote_conv2d_packed *p, const void *const rows[], int32_t left,
                                   int8_t *copy)
{
    const int32_t line = line_bytes(p);
    if (p->filter_h == 1 && p->filter_w == 1 && p->in_c % 4 == 0 && !REPEATS) {
        return (const int8_t *)rows[0] + left * p->in_c;
    }
    for (int32_t ky = 0; ky < p->filter_h; ky++) {
        copy_line((const int8_t *)rows[ky], p->in_w * p->in_c, left * p->in_c, line,
                  ((uint32_t)p->in_zero & 0xFF) * 0x01010101, copy + ky * line);
    }
    for (int32_t k = 0; REPEATS && k < p->again; k++) {
        copy[p->filter_h * line + k] = copy[p->inputs[k]];
    }
    return copy;
}

/*** All of a row ***/

/* All filters over one pixel, or over two. What the last group has too much goes nowhere. */
static void run(const struct mote_conv2d_packed *p, struct groups *g, void (*loop)(const struct groups *g))
{
    const int32_t rest = p->out_c % 4;
    if (g->stop > g->stream) {
        loop(g);
    }
    if (rest > 0) {
        int8_t outs[2][4];
        int8_t *const out = g->out + p->out_c - rest;
        struct groups last = *g;
        last.stream = g->stop;
        last.stop += BIAS_WORDS + p->depth + FACTOR_WORDS;
        last.out = outs[0];
        last.next = outs[1];
        loop(&last);
        for (int32_t k = 0; k < rest; k++) {
            out[k] = outs[0][k];
            if (g->next != NULL) {
                out[p->out_c + k] = outs[1][k];
            }
        }
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_packed *p = (const struct mote_conv2d_packed *)params;
    const int32_t skip = -p->depth * 4 & 127;
    const uint32_t *const stream = p->stream - FACTOR_WORDS;
    struct groups g = {
        .x = (const int8_t *)io->scratch - skip,
        .stream = stream,
        .out = (int8_t *)io->out[0],
        .next = NULL,
        .stop = stream + p->out_c / 4 * (BIAS_WORDS + p->depth + FACTOR_WORDS),
        .x_end = (const uint32_t *)io->scratch + p->depth,
        .skip = skip,
        .zero = p->out_zero,
        .finish = p->finish,
        .low = p->low,
        .high = p->high,
    };
    int32_t x = 0, left = -p->pad_w;
    for (; x + 1 < p->out_w; x += 2, left += 2 * p->stride_w, g.out += 2 * p->out_c) {
        gather_pair(p, io->in, left, (uint32_t *)io->scratch);
        if (REPEATS) {
            repeat_pair(p, (int16_t *)io->scratch);
        }
        g.next = g.out + p->out_c;
        run(p, &g, p->is_limited ? run_pairs_limited : run_pairs);
    }
    if (x < p->out_w) {
        const int8_t *inputs = gather_single(p, io->in, left, (int8_t *)io->scratch);
        g.x = inputs - skip / 4;
        g.x_end = inputs + p->depth;
        g.next = NULL;
        run(p, &g, p->is_limited ? run_single_limited : run_single);
    }
}
