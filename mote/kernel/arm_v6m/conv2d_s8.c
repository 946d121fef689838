/* SPDX-License-Identifier: MIT
 *
 * CONV_2D, int8 activations and weights, for Cortex-M0. Weights: packed.h, two filters a group.
 *
 * As on Cortex-M3 (arm_v7m/conv2d_s8.c), two pixels share a word, first + 65536 * second, and so a multiplication. With
 * eight registers that multiply, blocks are of two filters; sums stay in the high registers, which can be added to.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#if defined(__thumb__)

#include "../fixed.h"
#include "../packed.h"
#include "../window.h"
#include "finish.h"

/* clang-format off */

/* Two inputs, r2 and r3, by a filter whose weights are in the lowest and the highest byte of w: 2 cycles. Of pairs: 9
 * for 4 MACs. r12: 2^15, so that the lower half is not negative when the upper one is taken. */
#define PAIR_FILTER(w, total, second) \
    "sxtb r5, " w "\n asrs r6, " w ", #24\n" \
    "muls r5, r2, r5\n muls r6, r3, r6\n adds r5, r5, r6\n" \
    "add " total ", r5\n" \
    "add r5, r12\n asrs r5, r5, #16\n add " second ", r5\n"

/* Of one pixel: 6 cycles for 2 MACs. */
#define SINGLE_FILTER(w, total, second) \
    "sxtb r5, " w "\n asrs r6, " w ", #24\n" \
    "muls r5, r2, r5\n muls r6, r3, r6\n add " total ", r5\n add " total ", r6\n"

/* By two filters, whose weights are in w: 3 cycles of loads. */
#define STEP(filter, w) \
    "ldmia r0!, {r2, r3}\n" filter(w, "r8", "r9") "rev16 " w ", " w "\n" filter(w, "r10", "r11")

/* Four inputs: 47 cycles for 16 MACs of a pair; 35 for 8 of one pixel. */
#define STEPS(filter) "ldmia r1!, {r4, r7}\n" STEP(filter, "r4") STEP(filter, "r7")
#define PAIR_STEPS_SIZE 82
#define SINGLE_STEPS_SIZE 58

/* The biases, r2 and r3. As totals of a pair, bias * 65537, they go to the high registers together with the second
 * pixel's. */
#define PAIR_BEGIN \
    "mov r9, r2\n mov r11, r3\n" \
    "lsls r4, r2, #16\n adds r2, r2, r4\n lsls r4, r3, #16\n adds r3, r3, r4\n" \
    "mov r8, r2\n mov r10, r3\n" \
    "movs r7, #128\n lsls r7, r7, #8\n mov r12, r7\n"
#define SINGLE_BEGIN "mov r8, r2\n mov r10, r3\n"

/* One filter's outputs. The totals' register takes what rounds. */
#define PAIR_CHANNEL(how, total, second, at, n0, n1) \
    "mov r4, " second "\n lsls r6, r4, #16\n mov r5, " total "\n subs r5, r5, r6\n" \
    MOTE_FACTOR(total) \
    how("r4", total, n0) MOTE_GET("r0", MOTE_NEXT) "strb r6, [r0, #" at "]\n" \
    how("r5", total, n1) MOTE_GET("r0", MOTE_OUT) "strb r6, [r0, #" at "]\n" \
    "b 7" n0 "f\n" \
    how##_RARE("r4", n0) how##_RARE("r5", n1) \
    "7" n0 ":\n"
#define SINGLE_CHANNEL(how, total, second, at, n0, n1) \
    "mov r5, " total "\n" \
    MOTE_FACTOR(total) \
    how("r5", total, n0) MOTE_GET("r0", MOTE_OUT) "strb r6, [r0, #" at "]\n" \
    "b 7" n0 "f\n" \
    how##_RARE("r5", n0) \
    "7" n0 ":\n"

