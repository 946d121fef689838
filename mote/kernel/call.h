/* SPDX-License-Identifier: MIT
 *
 * Parameters of control flow: steps that run plans. A plan has its arena in the scratch memory of the step, which
 * copies its inputs there and its outputs from there. Emitted C has no plans: tool/emit/calls.c writes the same as
 * plain `if` and `while`.
 */
#ifndef MOTE_KERNEL_CALL_H
#define MOTE_KERNEL_CALL_H

#include "kernel.h"

struct mote_plan;

/* Input i of the plan is the row args[i]. */
struct mote_call {
    const struct mote_plan *plan;
    const uint16_t *args;
};

/* IF. io->in: the condition, a bool; then what the plans take. io->out: what they give. */
struct mote_branch {
    struct mote_call yes, no;
};

/* WHILE. io->in: first values of what the loop carries; io->out: the last ones. `condition` gives a bool from them,
 * `body` the next ones. */
struct mote_repeat {
    struct mote_call condition, body;
    int32_t most_turns; /* after which it ends in any case, so that the host comes back from any model */
    int32_t *is_cut;    /* set to 1 when that happened */
};

/* Runs a plan: its inputs from rows, its outputs to out[], if that is not NULL. */
void mote_call_plan(const struct mote_call *call, const void *const rows[], void *const out[], void *arena);

#endif
