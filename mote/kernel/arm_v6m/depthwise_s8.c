/* SPDX-License-Identifier: MIT
 *
 * DEPTHWISE_CONV_2D with filters of 3 by 3, int8, for Cortex-M0. Weights: packed.h.
 *
 * A channel at a time goes along the row, with six of its weights in the high registers and three on the stack. A
 * column of three inputs is at one offset from three pointers. Where the first or the last window has a column outside
 * of the image, the bias takes what that comes to; rows outside are a row of zero points in the scratch memory.
 *
 * Source: TensorFlow Lite, reference_integer_ops::DepthwiseConvPerChannel.
 */
#if defined(__thumb__)

#include <stddef.h>
#include <string.h>

#include "../fixed.h"
#include "../packed.h"
#include "finish.h"

/* What the loop takes, and copies to the stack. */
struct depthwise {
    const int8_t *rows[3];
    const uint32_t *stream;
    int8_t *out;
    int32_t channels; /* bytes from pixel to pixel, too */
    int32_t back;     /* bytes from a window's last column to the next one's first */
    int32_t
        length;    /* bytes from a channel's first output to one that misses its last column; else to the end, less 1 */
    int32_t pad_w; /* 0 or 1 */
    int32_t in_zero;
    const struct mote_depthwise_packed *p;
    int32_t (*finish)(const struct mote_depthwise_packed *p, int32_t sum, const uint32_t *stream); /* finish_any */
};

/* clang-format off */

#define STREAM "12"
#define OUT "16"
#define CHANNELS "20"
#define BACK "24"
#define LENGTH "28"
#define PAD_W "32"
#define IN_ZERO "36"
#define P "40"
#define FINISH "44"
#define CHANNEL "48" /* the next one */
#define AT "52"      /* the next output */
#define END "56"
#define DIGIT2 "60" /* of the channel's multiplier; from here on as STMIA leaves them */
#define ROUNDING "64"
#define SHIFT "68" /* 11 more */
#define BIAS "72"
#define DIGITS01 "76"
#define LEFT "80" /* biases of windows without their first or last column */
#define RIGHT "84"
#define W20 "88"
#define W21 "92"
#define W22 "96"
#define SIZE "100" /* 4 more than a multiple of 8, so that calls see a stack as it should be */
#define GET(r, member) MOTE_GET(r, member)
#define PUT(r, member) MOTE_PUT(r, member)

/* Three MACs of a column at offset r3, sum in r7: 16 cycles. */
#define COLUMN(w0, w1, w2) \
    "ldrsb r4, [r0, r3]\n mov r5, " w0 "\n muls r5, r4, r5\n adds r7, r7, r5\n" \
    "ldrsb r4, [r1, r3]\n mov r5, " w1 "\n muls r5, r4, r5\n adds r7, r7, r5\n" \
    "ldrsb r4, [r2, r3]\n" GET("r5", w2) "muls r5, r4, r5\n adds r7, r7, r5\n"
#define COLUMN0 COLUMN("r8", "r11", W20)
#define COLUMN1 COLUMN("r9", "r12", W21)
#define COLUMN2 COLUMN("r10", "lr", W22)

/* A channel's weights, biases and factor from its five words: 63 cycles. r6, r7: sums of the first and the last
 * column. */
#define UNPACK \
    GET("r0", STREAM) "ldmia r0!, {r1-r5}\n" PUT("r0", STREAM) \
    "sxtb r6, r1\n mov r8, r6\n" \
    "lsls r7, r1, #16\n asrs r7, r7, #24\n mov r9, r7\n" \
    "lsls r7, r1, #8\n asrs r7, r7, #24\n mov r11, r7\n adds r6, r6, r7\n" \
    "asrs r1, r1, #24\n mov r12, r1\n" \
    "sxtb r7, r2\n mov r10, r7\n" \
    "lsls r1, r2, #16\n asrs r1, r1, #24\n adds r6, r6, r1\n" PUT("r1", W20) \
    "lsls r1, r2, #8\n asrs r1, r1, #24\n mov lr, r1\n adds r7, r7, r1\n" \
    "asrs r2, r2, #24\n" PUT("r2", W21) \
    "sxtb r1, r3\n adds r7, r7, r1\n" PUT("r1", W22) \
    GET("r0", IN_ZERO) "muls r6, r0, r6\n muls r7, r0, r7\n adds r6, r6, r4\n adds r7, r7, r4\n" \
    "lsrs r1, r3, #16\n lsls r3, r3, #16\n lsrs r3, r3, #24\n" \
    "movs r0, #128\n lsls r0, r0, #3\n movs r2, r0\n lsls r2, r3\n adds r2, r2, r0\n" \
    "adds r3, #11\n" \
    "add r0, sp, #" DIGIT2 "\n stmia r0!, {r1-r7}\n"

/* Pointers of the rows, the offset of the channel's first column, step r6, and where its outputs begin and end. */
#define BEGIN \
    GET("r3", CHANNEL) GET("r4", OUT) GET("r5", LENGTH) \
    "adds r4, r4, r3\n adds r5, r5, r4\n" \
    PUT("r4", AT) PUT("r5", END) \
    "adds r6, r3, #1\n" PUT("r6", CHANNEL) \
    "mov r7, sp\n ldmia r7!, {r0-r2}\n" \
    GET("r6", CHANNELS)

