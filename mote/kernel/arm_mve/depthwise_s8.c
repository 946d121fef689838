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

/* What the loops over pixels and blocks of eight channels take. */
struct blocks {
    const int8_t *top, *middle, *bottom; /* the first window's three lines of pixels */
    int32_t step;                        /* bytes from pixel to pixel */
    int32_t advance;                     /* bytes from a window's last channel to the next window */
    int32_t pixels, count;               /* windows, blocks; at least 1 */
    const uint32_t *stream;
    int8_t *out; /* CHANNELS * count bytes of each pixel */
    int32_t zero;
    int16x8_t low, high;
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

/* clang-format off */
/* A block: q3 has the sums of every second channel, q4 of the others. 20 loads, 9 VMUL, 24 for sums and 6 for addresses:
 * 59 instructions for 72 MACs; and 19 for eight outputs, 25 with AWAY, which may saturate in int16, since sums are within
 * 2^30. Then 10 for a pixel. */
#define RUN_BLOCKS(away) \
    __asm__ volatile( \
        "0:\n" \
        "ldr %[at], %[stream]\n" \
        "ldr %[count], %[blocks]\n" \
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
        "ldr %[x], %[zero]\n vqadd.s16 q0, q0, %[x]\n vmax.s16 q0, q0, %q[low]\n vmin.s16 q0, q0, %q[high]\n" \
        "vstrb.16 q0, [%[out]], #8\n" \
        "subs %[count], #1\n" \
        "bne 1b\n" \
        "ldr %[x], %[advance]\n" \
        "ldr %[count], %[pixels]\n" \
        "add %[top], %[x]\n add %[middle], %[x]\n add %[bottom], %[x]\n" \
        "subs %[count], #1\n" \
        "str %[count], %[pixels]\n" \
        "bne 0b\n" \
        : [top] "+&l"(top), [middle] "+&l"(middle), [bottom] "+&l"(bottom), [out] "+&l"(out), [pixels] "+m"(pixels), \
          [at] "=&l"(at), [x] "=&l"(x), [count] "=&r"(count) \
        : [step] "r"(g->step), [zero] "m"(g->zero), [advance] "m"(g->advance), [blocks] "m"(g->count), \
          [stream] "m"(g->stream), [low] "w"(g->low), [high] "w"(g->high) \
        : "q0", "q1", "q2", "q3", "q4", "cc", "memory")
/* clang-format on */

OPTIMIZED static void run_blocks(const struct blocks *g, int32_t halves_up)
{
    const int8_t *top = g->top, *middle = g->middle, *bottom = g->bottom, *x;
    const uint32_t *at;
    int8_t *out = g->out;
    int32_t pixels = g->pixels, count;
    if (halves_up) {
        RUN_BLOCKS(UP);
    } else {
        RUN_BLOCKS(AWAY);
    }
}

/* The last eight channels of one pixel, some of which are done. */
static void run_rest(struct blocks g, const struct mote_depthwise_mve *p)
{
    const int32_t from = p->channels - CHANNELS;
    g.stream += g.count * (3 * CHANNELS + 9 * CHANNELS / 4);
    g.count = 1;
    g.top += from;
    g.middle += from;
    g.bottom += from;
    g.out += from;
    run_blocks(&g, p->finish.halves_up);
}

void mote_depthwise_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_mve *p = (const struct mote_depthwise_mve *)params;
    const struct lines lines = {io->in, 3, p->in_w, p->channels, p->in_zero};
    const int32_t end = has_all_rows(&lines) ? p->in_w - 3 : -1; /* of whole windows' lefts */
    const bool has_rest = p->channels % CHANNELS > 0;
    int8_t *const window = (int8_t *)io->scratch;
    struct blocks g = {.top = NULL,
                       .middle = NULL,
                       .bottom = NULL,
                       .step = p->channels,
                       .advance = (p->stride_w - 1) * p->channels,
                       .pixels = 0,
                       .count = p->channels / CHANNELS,
                       .stream = p->stream,
                       .out = (int8_t *)io->out[0],
                       .zero = p->finish.zero,
                       .low = vdupq_n_s16((int16_t)p->finish.low),
                       .high = vdupq_n_s16((int16_t)p->finish.high)};
    for (int32_t x = 0; x < p->out_w; x += g.pixels, g.out += g.pixels * p->channels) {
        const int32_t left = x * p->stride_w - p->pad_w, start = left * p->channels;
        g.pixels = 1;
        if (left >= 0 && left <= end) {
            g.top = (const int8_t *)io->in[0] + start;
            g.middle = (const int8_t *)io->in[1] + start;
            g.bottom = (const int8_t *)io->in[2] + start;
            g.pixels = has_rest ? 1 : mote_min((end - left) / p->stride_w + 1, p->out_w - x);
        } else {
            copy_window(&lines, false, left, 3, window);
            g.top = window;
            g.middle = window + 3 * p->channels;
            g.bottom = window + 6 * p->channels;
        }
        run_blocks(&g, p->finish.halves_up);
        if (has_rest) {
            run_rest(g, p);
        }
    }
}

#endif
