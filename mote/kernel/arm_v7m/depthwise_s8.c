/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8, for Cortex-M3. Weights: packed.h.
 *
 * Of three rows, four channels at a time are copied to the scratch memory, column by column, so that everything a channel
 * needs is at constant distances and borders are nothing special. Then each channel goes along the row, four outputs at a
 * time: the three weights and the six inputs (nine with a stride of 2) of a row are loaded in one go, a cycle each.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__thumb2__)

#include <stddef.h>

#include "../fixed.h"
#include "../packed.h"
#include "finish.h"

/* What the loops take: some channels of one row. They copy it to the stack, where it costs no register. */
struct channels {
    const int8_t *columns; /* the first channel's */
    const uint32_t *stream;
    int8_t *out;
    int32_t count;
    int32_t out_w;
    int32_t step; /* bytes from pixel to pixel of the output */
    int32_t zero; /* 2 * the outputs' zero point + 1 */
    int32_t low, high;
    int8_t *at;   /* where the channel's next output goes */
    int32_t left; /* outputs that the channel still has to make */
};

#define COLUMNS "0"
#define STREAM "4"
#define OUT "8"
#define COUNT "12"
#define OUT_W "16"
#define STEP "20"
#define ZERO "24"
#define LOW "28"
#define HIGH "32"
#define AT "36"
#define LEFT "40"
#define GET(r, member) "ldr " r ", [sp, #" member "]\n"
#define PUT(r, member) "str " r ", [sp, #" member "]\n"

/* clang-format off */
/* Weights of a row to r6-r8; w0-w2: where they lie in the stream. An input of column c to `to`. r0: columns, r1: stream. */
#define WEIGHTS(w0, w1, w2) "ldrsb.w r6, [r1, #" w0 "]\n ldrsb.w r7, [r1, #" w1 "]\n ldrsb.w r8, [r1, #" w2 "]\n"
#define INPUT(to, row, c) "ldrsb.w " to ", [r0, #4 * " row " + 12 * " c "]\n"
#define PRODUCTS(s, a, b, c) \
    "mla " s ", r6, " a ", " s "\n mla " s ", r7, " b ", " s "\n mla " s ", r8, " c ", " s "\n"

/* A row of four outputs with stride 1: 9 and 2 cycles of loads, 12 MLA of 2: 35 cycles. */
#define ROW_STRIDE1(row, w0, w1, w2) \
    WEIGHTS(w0, w1, w2) \
    INPUT("r9", row, "0") INPUT("r10", row, "1") INPUT("r11", row, "2") INPUT("r12", row, "3") INPUT("lr", row, "4") \
    PRODUCTS("r2", "r9", "r10", "r11") \
    INPUT("r9", row, "5") \
    PRODUCTS("r3", "r10", "r11", "r12") PRODUCTS("r4", "r11", "r12", "lr") PRODUCTS("r5", "r12", "lr", "r9")

/* With stride 2: 38 cycles. */
#define ROW_STRIDE2(row, w0, w1, w2) \
    WEIGHTS(w0, w1, w2) \
    INPUT("r9", row, "0") INPUT("r10", row, "1") INPUT("r11", row, "2") INPUT("r12", row, "3") INPUT("lr", row, "4") \
    PRODUCTS("r2", "r9", "r10", "r11") PRODUCTS("r3", "r11", "r12", "lr") \
    INPUT("r9", row, "5") INPUT("r10", row, "6") INPUT("r11", row, "7") INPUT("r12", row, "8") \
    PRODUCTS("r4", "lr", "r9", "r10") PRODUCTS("r5", "r10", "r11", "r12")

/* One output: 13 cycles. */
#define ROW_LAST(row, w0, w1, w2) \
    WEIGHTS(w0, w1, w2) INPUT("r9", row, "0") INPUT("r10", row, "1") INPUT("r11", row, "2") \
    PRODUCTS("r2", "r9", "r10", "r11")

#define WINDOW(row) row("0", "0", "1", "4") row("1", "2", "3", "6") row("2", "5", "7", "8")

/* Sums become outputs: 8 cycles, and 12 to 19 an output. */
#define SHORT(s)
#define LONG(s) MOTE_LESS(s)
#define SHORT_LIMITS
#define LONG_LIMITS GET("r10", LOW) GET("r11", HIGH)
#define SHORT_LIMIT(s)
#define LONG_LIMIT(s) MOTE_LIMIT(s)
#define FACTORS "ldr r12, [r1, #16]\n ldrb lr, [r1, #9]\n"
#define PLACE GET("r12", AT) GET("r11", STEP)
#define STORE(s) MOTE_SATURATE(s) "strb " s ", [r12]\n add r12, r12, r11\n"
#define OUTPUTS(how) \
    FACTORS MOTE_MULTIPLY("r2") MOTE_MULTIPLY("r3") MOTE_MULTIPLY("r4") MOTE_MULTIPLY("r5") \
    how("r2") how("r3") how("r4") how("r5") \
    MOTE_BIAS(GET("r12", ZERO)) MOTE_SHIFT("r2") MOTE_SHIFT("r3") MOTE_SHIFT("r4") MOTE_SHIFT("r5") \
    how##_LIMITS how##_LIMIT("r2") how##_LIMIT("r3") how##_LIMIT("r4") how##_LIMIT("r5") \
    PLACE STORE("r2") STORE("r3") STORE("r4") STORE("r5") PUT("r12", AT)