/* The sum in r7 becomes an output there: finish.h. */
#define SHORT \
    "lsrs r4, r7, #20\n bne 20f\n" \
    GET("r4", DIGITS01) "uxth r5, r4\n muls r5, r7, r5\n lsrs r5, r5, #10\n" \
    "lsrs r4, r4, #16\n muls r4, r7, r4\n adds r5, r5, r4\n lsrs r5, r5, #10\n" \
    GET("r4", DIGIT2) "muls r7, r4, r7\n adds r7, r7, r5\n" \
    GET("r4", ROUNDING) "adds r7, r7, r4\n" GET("r4", SHIFT) "lsrs r7, r4\n" \
    "cmp r7, #255\n bhi 21f\n" \
    "subs r7, #128\n"
#define SHORT_RARE \
    "asrs r4, r7, #31\n beq 22f\n lsls r7, r4, #7\n b 10b\n" \
    "21:\n movs r7, #127\n b 10b\n"
#define ANY "b 22f\n"
#define ANY_RARE

/* An output takes 52 cycles for its sum, 24 to become an output, 16 to be stored and for the loop; a channel 90. */
#define LOOP(name, how) \
    __attribute__((naked, noinline)) static void name(const struct depthwise *d __attribute__((unused))) \
    { \
        __asm__ volatile( \
            ".syntax unified\n" \
            "push {r4-r7, lr}\n" \
            "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n" \
            "push {r4-r7}\n" \
            "sub sp, #" SIZE "\n mov r1, sp\n" \
            "ldmia r0!, {r2-r7}\n stmia r1!, {r2-r7}\n ldmia r0!, {r2-r7}\n stmia r1!, {r2-r7}\n" \
            "movs r0, #0\n" PUT("r0", CHANNEL) \
            "1:\n" \
            UNPACK \
            BEGIN \
            GET("r7", PAD_W) "cmp r7, #0\n beq 6f\n" \
            GET("r7", LEFT) "b 4f\n" \
            "3:\n" \
            GET("r7", BIAS) \
            COLUMN0 \
            "adds r3, r3, r6\n" \
            "4:\n" \
            COLUMN1 \
            "adds r3, r3, r6\n" \
            COLUMN2 \
            "5:\n" \
            how \
            "10:\n" \
            GET("r4", AT) "strb r7, [r4]\n adds r4, r4, r6\n" PUT("r4", AT) \
            GET("r5", BACK) "adds r3, r3, r5\n" \
            GET("r5", END) \
            "6:\n" \
            "cmp r4, r5\n bcc 3b\n beq 7f\n" \
            GET("r3", CHANNEL) "cmp r3, r6\n beq 8f\n b 1b\n" \
            "7:\n" /* the window that misses its last column */ \
            GET("r7", RIGHT) \
            COLUMN0 \
            "adds r3, r3, r6\n" \
            COLUMN1 \
            "b 5b\n" \
            "20:\n" \
            how##_RARE \
            "22:\n" \
            "mov r4, r12\n mov r5, lr\n push {r0-r5}\n" \
            "movs r1, r7\n" \
            "ldr r0, [sp, #24 + " P "]\n ldr r2, [sp, #24 + " STREAM "]\n subs r2, #20\n" \
            "ldr r3, [sp, #24 + " FINISH "]\n blx r3\n" \
            "movs r7, r0\n" \
            "pop {r0-r5}\n mov r12, r4\n mov lr, r5\n" \
            "b 10b\n" \
            "8:\n" \
            "add sp, #" SIZE "\n" \
            "pop {r4-r7}\n" \
            "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n" \
            "pop {r4-r7, pc}\n"); \
    }

LOOP(run_short, SHORT)
LOOP(run_any, ANY)
/* clang-format on */

static int32_t finish_any(const struct mote_depthwise_packed *p, int32_t sum, const uint32_t *stream)
{
    const int32_t multiplier =
        (int32_t)(stream[2] >> 16 << 20) + (int32_t)(stream[4] >> 16 << 10) + (int32_t)(stream[4] & 0xFFFF);
    return mote_clamp(mote_requant(sum, multiplier, -(int32_t)(stream[2] >> 8 & 0xFF)) + p->out_zero, p->low, p->high);
}

void mote_depthwise_s8__arm_v6m(const void *params, const struct mote_io *io)
{
    const struct mote_depthwise_packed *p = (const struct mote_depthwise_packed *)params;
    const int32_t missing = (p->out_w - 1) * p->stride_w + 3 - p->pad_w > p->in_w;
    struct depthwise d = {
        .rows = {NULL, NULL, NULL},
        .stream = p->stream,
        .out = (int8_t *)io->out[0],
        .channels = p->channels,
        .back = (p->stride_w - 2) * p->channels,
        .length = missing ? (p->out_w - 1) * p->channels : p->out_w * p->channels - 1,
        .pad_w = p->pad_w,
        .in_zero = p->in_zero,
        .p = p,
        .finish = finish_any,
    };
    for (int32_t y = 0; y < 3; y++) {
        d.rows[y] = (const int8_t *)io->in[y];
        if (d.rows[y] == NULL) {
            d.rows[y] = (const int8_t *)memset(io->scratch, p->in_zero, (size_t)(p->in_w * p->channels));
        }
    }
    (p->finish == MOTE_FINISH_RELU ? run_short : run_any)(&d);
}

#endif
