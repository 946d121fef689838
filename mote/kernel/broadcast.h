/* SPDX-License-Identifier: MIT
 *
 * Element-wise work on inputs of different shapes, by the rules of NumPy: shapes are aligned at the last dim, and
 * a dim of 1 is repeated. The planner merges dims that all inputs walk alike, so that a line becomes a few loops
 * around one of `n` elements, in which each input either has an element of its own for each of the output's, or one
 * for all. A kernel brings the function for this innermost loop, mote_broadcast() runs the loops around it.
 *
 * Operators may run in place: element i is written after all that is read for it.
 */
#ifndef MOTE_BROADCAST_H
#define MOTE_BROADCAST_H

#include <stdint.h>

#include "kernel.h"

enum { MOTE_BROADCAST_LOOPS = 5, MOTE_BROADCAST_INPUTS = 3 };

struct mote_broadcast {
    int32_t n;                           /* elements of the innermost loop */
    int32_t inputs;                      /* at most MOTE_BROADCAST_INPUTS */
    int32_t step[MOTE_BROADCAST_INPUTS]; /* 1: the input has n elements there; 0: one, or n is 1 */
    int32_t out_bytes;                   /* of n elements of the output */
    int32_t loops;                       /* around the innermost one */
    int32_t count[MOTE_BROADCAST_LOOPS]; /* how often each of them runs, the innermost first; at least 1 */
    int32_t move[MOTE_BROADCAST_LOOPS][MOTE_BROADCAST_INPUTS]; /* bytes an input moves on when this loop goes on and
                                                                  those inside of it start anew */
};

/* The innermost loop: out[i] from in[0][i], in[1][i], ... */
typedef void mote_broadcast_row(const void *params, const struct mote_broadcast *b, const uint8_t *const in[],
                                void *out);

static inline void mote_broadcast(const struct mote_broadcast *b, mote_broadcast_row *row, const void *params,
                                  const struct mote_io *io)
{
    const uint8_t *in[MOTE_BROADCAST_INPUTS] = {0};
    int32_t done[MOTE_BROADCAST_LOOPS] = {0};
    uint8_t *out = (uint8_t *)io->out[0];
    for (int32_t k = 0; k < b->inputs; k++) {
        in[k] = (const uint8_t *)io->in[k];
    }
    for (;;) {
        row(params, b, in, out);
        int32_t loop = 0;
        while (loop < b->loops && ++done[loop] == b->count[loop]) {
            done[loop++] = 0;
        }
        if (loop == b->loops) {
            return;
        }
        for (int32_t k = 0; k < b->inputs; k++) {
            in[k] += b->move[loop][k];
        }
        out += b->out_bytes;
    }
}

/* Defines the innermost loop `name` of two inputs: result is an expression of x and y, elements of type A and B, and
 * p, a copy of the parameters (which the compiler may keep in registers, where it would have to reload them from
 * memory that `out` might overwrite). */
#define MOTE_PAIR_ROW(name, params_type, A, B, OUT, result) \
    static void name(const void *params, const struct mote_broadcast *b, const uint8_t *const in[], void *to) \
    { \
        const params_type p = *(const params_type *)params; \
        const A *xs = (const A *)in[0]; \
        const B *ys = (const B *)in[1]; \
        OUT *out = (OUT *)to; \
        const int32_t n = b->n; \
        (void)p; \
        if (b->step[0] == 0) { \
            const A x = *xs; \
            for (int32_t i = 0; i < n; i++) { \
                const B y = ys[i]; \
                out[i] = (OUT)(result); \
            } \
        } else if (b->step[1] == 0) { \
            const B y = *ys; \
            for (int32_t i = 0; i < n; i++) { \
                const A x = xs[i]; \
                out[i] = (OUT)(result); \
            } \
        } else { \
            for (int32_t i = 0; i < n; i++) { \
                const A x = xs[i]; \
                const B y = ys[i]; \
                out[i] = (OUT)(result); \
            } \
        } \
    }

/* Defines the kernel `name` of the one row function. */
#define MOTE_PAIR_KERNEL(name, params_type, A, B, OUT, result) \
    MOTE_PAIR_ROW(name##_row, params_type, A, B, OUT, result) \
    void name(const void *params, const struct mote_io *io) \
    { \
        const params_type *p = (const params_type *)params; \
        mote_broadcast(&p->shape, name##_row, p, io); \
    }

#endif
