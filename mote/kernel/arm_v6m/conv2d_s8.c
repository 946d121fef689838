/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and weights, for Cortex-M0. Weights: packed.h, two filters a group.
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

/* Two inputs, r2 and r3, by a filter; `get0` and `get1` take the weights out of their word: 3 cycles. Of pairs: 10 cycles for 4
 * MACs.
 * r12: 2^15, so that the lower half is not negative when the upper one is taken. */
#define PAIR_FILTER(get0, get1, total, second) \
    get0 get1 \
    "muls r5, r2, r5\n muls r6, r3, r6\n adds r5, r5, r6\n" \
    "add " total ", r5\n" \
    "add r5, r12\n asrs r5, r5, #16\n add " second ", r5\n"

/* Of one pixel: 7 cycles for 2 MACs. */
#define SINGLE_FILTER(get0, get1, total, second) get0 get1 "muls r5, r2, r5\n muls r6, r3, r6\n add " total ", r5\n add " total ", r6\n"

/* By two filters, whose weights are in the word w: 3 cycles of loads. */
#define STEP(filter, w) \
    "ldmia r0!, {r2, r3}\n" \
    filter("sxtb r5, " w "\n", "lsls r6, " w ", #16\n asrs r6, r6, #24\n", "r8", "r9") \
    filter("lsls r5, " w ", #8\n asrs r5, r5, #24\n", "asrs r6, " w ", #24\n", "r10", "r11")

/* Four inputs: 49 cycles for 16 MACs of a pair; 37 for 8 of one pixel. */
#define STEPS(filter) "ldmia r1!, {r4, r7}\n" STEP(filter, "r4") STEP(filter, "r7")

/* Adds `depth` inputs to the sums: the total and the second pixel's of one filter, then of the other. A turn takes 8 inputs
 * and 4 cycles for the loop: 3.2 cycles per MAC of a pair, 4.9 of one pixel. depth: a multiple of 4. */
#define LOOP(name, filter) \
    __attribute__((naked, noinline)) static void name(const uint32_t *x __attribute__((unused)), \
                                                      const uint32_t *weights __attribute__((unused)), \
                                                      int32_t depth __attribute__((unused)), \
                                                      uint32_t sums[4] __attribute__((unused))) \
    { \
        __asm__ volatile( \
            ".syntax unified\n" \
            "push {r3-r7, lr}\n" \
            "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n" \
            "push {r4-r7}\n" \
            "ldmia r3!, {r4-r7}\n" \
            "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n" \
            "lsls r3, r2, #1\n" \
            "adds r3, r3, r1\n" \
            "mov lr, r3\n" \
            "movs r7, #128\n" \
            "lsls r7, r7, #8\n" \
            "mov r12, r7\n" \
            "lsls r3, r2, #29\n" /* 4 inputs too many for whole turns? */ \
            "bmi 2f\n" \
            "1:\n" \
            STEPS(filter) \
            "2:\n" \
            STEPS(filter) \
            "cmp r1, lr\n" \
            "bne 1b\n" \
            "ldr r0, [sp, #16]\n" \
            "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n" \
            "stmia r0!, {r4-r7}\n" \
            "pop {r4-r7}\n" \
            "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n" \
            "pop {r3-r7, pc}\n"); \
    }

LOOP(add_pairs, PAIR_FILTER)
LOOP(add_single, SINGLE_FILTER)

/* All filters over a pair of pixels, or over one, with no second one in its words. */
static void run(const struct mote_conv2d_packed *p, const uint32_t *x, bool is_pair, int8_t *out)
{
    const uint32_t *from = p->stream;
    for (int32_t o = 0; o < p->out_c; o += 2) {
        const uint32_t a = from[0], b = from[1];
        uint32_t sums[4] = {a, a, b, b};
        if (is_pair) {
            sums[0] += a << 16;
            sums[2] += b << 16;
            add_pairs(x, from + 2, p->depth, sums);
            sums[0] -= sums[1] << 16;
            sums[2] -= sums[3] << 16;
        } else {
            add_single(x, from + 2, p->depth, sums);
        }
        from += 2 + p->depth / 2;
        int8_t *to = out + o;
        for (const uint32_t *sum = sums, *end = sums + 2 * mote_min(p->out_c - o, 2); sum < end; sum += 2, from += 2, to++) {
            const struct mote_factor f = mote_split_factor(from[0], from[1], p->out_zero);
            to[0] = mote_to_output(&f, p->low, p->high, (int32_t)sum[0]);
            if (is_pair) {
                to[p->out_c] = mote_to_output(&f, p->low, p->high, (int32_t)sum[1]);
            }
        }
    }
}

void mote_conv2d_s8__arm_v6m(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_packed *p = params;
    int8_t *out = io->out[0];
    int32_t x = 0;
    for (; x + 1 < p->out_w; x += 2, out += 2 * p->out_c) {
        mote_pair_windows(p, io->in, x * p->stride_w - p->pad_w, io->scratch);
        run(p, io->scratch, true, out);
    }
    if (x < p->out_w) {
        mote_widen_window(p, io->in, x * p->stride_w - p->pad_w, io->scratch);
        run(p, io->scratch, false, out);
    }
}

#endif
