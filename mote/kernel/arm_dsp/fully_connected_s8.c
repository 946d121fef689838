/* SPDX-License-Identifier: MIT
 *
 * FULLY_CONNECTED, int8, one factor for all outputs, for Cortex-M with the DSP extension. Weights: packed.h.
 *
 * Blocks of 1 by 4 on bytes, as the single pixels of conv2d_s8.c. The inputs come in parts, each a firing's row or a piece
 * of the one row: sums of pairs of filters are taken apart after each, so that 24 bits hold them.
 *
 * Source: TensorFlow Lite, reference_integer_ops::FullyConnected.
 */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#include <stddef.h>

#include "../fully_connected.h"
#include "../packed.h"
#include "simd.h"
#include "single.h"

/* What the loop over groups of four filters takes. It copies it to the stack, where it costs no register. */
struct groups {
    const int8_t *x; /* inputs, less what the first turn of the loop skips */
    const uint32_t *stream;
    int8_t *out;
    const uint32_t *stop; /* end of the stream */
    const int8_t *x_end;
    int32_t skip;        /* bytes of weights by which the first turn of the loop is shorter */
    const int32_t *from; /* biases, or the sums so far */
    int32_t *to;         /* where sums go; NULL: they are complete */
    int32_t zero;        /* the outputs' zero point */
    int32_t finish;      /* enum mote_finish */
    int32_t factor, shift;
    int32_t low, high;
};

/* clang-format off */

/* Where the copy has its members, and a word more: where in the loop to begin. */
#define X "0"
#define STREAM "4"
#define OUT "8"
#define STOP "12"
#define X_END "16"
#define SKIP "20"
#define FROM "24"
#define TO "28"
#define ZERO "32"
#define HOW "36"
#define FACTOR "40"
#define SHIFT "44"
#define LOW "48"
#define HIGH "52"
#define ENTRY "56"
#define GET(r, member) "ldr " r ", [sp, #" member "]\n"
#define PUT(r, member) "str " r ", [sp, #" member "]\n"

/* From the sum s to the output, as in conv2d_s8.c; 5 cycles. */
#define SHORT(s)
#define LONG(s) "add " s ", " s ", " s ", asr #31\n"
#define SHORT_LIMIT(s)
#define LONG_LIMIT(s) "cmp " s ", r6\n it lt\n movlt " s ", r6\n cmp " s ", r7\n it gt\n movgt " s ", r7\n"
#define OUTPUT(s, o, how) \
    "smmlar " s ", " s ", r12, " s "\n" \
    how(s) \
    "asrs " s ", " s ", lr\n adc " s ", " s ", r10\n" \
    how##_LIMIT(s) \
    "ssat " s ", #8, " s "\n" \
    "strb " s ", [r11, #" o "]\n"
#define OUTPUTS(how) OUTPUT("r2", "0", how) OUTPUT("r3", "1", how) OUTPUT("r4", "2", how) OUTPUT("r5", "3", how)

/* r0 inputs, r1 stream, r2-r5 sums. A turn takes 32 inputs, 160 cycles and 6 for the loop: 1.30 cycles per MAC, where 0.5
 * is the limit of SMLAD alone. A group of 4 outputs takes 70 cycles around it. */
