/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and weights, for Cortex-M3. Weights: MOTE_STREAM_PAIRS in packed.h.
 *
 * Two pixels are gathered into one vector, first + 65536 * second, so that each multiplication makes two products. After
 * two inputs the lower half is at its limit: with 2^15 added, it is not negative, and then `total += word` and
 * `second += word >> 16` keep everything: total - 65536 * second is the first pixel's sum. That is 6 cycles for four MACs
 * where four MLA take 8, and the weights are loaded once for two pixels. What is left, a single pixel or a matrix product,
 * runs on bytes.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#if defined(__thumb2__)

#include "../fixed.h"
#include "../packed.h"
#include "../window.h"
#include "finish.h"

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

/* clang-format off */
/* One channel of one pixel, or of two: 5 cycles for its factors, 10 to 17 an output. */
#define CHANNEL1(s, t, less, limits, limit) \
    "ldrd r12, lr, [r1], #8\n" \
    MOTE_MULTIPLY(s) less(s) MOTE_BIAS(GET("r12", ZERO)) MOTE_SHIFT(s) limits limit(s) MOTE_SATURATE(s)
#define CHANNEL2(s, t, less, limits, limit) \
    "ldrd r12, lr, [r1], #8\n" \
    MOTE_MULTIPLY(s) MOTE_MULTIPLY(t) less(s) less(t) MOTE_BIAS(GET("r12", ZERO)) MOTE_SHIFT(s) MOTE_SHIFT(t) \
    limits limit(s) limit(t) MOTE_SATURATE(s) MOTE_SATURATE(t)
#define CHANNELS(channel, less, limits, limit) \
    channel("r2", "r6", less, limits, limit) channel("r3", "r7", less, limits, limit) \
    channel("r4", "r8", less, limits, limit) channel("r5", "r9", less, limits, limit)
#define LIMITS GET("r10", LOW) GET("r11", HIGH)

/* The outputs of a group in one of three ways; flags NE: there is another group. */
#define STORE(to, a, b, c, d) \
    GET("r0", to) \
    "strb " a ", [r0]\n strb " b ", [r0, #1]\n strb " c ", [r0, #2]\n strb " d ", [r0, #3]\n add r0, #4\n" \
    PUT("r0", to)
#define FINISH(channel, store_next) \
    GET("r12", HOW) \
    "cmp r12, #1\n" \
    "beq.w 4f\n" \
    "bgt.w 5f\n" \
    CHANNELS(channel, MOTE_NONE, "", MOTE_NONE) \
    "b.w 6f\n" \
    "4:\n" \
    CHANNELS(channel, MOTE_LESS, "", MOTE_NONE) \
    "b.w 6f\n" \
    "5:\n" \
    CHANNELS(channel, MOTE_LESS, LIMITS, MOTE_LIMIT) \
    "6:\n" \
    STORE(OUT, "r2", "r3", "r4", "r5") store_next \
    GET("r10", COUNT) \
    "subs r10, #1\n" \
    PUT("r10", COUNT)

/* Two inputs of two pixels by a filter: 3 cycles of loads, 6 for 4 MACs. 28 bytes of code. */
#define PAIR_FILTER(total, second, w) \
    "ldrsb.w r12, [r1, #" w "]\n ldrsb.w lr, [r1, #" w " + 1]\n" \
    "mul r12, r10, r12\n add.w r12, r12, #0x8000\n mla r12, r11, lr, r12\n" \
    "add.w " total ", " total ", r12\n add.w " second ", " second ", r12, asr #16\n"

/* By four filters: 38 cycles for 16 MACs. 120 bytes. */
#define PAIR_STEP(n) \
    "ldr.w r10, [r0, #8 * " n "]\n ldr.w r11, [r0, #8 * " n " + 4]\n" \
    PAIR_FILTER("r2", "r6", "8 * " n) PAIR_FILTER("r3", "r7", "8 * " n " + 2") \
    PAIR_FILTER("r4", "r8", "8 * " n " + 4") PAIR_FILTER("r5", "r9", "8 * " n " + 6")

/* A total begins so that the biases and what the turns add go out in the end: bias * 65537 - 2^15 for each two inputs. */
#define PAIR_BEGIN(total, second) "sub " total ", " second ", r10\n add " total ", " total ", " second ", lsl #16\n"
#define PAIR_END(total, second) "sub " total ", " total ", " second ", lsl #16\n"

/* r0 inputs, r1 stream, r2-r5 totals, r6-r9 sums of the second pixel. A turn of the loop takes 16 inputs, 304 cycles and 8
 * for the loop: 2.44 cycles per MAC, where MLA alone would take 2, and 2.9 with its loads. */