#define OUTPUT(how) \
    FACTORS MOTE_MULTIPLY("r2") how("r2") MOTE_BIAS(GET("r12", ZERO)) MOTE_SHIFT("r2") \
    how##_LIMITS how##_LIMIT("r2") PLACE STORE("r2") PUT("r12", AT)

/* With stride 1 four outputs take 105 cycles of sums, about 50 to make outputs, 12 for the loop: 4.6 cycles per MAC. */
#define LOOP(name, row, stride, how) \
    __attribute__((naked, noinline)) static void name(const struct channels *c __attribute__((unused))) \
    { \
        __asm__ volatile( \
            "push {r4-r11, lr}\n sub sp, #44\n" \
            "ldm r0, {r1-r9}\n stm sp, {r1-r9}\n" \
            "1:\n" \
            GET("r0", COLUMNS) GET("r1", STREAM) GET("r2", OUT) GET("r3", OUT_W) \
            PUT("r2", AT) \
            "2:\n" \
            "subs r3, #4\n" \
            "blt.w 3f\n" \
            PUT("r3", LEFT) \
            "ldr r2, [r1, #12]\n mov r3, r2\n mov r4, r2\n mov r5, r2\n" \
            WINDOW(row) \
            "add r0, #48 * " stride "\n" \
            OUTPUTS(how) \
            GET("r3", LEFT) \
            "b.w 2b\n" \
            "3:\n" \
            "adds r3, #4\n" \
            "beq.w 5f\n" \
            "4:\n" \
            PUT("r3", LEFT) \
            "ldr r2, [r1, #12]\n" \
            WINDOW(ROW_LAST) \
            "add r0, #12 * " stride "\n" \
            OUTPUT(how) \
            GET("r3", LEFT) \
            "subs r3, #1\n" \
            "bne.w 4b\n" \
            "5:\n" \
            GET("r0", COLUMNS) GET("r1", STREAM) GET("r2", OUT) GET("r3", COUNT) \
            "add r0, #1\n add r1, #20\n add r2, #1\n subs r3, #1\n" \
            PUT("r0", COLUMNS) PUT("r1", STREAM) PUT("r2", OUT) PUT("r3", COUNT) \
            "bne.w 1b\n" \
            "add sp, #44\n pop {r4-r11, pc}\n"); \
    }
/* clang-format on */

LOOP(run_stride1, ROW_STRIDE1, "1", SHORT)
LOOP(run_stride1_limited, ROW_STRIDE1, "1", LONG)
LOOP(run_stride2, ROW_STRIDE2, "2", SHORT)
LOOP(run_stride2_limited, ROW_STRIDE2, "2", LONG)

/* Four bytes from any address, which the core allows for single loads. */
static inline uint32_t load_word(const int8_t *from)
{
    uint32_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

/* Four channels from `channel` on of one row: a word every third word, outside of the image too. */
static void copy_row(const struct mote_depthwise_packed *p, const int8_t *row, int32_t channel, uint32_t *to)
{
    const uint32_t zero = ((uint32_t)p->in_zero & 0xFF) * 0x01010101;
    const int32_t count = (p->out_w - 1) * p->stride_w + 3, step = p->channels;
    const int32_t end = row == NULL ? 0 : mote_min(p->in_w + p->pad_w, count);
    int32_t x = 0;
    for (; x < mote_min(p->pad_w, end); x++, to += 3) {
        *to = zero;
    }
    const int8_t *from = row + channel;
    for (; x < end; x++, to += 3, from += step) {
        *to = load_word(from);
    }
    for (; x < count; x++, to += 3) {
        *to = zero;
    }
}

void mote_depthwise_s8__arm_v7m(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_packed *p = (const struct mote_depthwise_packed *)params;
    const int is_short = p->finish == MOTE_FINISH_RELU;
    void (*const loop)(const struct channels *c) = p->stride_w == 1 ? is_short ? run_stride1 : run_stride1_limited
                                                   : is_short       ? run_stride2
                                                                    : run_stride2_limited;
    struct channels c = {
        .columns = NULL,
        .stream = p->stream,
        .out = (int8_t *)io->out[0],
        .count = 4,
        .out_w = p->out_w,
        .step = p->channels,
        .zero = 2 * p->out_zero + 1,
        .low = p->low,
        .high = p->high,
        .at = NULL,
        .left = 0,
    };
    for (int32_t channel = 0; channel < p->channels; channel += 4, c.stream += 20, c.out += 4) {
        const int32_t from = mote_min(channel, p->channels - 4); /* the last four may overlap those before */
        for (int32_t y = 0; y < 3; y++) {
            copy_row(p, (const int8_t *)io->in[y], from, (uint32_t *)io->scratch + y);
        }
        c.columns = (const int8_t *)io->scratch + (channel - from);
        c.count = from + 4 - channel;
        loop(&c);
    }
}

#endif
