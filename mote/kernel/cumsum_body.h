/* SPDX-License-Identifier: MIT
 *
 * CUMSUM. KERNEL: the name of the kernel; TYPE: of the elements; ACC: of the running sum; START(p): its first value;
 * ADD(p, a, x): the sum with element x; FINISH(p, a): what is written.
 */
#include "fixed.h"
#include "reduce.h"

/* One vector, `step` elements from one to the next. */
static void run(const struct mote_cumsum *p, const TYPE *in, TYPE *out, int32_t step)
{
    ACC sum = START(p);
    for (int32_t d = 0; d < p->depth; d++) {
        const ACC next = ADD(p, sum, in[d * step]);
        out[d * step] = (TYPE)FINISH(p, p->exclusive ? sum : next);
        sum = next;
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_cumsum *p = (const struct mote_cumsum *)params;
    const int32_t first = p->reverse ? (p->depth - 1) * p->inner : 0;
    for (int32_t o = 0; o < p->outer; o++) {
        for (int32_t i = 0; i < p->inner; i++) {
            const int32_t at = o * p->depth * p->inner + first + i;
            run(p, (const TYPE *)io->in[0] + at, (TYPE *)io->out[0] + at, p->reverse ? -p->inner : p->inner);
        }
    }
}
