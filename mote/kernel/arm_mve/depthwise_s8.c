/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8, for Cortex-M with Helium. Weights: packed_mve.h.
 *
 * Eight channels at a time, one in each lane of 16 bits. The products of two taps are summed in 16 bits, then widened.
 * Windows that reach out of the image are copied to the scratch memory first.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__ARM_FEATURE_MVE)

#include "vector.h"

enum { CHANNELS = 8 };

/* The window's next channels in its three lines of pixels, and the weights for them. */
struct block {
    const int8_t *top, *middle, *bottom;
    const uint32_t *stream;
};

/* A tap's products: the first one of a line, and others. Two taps, and one, into the sums. */
#define FIRST(q, line) "vldrb.s16 " q ", [%[" line "]], #8\n add %[x], %[" line "], %[step]\n" WEIGH(q)
#define SECOND(q) "vldrb.s16 " q ", [%[x], #-8]\n add %[x], %[step]\n" WEIGH(q)
#define THIRD(q) "vldrb.s16 " q ", [%[x], #-8]\n" WEIGH(q)
#define WEIGH(q) "vldrb.s16 q2, [%[at]], #8\n vmul.i16 " q ", " q ", q2\n"
#define ADD_TWO "vadd.i16 q0, q0, q1\n" ADD_ONE
#define ADD_ONE \
    "vmovlb.s16 q1, q0\n vmovlt.s16 q2, q0\n" \
    "vadd.i32 q3, q3, q1\n vadd.i32 q4, q4, q2\n"

/* mote_requant of the sums in s. Halves away from zero: one less below zero, where there is a shift (q1). */
#define SCALE(s, away) \
    "vldrw.32 q0, [%[at]], #16\n vldrw.32 q1, [%[at]], #16\n" \
    "vqrdmulh.s32 " s ", " s ", q0\n" away(s) "vrshl.s32 " s ", " s ", q1\n"
#define UP(s)
#define AWAY(s) "vand q2, " s ", q1\n vshr.s32 q2, q2, #31\n vadd.i32 " s ", " s ", q2\n"

/* All outputs of `count` blocks of eight channels, at least 1; q3 has the sums of every second channel, q4 of the others.
 * 20 loads, 9 VMUL, 24 for sums and 6 for addresses: 59 instructions for 72 MACs; and 18 for eight outputs, 24 with AWAY,
 * which may saturate in int16, since sums are within 2^30. */
#define RUN_BLOCKS(away) \
    __asm__ volatile( \
        "1:\n" \
        "vldrw.32 q3, [%[at]], #16\n" \
        "vldrw.32 q4, [%[at]], #16\n" \
        FIRST("q0", "top") SECOND("q1") ADD_TWO \
        THIRD("q0") FIRST("q1", "middle") ADD_TWO \
        SECOND("q0") THIRD("q1") ADD_TWO \
        FIRST("q0", "bottom") SECOND("q1") ADD_TWO \
        THIRD("q0") ADD_ONE \
        SCALE("q3", away) SCALE("q4", away) \
        "vqmovnb.s32 q0, q3\n vqmovnt.s32 q0, q4\n" \
        "vqadd.s16 q0, q0, %[zero]\n vmax.s16 q0, q0, %q[low]\n vmin.s16 q0, q0, %q[high]\n" \
        "vstrb.16 q0, [%[out]], #8\n" \
        "subs %[count], #1\n" \
        "bne 1b\n" \
        : [top] "+&l"(b.top), [middle] "+&l"(b.middle), [bottom] "+&l"(b.bottom), [at] "+&l"(b.stream), \
          [out] "+&l"(out), [x] "=&l"(x), [count] "+&r"(count) \
        : [step] "r"(step), [zero] "r"(zero), [low] "w"(low), [high] "w"(high) \
        : "q0", "q1", "q2", "q3", "q4", "cc", "memory")

/* All channels of a pixel. The last eight may reach back over channels that are done. */
static inline void make_pixel(const struct mote_depthwise_mve *p, struct block b, int16x8_t low, int16x8_t high, int8_t *out)
{
    const int32_t step = p->channels, zero = p->finish.zero;
    int32_t count = step / CHANNELS, rest = step % CHANNELS;
    const int8_t *x;
    for (;;) {
        if (p->finish.halves_up) {
            RUN_BLOCKS(UP);
        } else {
            RUN_BLOCKS(AWAY);
        }
        if (rest == 0) {
            return;
        }
        const int32_t back = CHANNELS - rest;
        b = (struct block){b.top - back, b.middle - back, b.bottom - back, b.stream};
        out -= back;
        count = 1;
        rest = 0;
    }
}

void mote_depthwise_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_mve p = *(const struct mote_depthwise_mve *)params;
    const struct lines lines = {io->in, 3, p.in_w, p.channels, p.in_zero};
    const int8_t *const top = io->in[0], *const middle = io->in[1], *const bottom = io->in[2];
    const int32_t end = has_all_rows(&lines) ? p.in_w - 3 : -1; /* of whole windows' lefts */
    const int16x8_t low = vdupq_n_s16((int16_t)p.finish.low), high = vdupq_n_s16((int16_t)p.finish.high);
    int8_t *out = io->out[0], *window = io->scratch;
    int32_t left = -p.pad_w;
    for (int32_t x = 0; x < p.out_w; x++, out += p.channels, left += p.stride_w) {
        const int32_t start = left * p.channels;
        struct block b = {window, window + 3 * p.channels, window + 6 * p.channels, p.stream};
        if (left >= 0 && left <= end) {
            b = (struct block){top + start, middle + start, bottom + start, p.stream};
        } else {
            copy_window(&lines, false, left, 3, window);
        }
        make_pixel(&p, b, low, high, out);
    }
}

#endif
