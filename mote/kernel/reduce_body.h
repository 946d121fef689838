/* SPDX-License-Identifier: MIT
 *
 * The loops of the reductions. KERNEL: the name of the kernel; TYPE: of the elements; ACC: of the accumulators, one
 * for each output element, in the scratch memory or, to outlive a firing, in the second output, or in the output
 * (IN_OUTPUT 1) where they are of its type; START: their first value; ADD(p, a, x): the accumulator after element x, or
 * ADD_RUN(p, in, n, step, acc): where a target has its own add_run(); FINISH(p, a): what is written. Elements come in the
 * order of memory.
 */
#include "fixed.h"
#include "reduce.h"

#ifndef ADD_RUN
#define ADD_RUN add_run
/* One run of the innermost dim. */
static void add_run(const struct mote_reduce *p, const TYPE *in, int32_t n, int32_t step, ACC *acc)
{
    (void)p;
    if (step == 0) {
        ACC a = *acc;
        for (int32_t i = 0; i < n; i++) {
            a = (ACC)ADD(p, a, in[i]);
        }
        *acc = a;
    } else {
        for (int32_t i = 0; i < n; i++) {
            acc[i] = (ACC)ADD(p, acc[i], in[i]);
        }
    }
}
#endif

static void add_row(const struct mote_reduce *p, const TYPE *in, ACC *acc)
{
    int32_t index[MOTE_REDUCE_RANK] = {0};
    const int32_t last = p->rank - 1;
    for (;;) {
        ADD_RUN(p, in, p->dim[last], p->step[last], acc);
        in += p->dim[last];
        int32_t d = last - 1;
        for (; d >= 0; d--) {
            acc += p->step[d];
            if (++index[d] < p->dim[d]) {
                break;
            }
            acc -= p->dim[d] * p->step[d];
            index[d] = 0;
        }
        if (d < 0) {
            return;
        }
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_reduce *p = (const struct mote_reduce *)params;
    TYPE *out = (TYPE *)io->out[0];
    ACC *acc = (ACC *)(IN_OUTPUT ? io->out[0] : p->folded ? io->out[1] : io->scratch);
    const int is_first = !p->folded || io->y == 0;
    const int is_last = !p->folded || io->y == p->rows - 1;
    for (int32_t i = 0; i < p->out_count && is_first; i++) {
        acc[i] = START;
    }
    for (int32_t r = 0; r < (p->folded ? 1 : p->rows); r++) {
        add_row(p, (const TYPE *)io->in[r], acc);
    }
    for (int32_t i = 0; i < p->out_count && is_last; i++) {
        out[i] = (TYPE)FINISH(p, acc[i]);
    }
}
