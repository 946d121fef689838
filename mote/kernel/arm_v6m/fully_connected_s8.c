/* SPDX-License-Identifier: MIT
 *
 * FULLY_CONNECTED, int8, for Cortex-M0. Weights: packed.h.
 *
 * One pixel leaves nothing to share a product with, so two filters share what unpacks their weights: half a word is
 * 256 * b + a, sums over it are 256 * (sum of b) + (sum of a), and a by itself is a byte.
 *
 * Source: TensorFlow Lite, reference_integer_ops::FullyConnected.
 */
#if defined(__thumb__)

#include <stddef.h>
#include <string.h>

#include "../fixed.h"
#include "../fully_connected.h"
#include "../packed.h"
#include "finish.h"

/* What the loop takes, and copies to the stack: some groups of four outputs. */
struct groups {
    const int8_t *x_end; /* of the inputs */
    int32_t first;       /* -depth */
    const uint32_t *stream, *stop;
    const int32_t *from; /* sums so far, or biases */
    int32_t *to;         /* where sums go; NULL: they become outputs */
    int8_t *out;
    int32_t how; /* enum mote_finish */
    int32_t digit0, digit1, digit2, rounding, shift;
    int32_t zero, low, high;
    int32_t (*finish)(const struct groups *g, int32_t sum); /* finish_any */
};

/* clang-format off */

#define X_END "0"
#define FIRST "4"
#define STOP "12"
#define FROM "16"
#define TO "20"
#define OUT "24"
#define HOW "28"
#define DIGIT0 "32" /* and two more, what rounds, and shift + 11 */
#define ZERO "52"
#define LOW "56"
#define HIGH "60"
#define FINISH "64"
#define GET(r, member) MOTE_GET(r, member)
#define PUT(r, member) MOTE_PUT(r, member)

/* The input r2 by four filters, whose weights are in halves of r4 and r5 that `get` takes out: 12 or 14 cycles. */
#define HALVES(get, w, both, single) \
    get "sxtb r7, r6\n muls r6, r2, r6\n muls r7, r2, r7\n add " both ", r6\n add " single ", r7\n"
#define INPUT(get0, get1) HALVES(get0, "r4", "r8", "r9") HALVES(get1, "r5", "r10", "r11")
#define LOWER INPUT("sxth r6, r4\n", "sxth r6, r5\n")
#define UPPER INPUT("asrs r6, r4, #16\n", "asrs r6, r5, #16\n")
#define LOAD(step) "ldrsb r2, [r0, r3]\n " step "\n"

/* A sum s becomes an output in r0. n: the digit that tells its labels from others'. Digits m0, m1, m2 of the multiplier,
 * what rounds and the shift are in r8 to r12: finish.h. Spends r2. */
#define DIGITS(s, right) \
    "mov r0, r8\n muls r0, " s ", r0\n " right " r0, r0, #10\n" \
    "mov r2, r9\n muls r2, " s ", r2\n adds r0, r0, r2\n " right " r0, r0, #10\n" \
    "mov r2, r10\n muls r2, " s ", r2\n adds r0, r0, r2\n" \
    "add r0, r11\n"
#define SHORT(s, n, at) \
    "lsrs r0, " s ", #20\n bne 2" n "f\n" \
    DIGITS(s, "lsrs") "mov r2, r12\n lsrs r0, r2\n" \
    "cmp r0, #255\n bhi 3" n "f\n" \
    "subs r0, #128\n" \
    "1" n ":\n strb r0, [r7, #" at "]\n"
#define SHORT_RARE(s, n) \
    "2" n ":\n asrs r0, " s ", #31\n beq 4" n "f\n lsls r0, r0, #7\n b 1" n "b\n" \
    "3" n ":\n movs r0, #127\n b 1" n "b\n" \
    "4" n ":\n mov r0, " s "\n bl 99f\n b 1" n "b\n"
#define LONG(s, n, at) \
    "asrs r0, " s ", #31\n asrs r2, " s ", #19\n cmp r0, r2\n bne 4" n "f\n" \
    DIGITS(s, "asrs") "asrs r2, " s ", #31\n lsls r2, r2, #11\n adds r0, r0, r2\n mov r2, r12\n asrs r0, r2\n" \
    GET("r2", ZERO) "adds r0, r0, r2\n" \
    GET("r2", LOW) "cmp r0, r2\n blt 3" n "f\n" \
    GET("r2", HIGH) "cmp r0, r2\n bgt 3" n "f\n" \
    "1" n ":\n strb r0, [r7, #" at "]\n"
#define LONG_RARE(s, n) \
    "3" n ":\n movs r0, r2\n b 1" n "b\n" \
    "4" n ":\n mov r0, " s "\n bl 99f\n b 1" n "b\n"
#define OUTPUTS(how, n) \
    how("r3", n "1", "0") how("r4", n "2", "1") "b 7" n "f\n" how##_RARE("r3", n "1") how##_RARE("r4", n "2") \
    "7" n ":\n" \
    how("r5", n "3", "2") how("r6", n "4", "3") "b 8" n "f\n" how##_RARE("r5", n "3") how##_RARE("r6", n "4") \
    "8" n ":\n"

/* r0 the inputs' end, r1 stream, r3 an input before it, r8, r10: sums over halves, r9, r11: of their lower bytes. A turn
 * takes four inputs: 6 cycles for the weights, 12 for the inputs, 48 for 16 MACs, 2 for the loop: 4.3 cycles per MAC. */