__attribute__((naked, noinline)) static void run_pairs(const struct groups *g __attribute__((unused)))
{
    __asm__ volatile(
        ENTER
        "1:\n"
        "ldm r1!, {r6-r9}\n"
        GET("r12", WEIGHTS_SIZE) GET("r0", X) GET("r11", SKIP)
        "lsl r10, r12, #12\n"
        PAIR_BEGIN("r2", "r6") PAIR_BEGIN("r3", "r7") PAIR_BEGIN("r4", "r8") PAIR_BEGIN("r5", "r9")
        "add r12, r1\n"
        PUT("r12", END)
        "sub r1, r11\n"
        "sub r0, r11\n"
        "rsb r12, r11, r11, lsl #4\n" /* 240 bytes of code take 16 of weights */
        "adr.w r10, 2f + 1\n"
        "add r10, r12\n"
        "bx r10\n"
        ".balign 4\n"
        "2:\n"
        PAIR_STEP("0") PAIR_STEP("1") PAIR_STEP("2") PAIR_STEP("3")
        PAIR_STEP("4") PAIR_STEP("5") PAIR_STEP("6") PAIR_STEP("7")
        "add r0, #64\n"
        "add r1, #64\n"
        GET("r10", END)
        "cmp r1, r10\n"
        "bne.w 2b\n"
        PAIR_END("r2", "r6") PAIR_END("r3", "r7") PAIR_END("r4", "r8") PAIR_END("r5", "r9")
        FINISH(CHANNEL2, STORE(NEXT, "r6", "r7", "r8", "r9"))
        "bne.w 1b\n"
        LEAVE);
}

/* Two inputs of one pixel, as bytes, by four filters: 12 cycles of loads, 8 MLA of 2: 28 cycles for 8 MACs. 72 bytes. */
#define SINGLE_STEP(n) \
    "ldrsb.w r6, [r0, #2 * " n "]\n ldrsb.w r7, [r0, #2 * " n " + 1]\n" \
    "ldrsb.w r8, [r1, #8 * " n "]\n ldrsb.w r9, [r1, #8 * " n " + 1]\n" \
    "ldrsb.w r10, [r1, #8 * " n " + 2]\n ldrsb.w r11, [r1, #8 * " n " + 3]\n" \
    "ldrsb.w r12, [r1, #8 * " n " + 4]\n ldrsb.w lr, [r1, #8 * " n " + 5]\n" \
    "mla r2, r6, r8, r2\n mla r2, r7, r9, r2\n mla r3, r6, r10, r3\n mla r3, r7, r11, r3\n" \
    "mla r4, r6, r12, r4\n mla r4, r7, lr, r4\n" \
    "ldrsb.w r8, [r1, #8 * " n " + 6]\n ldrsb.w r9, [r1, #8 * " n " + 7]\n" \
    "mla r5, r6, r8, r5\n mla r5, r7, r9, r5\n"

/* r0 inputs, r1 stream, r2-r5 sums. A turn takes 16 inputs, 224 cycles and 8 for the loop: 3.6 cycles per MAC. */
__attribute__((naked, noinline)) static void run_single(const struct groups *g __attribute__((unused)))
{
    __asm__ volatile(
        ENTER
        "1:\n"
        "ldm r1!, {r2-r5}\n"
        GET("r12", WEIGHTS_SIZE) GET("r0", X) GET("r11", SKIP)
        "add r12, r1\n"
        PUT("r12", END)
        "sub r1, r11\n"
        "sub r0, r0, r11, lsr #2\n"
        "add r12, r11, r11, lsl #3\n" /* 144 bytes of code take 16 of weights */
        "adr.w r10, 2f + 1\n"
        "add r10, r12\n"
        "bx r10\n"
        ".balign 4\n"
        "2:\n"
        SINGLE_STEP("0") SINGLE_STEP("1") SINGLE_STEP("2") SINGLE_STEP("3")
        SINGLE_STEP("4") SINGLE_STEP("5") SINGLE_STEP("6") SINGLE_STEP("7")
        "add r0, #16\n"
        "add r1, #64\n"
        GET("r10", END)
        "cmp r1, r10\n"
        "bne.w 2b\n"
        FINISH(CHANNEL1, "")
        "bne.w 1b\n"
        LEAVE);
}
/* clang-format on */

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

void mote_conv2d_s8__arm_v7m(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_packed *p = (const struct mote_conv2d_packed *)params;
    struct groups g = {
        .x = NULL,
        .stream = p->stream,
        .out = (int8_t *)io->out[0],
        .next = NULL,
        .count = p->out_c / 4,
        .weights_size = p->depth * 4,
        .skip = -p->depth * 4 & 48,
        .zero = 2 * p->out_zero + 1,
        .finish = p->finish,
        .low = p->low,
        .high = p->high,
        .end = NULL,
    };
    int32_t x = 0;
    for (; x + 1 < p->out_w; x += 2, g.out += 2 * p->out_c) {
        mote_pair_windows(p, io->in, x * p->stride_w - p->pad_w, (uint32_t *)io->scratch);
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
            mote_copy_window(p, io->in, left, (int8_t *)io->scratch);
        }
        run(p, g, run_single);
    }
}

#endif
