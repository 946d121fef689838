/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and weights, for Cortex-M with Helium. Weights: packed_mve.h.
 *
 * A pixel's inputs lie in the image, or are gathered into the scratch memory. Then groups of four filters run over them;
 * a group's four outputs are made in one vector.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#if defined(__ARM_FEATURE_MVE)

#include "vector.h"

/* What the loops over pixels and groups of four filters take. */
struct groups {
    const int8_t *x; /* `depth` inputs of the first pixel */
    int32_t depth;
    int32_t step;   /* bytes from pixel to pixel */
    int32_t pixels; /* at least 1 */
    int32_t count;  /* groups, at least 1 */
    const uint32_t *stream;
    int8_t *out; /* 4 * count bytes of each pixel */
    int32_t zero;
    int32x4_t low, high;
};

/* Halves away from zero: one less below zero, where there is a shift (q1). */
#define AWAY "vand q2, q0, q1\n vshr.s32 q2, q2, #31\n vadd.i32 q0, q0, q2\n"

/* clang-format off */

/* r0 groups, r1 stream, r2 r4 r6 r8 sums, r3 inputs, r5 the first pixel's, r7 outputs, r9 groups left, r10 depth, r11 zero
 * point, r12 pixels left, q3 and q4 limits. The registers are named here, since compilers that choose them among even ones
 * run short.
 *
 * A turn of the inner loop takes 16 inputs: 5 loads, 4 VMLADAVA, one for the loop: 10 instructions for 64 MACs, where 4 is
 * the limit. Around it are 16 for four outputs, 19 with AWAY, and 6 for a pixel. */
#define RUN_GROUPS(name, away) \
    __attribute__((naked, noinline)) static void name(const struct groups *g __attribute__((unused))) \
    { \
        __asm__ volatile( \
            "push {r4-r11, lr}\n" \
            "vpush {d8-d9}\n" \
            "ldrd r5, r10, [r0]\n" \
            "ldr r12, [r0, #12]\n" \
            "ldrd r7, r11, [r0, #24]\n" \
            "vldrw.32 q3, [r0, #32]\n" \
            "vldrw.32 q4, [r0, #48]\n" \
            "0:\n" \
            "ldrd r9, r1, [r0, #16]\n" \
            "1:\n" \
            "mov r3, r5\n" \
            "ldrd r2, r4, [r1], #8\n" \
            "ldrd r6, r8, [r1], #8\n" \
            "dlstp.8 lr, r10\n" \
            "2:\n" \
            "vldrb.8 q0, [r3], #16\n" \
            "vldrb.8 q1, [r1], #16\n" \
            "vmladava.s8 r2, q0, q1\n" \
            "vldrb.8 q2, [r1], #16\n" \
            "vmladava.s8 r4, q0, q2\n" \
            "vldrb.8 q1, [r1], #16\n" \
            "vmladava.s8 r6, q0, q1\n" \
            "vldrb.8 q2, [r1], #16\n" \
            "vmladava.s8 r8, q0, q2\n" \
            "letp lr, 2b\n" \
            "vmov q0[2], q0[0], r2, r6\n" \
            "vmov q0[3], q0[1], r4, r8\n" \
            "vldrw.32 q1, [r1], #16\n" \
            "vqrdmulh.s32 q0, q0, q1\n" \
            "vldrw.32 q1, [r1], #16\n" \
            away \
            "vrshl.s32 q0, q0, q1\n" \
            "vadd.i32 q0, q0, r11\n" \
            "vmax.s32 q0, q0, q3\n" \
            "vmin.s32 q0, q0, q4\n" \
            "vstrb.32 q0, [r7], #4\n" \
            "subs r9, #1\n" \
            "bne 1b\n" \
            "ldr r3, [r0, #8]\n" \
            "add r5, r3\n" \
            "subs r12, #1\n" \
            "bne 0b\n" \
            "vpop {d8-d9}\n" \
            "pop {r4-r11, pc}\n"); \
    }

RUN_GROUPS(run_halves_up, "")
RUN_GROUPS(run_halves_away, AWAY)

/* clang-format on */

static void run_groups(const struct groups *g, int32_t halves_up)
{
    if (halves_up) {
        run_halves_up(g);
    } else {
        run_halves_away(g);
    }
}

/* The last group of one pixel. What it has too much goes nowhere. */
static void run_rest(struct groups g, const struct mote_conv2d_mve *p)
{
    const int32_t count = p->out_c / 4, done = 4 * count;
    int8_t last[4], *out = g.out + done;
    g.stream += count * (12 + (p->depth + 15) / 16 * 16);
    g.out = last;
    g.count = 1;
    run_groups(&g, p->finish.halves_up);
    for (int32_t k = 0; k < p->out_c - done; k++) {
        out[k] = last[k];
    }
}

void mote_conv2d_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_mve *p = (const struct mote_conv2d_mve *)params;
    const struct lines lines = {io->in, p->filter_h, p->in_w, p->in_c, p->in_zero};
    const bool is_whole = has_all_rows(&lines);
    const int32_t end =
        p->filter_h == 1 && is_whole ? p->in_w - p->filter_w : -1; /* of lefts of windows that lie there */
    struct groups g = {.x = NULL,
                       .depth = p->depth,
                       .step = p->stride_w * p->in_c,
                       .pixels = 0,
                       .count = p->out_c / 4,
                       .stream = p->stream,
                       .out = (int8_t *)io->out[0],
                       .zero = p->finish.zero,
                       .low = vdupq_n_s32(p->finish.low),
                       .high = vdupq_n_s32(p->finish.high)};
    for (int32_t x = 0; x < p->out_w; x += g.pixels, g.out += g.pixels * p->out_c) {
        const int32_t left = x * p->stride_w - p->pad_w;
        g.x = (const int8_t *)io->scratch;
        g.pixels = 1;
        if (left < 0 || left > end) {
            copy_window(&lines, is_whole, left, p->filter_w, (int8_t *)io->scratch);
        } else {
            g.x = (const int8_t *)io->in[0] + left * p->in_c;
            g.pixels = p->out_c % 4 > 0 ? 1 : mote_min((end - left) / p->stride_w + 1, p->out_w - x);
        }
        if (g.count > 0) {
            run_groups(&g, p->finish.halves_up);
        }
        if (p->out_c % 4 > 0) {
            run_rest(g, p);
        }
    }
}

#endif
