/* SPDX-License-Identifier: MIT
 *
 * FULLY_CONNECTED, int8, for Cortex-M3. Weights: packed.h.
 *
 * Weights as for the DSP extension: half a word is 256 * b + a, sums over it are 256 * (sum of b) + (sum of a), and a by
 * itself is a byte. Loads extend both, so that nothing is left to unpack.
 *
 * Source: TensorFlow Lite, reference_integer_ops::FullyConnected.
 */
#if defined(__thumb2__)

#include <stdbool.h>
#include <stddef.h>

#include "../fixed.h"
#include "../fully_connected.h"
#include "../packed.h"

/* Sums over halves of words, and over their lower bytes, of filters a and b, c and d. */
struct sums {
    uint32_t ab, a, cd, c;
};

/* The input at x + i by four filters, whose weights are at w + k and four bytes on. Loads that follow each other take a
 * cycle each: 6 cycles for them, 8 for the products. */
#define ADD_INPUT(i, k) \
    "ldrsb.w r0, [%[x], #" i "]\n" \
    "ldrsh.w r1, [%[w], #" k "]\n ldrsb.w r2, [%[w], #" k "]\n" \
    "ldrsh.w r3, [%[w], #" k " + 4]\n ldrsb.w r12, [%[w], #" k " + 4]\n" \
    "mla %[ab], r0, r1, %[ab]\n mla %[a], r0, r2, %[a]\n mla %[cd], r0, r3, %[cd]\n mla %[c], r0, r12, %[c]\n"

/* Sums of a group of four filters over one part of the inputs, added to those before. A turn takes 56 cycles, and 5 for
 * the loop: 3.8 cycles per MAC. */
static inline const uint32_t *add_part(const int8_t *x, int32_t depth, const uint32_t *w, int32_t sum[4])
{
    struct sums s = {0, 0, 0, 0};
    for (const int8_t *end = x + depth; x < end; x += 4, w += 4) {
        __asm__(ADD_INPUT("0", "0") ADD_INPUT("2", "2") ADD_INPUT("1", "8") ADD_INPUT("3", "10")
                : [ab] "+r"(s.ab), [a] "+r"(s.a), [cd] "+r"(s.cd), [c] "+r"(s.c)
                : [x] "r"(x), [w] "r"(w)
                : "r0", "r1", "r2", "r3", "r12", "memory");
    }
    sum[0] += (int32_t)s.a;
    sum[1] += (int32_t)(s.ab - s.a) >> 8;
    sum[2] += (int32_t)s.c;
    sum[3] += (int32_t)(s.cd - s.c) >> 8;
    return w;
}

/* One part by all filters: from sums, or biases, to sums; `out`: or to outputs. */
static void run_part(const struct mote_fully_connected_packed *p, const int8_t *x, const uint32_t *w,
                     const int32_t *from, int32_t *to, int8_t *out)
{
    for (int32_t o = 0; o < p->out_c; o += 4) {
        const int32_t count = mote_min(p->out_c - o, 4);
        int32_t sum[4] = {0};
        for (int32_t k = 0; k < count; k++) {
            sum[k] = from[o + k];
        }
        w = add_part(x, p->depth, w, sum);
        for (int32_t k = 0; k < count; k++) {
            if (out == NULL) {
                to[o + k] = sum[k];
            } else {
                out[o + k] = mote_finish_output(p, (uint32_t)p->factor, p->shift, sum[k]);
            }
        }
    }
}

void mote_fully_connected_s8__arm_v7m(const void *params, const struct mote_io *io)
{
    const struct mote_fully_connected_packed *p = (const struct mote_fully_connected_packed *)params;
    const int32_t part_words = (p->out_c + 3) / 4 * p->depth;
    const int8_t *x = mote_whole_words(p, io);
    int32_t *sums = (int32_t *)(p->folded > 0 ? io->out[1] : io->scratch);
    const int32_t parts = p->folded > 0 ? p->folded : p->parts, first = p->folded > 0 ? io->y : 0;
    const int32_t end = p->folded > 0 ? first + 1 : parts;
    for (int32_t part = first; part < end; part++, x += p->depth) {
        const bool is_last = part == parts - 1 && p->factors == NULL;
        run_part(p, x, p->stream + part * part_words, part == 0 ? p->biases : sums, sums,
                 is_last ? (int8_t *)io->out[0] : NULL);
    }
    if (p->factors != NULL && end == parts) {
        mote_finish_outputs(p, sums, (int8_t *)io->out[0]);
    }
}

#endif