__attribute__((naked, noinline)) static void run(const struct groups *g __attribute__((unused)))
{
    __asm__ volatile(
        "push {r4-r11, lr}\n sub sp, #60\n"
        "ldm r0!, {r2-r12}\n stm sp, {r2-r12}\n"
        "ldm r0, {r4-r6}\n"
        PUT("r4", SHIFT) PUT("r5", LOW) PUT("r6", HIGH)
        "mov r1, r3\n"
        GET("r11", SKIP)
        "add r12, r11, r11, lsl #2\n" /* 76 bytes of code take 16 of weights */
        "sub r12, r12, r11, lsr #2\n"
        "adr.w r10, 2f + 1\n"
        "add r10, r12\n"
        PUT("r10", ENTRY)
        "1:\n"
        GET("r0", X) GET("lr", X_END) GET("r11", SKIP) GET("r12", ENTRY)
        "movs r2, #0\n movs r3, #0\n movs r4, #0\n movs r5, #0\n"
        "sub r1, r11\n"
        "bx r12\n"
        ".balign 4\n"
        "2:\n"
        MOTE_SINGLE_STEPS
        "add r0, #32\n"
        "add r1, #128\n"
        "cmp r0, lr\n"
        "bne.w 2b\n"
        GET("r6", FROM) GET("r11", TO)
        "sub r3, r2\n sub r5, r4\n"
        "ldm r6!, {r7-r10}\n"
        "add r2, r7\n add r3, r8, r3, asr #8\n add r4, r9\n add r5, r10, r5, asr #8\n"
        PUT("r6", FROM)
        "cmp r11, #0\n"
        "bne 4f\n"
        GET("r11", OUT) GET("r10", ZERO) GET("r12", FACTOR) GET("lr", SHIFT) GET("r9", HOW)
        "cmp r9, #0\n"
        "bne 5f\n"
        OUTPUTS(SHORT)
        "3:\n"
        "add r11, #4\n"
        PUT("r11", OUT)
        "6:\n"
        GET("r10", STOP)
        "cmp r1, r10\n"
        "bne.w 1b\n"
        "add sp, #60\n pop {r4-r11, pc}\n"
        "4:\n"
        "stm r11!, {r2-r5}\n"
        PUT("r11", TO)
        "b 6b\n"
        "5:\n"
        GET("r6", LOW) GET("r7", HIGH)
        OUTPUTS(LONG)
        "b 3b\n");
}

/* clang-format on */

/* All outputs: groups of four, then what is left. What a last group has too much goes nowhere. */
static void run_all(const struct mote_fully_connected_packed *p, struct groups g)
{
    const int32_t done = p->out_c & ~3, rest = p->out_c - done, words = p->depth;
    g.stop = g.stream + done / 4 * words;
    if (done > 0) {
        run(&g);
    }
    if (rest > 0) {
        int32_t before[4] = {0}, after[4];
        int8_t last[4], *const out = g.out + done;
        int32_t *const to = g.to;
        for (int32_t k = 0; k < rest; k++) {
            before[k] = g.from[done + k];
        }
        g.stream = g.stop;
        g.stop += words;
        g.from = before;
        g.to = to != NULL ? after : NULL;
        g.out = last;
        run(&g);
        for (int32_t k = 0; k < rest; k++) {
            if (to != NULL) {
                to[done + k] = after[k];
            } else {
                out[k] = last[k];
            }
        }
    }
}

void mote_fully_connected_s8__arm_dsp(const void *params, const struct mote_io *io)
{
    const struct mote_fully_connected_packed *p = (const struct mote_fully_connected_packed *)params;
    const int32_t part_words = (p->out_c + 3) / 4 * p->depth, skip = -p->depth * 4 & 127;
    const int8_t *x = mote_whole_words(p, io);
    int32_t *sums = (int32_t *)(p->folded > 0 ? io->out[1] : io->scratch);
    struct groups g = {
        .x = NULL,
        .stream = NULL,
        .out = (int8_t *)io->out[0],
        .stop = NULL,
        .x_end = NULL,
        .skip = skip,
        .from = NULL,
        .to = NULL,
        .zero = p->out_zero,
        .finish = p->finish,
        .factor = p->factor,
        .shift = p->shift,
        .low = p->low,
        .high = p->high,
    };
    const int32_t parts = p->folded > 0 ? p->folded : p->parts, first = p->folded > 0 ? io->y : 0;
    const int32_t end = p->folded > 0 ? first + 1 : parts;
    for (int32_t part = first; part < end; part++, x += p->depth) {
        g.x = x - skip / 4;
        g.x_end = x + p->depth;
        g.stream = p->stream + part * part_words;
        g.from = part == 0 ? p->biases : sums;
        g.to = part == parts - 1 && p->factors == NULL ? NULL : sums;
        run_all(p, g);
    }
    if (p->factors != NULL && end == parts) {
        mote_finish_outputs(p, sums, (int8_t *)io->out[0]);
    }
}

#endif
