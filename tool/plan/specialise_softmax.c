/* SPDX-License-Identifier: MIT
 *
 * SOFTMAX of 8-bit inputs by a table: differences to the greatest input have 256 values at most.
 */
#include "../../mote/kernel/fixed_math.h"
#include "../../mote/kernel/softmax.h"
#include "stages.h"

/* Sums of Q12 exponentials stay within 32 bits; those that round to 0 there do not show in outputs either. */
enum { MOST_DEPTH = 4095, STEPS = UINT8_MAX, LEAST_EXP = 1 << 11 };

/* As the portable kernels compute it. */
static int32_t exponential(const struct mote_softmax *p, int32_t d)
{
    return -d < p->least ? 0 : mote_fixed_exp(mote_mul_q31(mote_shift_left(-d, p->shift), p->multiplier), 5);
}

bool plan_softmax_table(struct plan *plan, struct plan_step *s, enum kernel to)
{
    const struct mote_softmax *p = s->params;
    if (p->depth > MOST_DEPTH) {
        return false;
    }
    int32_t last = STEPS;
    while (last > 0 && exponential(p, last - 1) < LEAST_EXP) {
        last--;
    }
    int32_t *exp = plan_alloc_table(plan, (size_t)last + 1, sizeof *exp);
    for (int32_t d = 0; d < last; d++) {
        exp[d] = exponential(p, d);
    }
    exp[last] = exponential(p, last) < LEAST_EXP ? 0 : exponential(p, last);
    const struct mote_softmax_table made = {p->count, p->depth, last, exp};
    s->params = arena_copy(plan->arena, &made, sizeof made);
    s->scratch_size = 0;
    s->kernel = to;
    return true;
}
