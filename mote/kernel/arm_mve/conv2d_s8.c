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

/* What the loop over groups of four filters takes. */
struct groups {
    const int8_t *x; /* `depth` inputs */
    int32_t depth;
    const uint32_t *stream;
    int32_t zero;
    int32x4_t low, high;
};

/* Halves away from zero: one less below zero, where there is a shift (q1). */
#define AWAY "vand q2, q0, q1\n vshr.s32 q2, q2, #31\n vadd.i32 q0, q0, q2\n"

/* The outputs of `count` groups, at least 1. A turn of the inner loop takes 16 inputs: 5 loads, 4 VMLADAVA, one for the loop:
 * 10 instructions for 64 MACs, where 4 is the limit. Around it are 16 for four outputs, 19 with AWAY. */
#define RUN_GROUPS(away) \
    __asm__ volatile( \
        "1:\n" \
        "mov %[x], %[first]\n" \
        "ldrd %[a], %[b], [%[at]], #8\n" \
        "ldrd %[c], %[d], [%[at]], #8\n" \
        "dlstp.8 lr, %[depth]\n" \
        "2:\n" \
        "vldrb.8 q0, [%[x]], #16\n" \
        "vldrb.8 q1, [%[at]], #16\n" \
        "vmladava.s8 %[a], q0, q1\n" \
        "vldrb.8 q2, [%[at]], #16\n" \
        "vmladava.s8 %[b], q0, q2\n" \
        "vldrb.8 q1, [%[at]], #16\n" \
        "vmladava.s8 %[c], q0, q1\n" \
        "vldrb.8 q2, [%[at]], #16\n" \
        "vmladava.s8 %[d], q0, q2\n" \
        "letp lr, 2b\n" \
        "vmov q0[2], q0[0], %[a], %[c]\n" \
        "vmov q0[3], q0[1], %[b], %[d]\n" \
        "vldrw.32 q1, [%[at]], #16\n" \
        "vqrdmulh.s32 q0, q0, q1\n" \
        "vldrw.32 q1, [%[at]], #16\n" \
        away \
        "vrshl.s32 q0, q0, q1\n" \
        "vadd.i32 q0, q0, %[zero]\n" \
        "vmax.s32 q0, q0, %q[low]\n" \
        "vmin.s32 q0, q0, %q[high]\n" \
        "vstrb.32 q0, [%[out]], #4\n" \
        "subs %[count], #1\n" \
        "bne 1b\n" \
        : [at] "+&r"(at), [out] "+&l"(out), [count] "+&r"(count), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), \
          [d] "=&Te"(d), [x] "=&r"(x) \
        : [first] "r"(g->x), [depth] "r"(g->depth), [zero] "r"(g->zero), [low] "w"(g->low), [high] "w"(g->high) \
        : "q0", "q1", "q2", "lr", "cc", "memory")

static inline const uint32_t *run_groups(const struct groups *g, int32_t halves_up, const uint32_t *at, int32_t count,
                                         int8_t *out)
{
    const int8_t *x;
    int32_t a, b, c, d;
    if (halves_up) {
        RUN_GROUPS("");
    } else {
        RUN_GROUPS(AWAY);
    }
    return at;
}

/* All filters over one pixel. What the last group has too much goes nowhere. */
static inline void make_pixel(const struct groups *g, int32_t halves_up, int32_t out_c, int8_t *out)
{
    const int32_t count = out_c / 4, rest = out_c % 4;
    const uint32_t *at = g->stream;
    if (count > 0) {
        at = run_groups(g, halves_up, at, count, out);
    }
    if (rest > 0) {
        int8_t last[4];
        run_groups(g, halves_up, at, 1, last);
        for (int32_t k = 0; k < rest; k++) {
            out[out_c - rest + k] = last[k];
        }
    }
}

void mote_conv2d_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_mve p = *(const struct mote_conv2d_mve *)params;
    const struct lines lines = {io->in, p.filter_h, p.in_w, p.in_c, p.in_zero};
    const int8_t *row = io->in[0];
    const bool is_whole = has_all_rows(&lines);
    const int32_t end = p.filter_h == 1 && is_whole ? p.in_w - p.filter_w : -1; /* of lefts of windows that lie there */
    struct groups g = {.depth = p.depth, .stream = p.stream, .zero = p.finish.zero, .low = vdupq_n_s32(p.finish.low),
                       .high = vdupq_n_s32(p.finish.high)};
    int8_t *out = io->out[0];
    int32_t left = -p.pad_w;
    for (int32_t x = 0; x < p.out_w; x++, out += p.out_c, left += p.stride_w) {
        g.x = row + left * p.in_c;
        if (left < 0 || left > end) {
            copy_window(&lines, is_whole, left, p.filter_w, io->scratch);
            g.x = io->scratch;
        }
        make_pixel(&g, p.finish.halves_up, p.out_c, out);
    }
}

#endif
