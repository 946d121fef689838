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
    "vadd.i32 %q[even], %q[even], q1\n vadd.i32 %q[odd], %q[odd], q2\n"

/* The sums of eight channels, every second one in either vector; `b` moves on, its stream to the factors. 20 loads, 9 VMUL,
 * 24 for sums and 6 for addresses: 59 instructions for 72 MACs. */
static inline void add_taps(struct block *b, int32_t step, int32x4_t *even, int32x4_t *odd)
{
    const int8_t *x;
    __asm__ volatile(
        "vldrw.32 %q[even], [%[at]], #16\n"
        "vldrw.32 %q[odd], [%[at]], #16\n"
        FIRST("q0", "top") SECOND("q1") ADD_TWO
        THIRD("q0") FIRST("q1", "middle") ADD_TWO
        SECOND("q0") THIRD("q1") ADD_TWO
        FIRST("q0", "bottom") SECOND("q1") ADD_TWO
        THIRD("q0") ADD_ONE
        : [even] "=&w"(*even), [odd] "=&w"(*odd), [top] "+&l"(b->top), [middle] "+&l"(b->middle),
          [bottom] "+&l"(b->bottom), [at] "+&l"(b->stream), [x] "=&l"(x)
        : [step] "r"(step)
        : "q0", "q1", "q2", "memory");
}

/* Eight channels of a pixel. */
static inline void make_block(const struct mote_finish_mve *f, struct block *b, int32_t step, int8_t *out)
{
    int32x4_t even, odd;
    add_taps(b, step, &even, &odd);
    const int32_t *factors = (const int32_t *)b->stream;
    vstrbq_s16(out, finish_pair(f, even, load_factors(factors), odd, load_factors(factors + 8)));
    b->stream += 16;
}

/* All channels of a pixel. The last eight may reach back over channels that are done. */
static inline void make_pixel(const struct mote_finish_mve *f, struct block b, int32_t channels, int8_t *out)
{
    for (int32_t left = channels; left > 0; left -= CHANNELS, out += CHANNELS) {
        if (left < CHANNELS) {
            const int32_t back = CHANNELS - left;
            b = (struct block){b.top - back, b.middle - back, b.bottom - back, b.stream};
            out -= back;
        }
        make_block(f, &b, channels, out);
    }
}

void mote_depthwise_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_mve p = *(const struct mote_depthwise_mve *)params;
    const struct lines lines = {io->in, 3, p.in_w, p.channels, p.in_zero};
    const int8_t *const top = io->in[0], *const middle = io->in[1], *const bottom = io->in[2];
    const int32_t end = top != NULL && middle != NULL && bottom != NULL ? p.in_w - 3 : -1; /* of whole windows' lefts */
    int8_t *out = io->out[0], *window = io->scratch;
    int32_t left = -p.pad_w;
    for (int32_t x = 0; x < p.out_w; x++, out += p.channels, left += p.stride_w) {
        const int32_t start = left * p.channels;
        struct block b = {window, window + 3 * p.channels, window + 6 * p.channels, p.stream};
        if (left >= 0 && left <= end) {
            b = (struct block){top + start, middle + start, bottom + start, p.stream};
        } else {
            copy_window(lines, left, 3, window);
        }
        make_pixel(&p.finish, b, p.channels, out);
    }
}

#endif