__attribute__((naked, noinline)) static void run(const struct groups *g __attribute__((unused)))
{
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4-r7, lr}\n"
        "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n"
        "push {r4-r7}\n"
        "sub sp, #68\n mov r2, sp\n"
        "ldr r1, [r0, #8]\n"
        "ldmia r0!, {r3-r7}\n stmia r2!, {r3-r7}\n ldmia r0!, {r3-r7}\n stmia r2!, {r3-r7}\n"
        "ldmia r0!, {r3-r7}\n stmia r2!, {r3-r7}\n ldmia r0!, {r3, r4}\n stmia r2!, {r3, r4}\n"
        "40:\n"
        GET("r0", X_END) GET("r3", FIRST)
        "movs r4, #0\n mov r8, r4\n mov r9, r4\n mov r10, r4\n mov r11, r4\n"
        "41:\n"
        "ldmia r1!, {r4, r5}\n"
        LOAD("adds r3, #2") LOWER
        LOAD("subs r3, #1") UPPER
        "ldmia r1!, {r4, r5}\n"
        LOAD("adds r3, #2") LOWER
        LOAD("") UPPER
        "adds r3, #1\n bne 41b\n"
        "mov r3, r9\n mov r4, r8\n subs r4, r4, r3\n asrs r4, r4, #8\n"
        "mov r5, r11\n mov r6, r10\n subs r6, r6, r5\n asrs r6, r6, #8\n"
        GET("r0", FROM)
        "ldmia r0!, {r2, r7}\n adds r3, r3, r2\n adds r4, r4, r7\n"
        "ldmia r0!, {r2, r7}\n adds r5, r5, r2\n adds r6, r6, r7\n"
        PUT("r0", FROM)
        GET("r7", TO)
        "cmp r7, #0\n beq 43f\n"
        "stmia r7!, {r3-r6}\n"
        PUT("r7", TO)
        "42:\n"
        GET("r0", STOP)
        "cmp r1, r0\n beq 46f\n b 40b\n"
        "46:\n"
        "add sp, #68\n"
        "pop {r4-r7}\n"
        "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"
        "pop {r4-r7, pc}\n"
        "43:\n"
        "add r0, sp, #" DIGIT0 "\n ldmia r0!, {r2, r7}\n mov r8, r2\n mov r9, r7\n"
        "ldmia r0!, {r2, r7}\n mov r10, r2\n mov r11, r7\n ldr r2, [r0]\n mov r12, r2\n"
        GET("r7", OUT) GET("r0", HOW)
        "cmp r0, #0\n beq 44f\n b 45f\n"
        "44:\n"
        OUTPUTS(SHORT, "1")
        "adds r7, #4\n" PUT("r7", OUT) "b 42b\n"
        "45:\n"
        OUTPUTS(LONG, "2")
        "adds r7, #4\n" PUT("r7", OUT) "b 42b\n"
        "99:\n" /* the sum in r0 becomes an output the long way */
        "mov r2, r12\n push {r1-r3, lr}\n"
        "movs r1, r0\n add r0, sp, #16\n"
        "ldr r3, [sp, #16 + " FINISH "]\n"
        "blx r3\n"
        "pop {r1-r3}\n mov r12, r2\n"
        "pop {pc}\n");
}
/* clang-format on */

static int32_t finish_any(const struct groups *g, int32_t sum)
{
    const int32_t multiplier = (g->digit2 << 20) + (g->digit1 << 10) + g->digit0;
    return mote_clamp(mote_requant(sum, multiplier, 11 - g->shift) + g->zero, g->low, g->high);
}

/* All outputs: groups of four, then what is left. What a last group has too much goes nowhere. */
static void run_all(const struct mote_fully_connected_packed *p, struct groups g)
{
    const int32_t done = p->out_c & ~3, rest = p->out_c - done;
    g.stop = g.stream + done / 4 * p->depth;
    if (done > 0) {
        run(&g);
    }
    if (rest > 0) {
        int32_t before[4] = {0}, after[4];
        int8_t last[4];
        const size_t bytes = (size_t)rest * sizeof before[0];
        int32_t *const to = g.to;
        int8_t *const out = g.out;
        memcpy(before, g.from + done, bytes);
        g.stream = g.stop;
        g.stop += p->depth;
        g.from = before;
        g.to = to != NULL ? after : NULL;
        g.out = last;
        run(&g);
        if (to != NULL) {
            memcpy(to + done, after, bytes);
        } else {
            memcpy(out + done, last, (size_t)rest);
        }
    }
}

void mote_fully_connected_s8__arm_v6m(const void *params, const struct mote_io *io)
{
    const struct mote_fully_connected_packed *p = (const struct mote_fully_connected_packed *)params;
    const int32_t part_words = (p->out_c + 3) / 4 * p->depth;
    const uint32_t multiplier = (uint32_t)p->factor >> 1 | UINT32_C(1) << 30;
    const int8_t *x = mote_whole_words(p, io);
    int32_t *sums = (int32_t *)(p->folded > 0 ? io->out[1] : io->scratch);
    struct groups g = {.x_end = NULL,
                       .first = -p->depth,
                       .stream = NULL,
                       .stop = NULL,
                       .from = NULL,
                       .to = NULL,
                       .out = (int8_t *)io->out[0],
                       .how = p->finish,
                       .digit0 = (int32_t)(multiplier & 0x3FF),
                       .digit1 = (int32_t)(multiplier >> 10 & 0x3FF),
                       .digit2 = (int32_t)(multiplier >> 20),
                       .rounding = (1 << 10) + (INT32_C(1) << (p->shift + 10)),
                       .shift = p->shift + 11,
                       .zero = p->out_zero,
                       .low = p->low,
                       .high = p->high,
                       .finish = finish_any};
    const int32_t parts = p->folded > 0 ? p->folded : p->parts, first = p->folded > 0 ? io->y : 0;
    const int32_t end = p->folded > 0 ? first + 1 : parts;
    for (int32_t part = first; part < end; part++, x += p->depth) {
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