/* All groups. A turn takes 16 inputs and 5 cycles for the loop: 3.0 cycles per MAC of a pair, 4.5 of one pixel. */
#define LOOP(name, pixels) \
    __attribute__((naked, noinline)) static void name(const struct mote_channels *c __attribute__((unused)), \
                                                      const uint32_t *stream __attribute__((unused))) \
    { \
        __asm__ volatile( \
            MOTE_ENTER \
            "60:\n" \
            "ldmia r1!, {r2, r3}\n" \
            pixels##_BEGIN \
            MOTE_GET("r0", MOTE_X) MOTE_GET("r4", MOTE_WEIGHTS_SIZE) MOTE_GET("r5", MOTE_ENTRY) \
            "adds r4, r4, r1\n mov lr, r4\n" \
            "add pc, r5\n" \
            "nop\n" /* the processor's pc is here */ \
            "50:\n" \
            STEPS(pixels##_FILTER) STEPS(pixels##_FILTER) STEPS(pixels##_FILTER) STEPS(pixels##_FILTER) \
            "cmp r1, lr\n beq 51f\n b 50b\n" \
            "51:\n" \
            MOTE_GET("r0", MOTE_HOW) "cmp r0, #0\n beq 52f\n b 80f\n" \
            "52:\n" \
            pixels##_CHANNEL(MOTE_SHORT, "r8", "r9", "0", "1", "2") \
            pixels##_CHANNEL(MOTE_SHORT, "r10", "r11", "1", "3", "4") \
            "53:\n" \
            MOTE_GET("r2", MOTE_OUT) MOTE_GET("r3", MOTE_NEXT) MOTE_GET("r4", MOTE_COUNT) \
            "adds r2, #2\n adds r3, #2\n subs r4, #1\n" \
            MOTE_PUT("r2", MOTE_OUT) MOTE_PUT("r3", MOTE_NEXT) MOTE_PUT("r4", MOTE_COUNT) \
            "beq 61f\n b 60b\n" \
            "61:\n" \
            MOTE_LEAVE \
            "80:\n" \
            pixels##_CHANNEL(MOTE_LONG, "r8", "r9", "0", "5", "6") \
            pixels##_CHANNEL(MOTE_LONG, "r10", "r11", "1", "7", "8") \
            "b 53b\n" \
            MOTE_CALL_FINISH); \
    }

LOOP(run_pairs, PAIR)
LOOP(run_single, SINGLE)
/* clang-format on */

/* All filters over one pixel, or over two. What the last group has too much goes nowhere. */
static void run(const struct mote_conv2d_packed *p, struct mote_channels c,
                void (*loop)(const struct mote_channels *c, const uint32_t *stream))
{
    const int32_t odd = p->out_c % 2;
    const uint32_t *stream = p->stream;
    if (c.count > 0) {
        loop(&c, stream);
    }
    if (odd) {
        int8_t outs[2][2];
        int8_t *const out = c.out + p->out_c - 1, *const next = c.next + p->out_c - 1;
        stream += c.count * (c.weights_size / 4 + 6);
        c.out = outs[0];
        c.next = outs[1];
        c.count = 1;
        loop(&c, stream);
        *out = outs[0][0];
        if (next > out) {
            *next = outs[1][0];
        }
    }
}

void mote_conv2d_s8__arm_v6m(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_packed *p = (const struct mote_conv2d_packed *)params;
    const int32_t left_out = -(p->depth / 4) & 3; /* of the four steps of a turn */
    struct mote_channels c = {.x = io->scratch,
                              .out = (int8_t *)io->out[0],
                              .next = NULL,
                              .count = p->out_c / 2,
                              .weights_size = p->depth * 2,
                              .entry = left_out * PAIR_STEPS_SIZE,
                              .how = p->finish,
                              .zero = p->out_zero,
                              .low = p->low,
                              .high = p->high,
                              .finish = mote_finish_any};
    int32_t x = 0;
    for (; x + 1 < p->out_w; x += 2, c.out += 2 * p->out_c) {
        mote_pair_windows(p, io->in, x * p->stride_w - p->pad_w, (uint32_t *)io->scratch);
        c.next = c.out + p->out_c;
        run(p, c, run_pairs);
    }
    if (x < p->out_w) {
        mote_widen_window(p, io->in, x * p->stride_w - p->pad_w, (uint32_t *)io->scratch);
        c.next = c.out;
        c.entry = left_out * SINGLE_STEPS_SIZE;
        run(p, c, run_single);
    }
}

#endif
