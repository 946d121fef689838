/* SPDX-License-Identifier: MIT
 *
 * IF.
 */
#include <string.h>

#include "../mote.h"
#include "call.h"

void mote_call_plan(const struct mote_call *call, const void *const rows[], void *const out[], void *arena)
{
    const struct mote_plan *plan = call->plan;
    for (uint16_t i = 0; i < plan->input_count; i++) {
        memcpy(mote_input(plan, arena, (int)i), rows[call->args[i]], (size_t)plan->inputs[i].size);
    }
    mote_invoke(plan, arena);
    for (uint16_t i = 0; i < plan->output_count && out != NULL; i++) {
        memcpy(out[i], mote_output(plan, arena, (int)i), (size_t)plan->outputs[i].size);
    }
}

void mote_branch(const void *params, const struct mote_io *io)
{
    const struct mote_branch *p = (const struct mote_branch *)params;
    mote_call_plan(*(const uint8_t *)io->in[0] != 0 ? &p->yes : &p->no, io->in, io->out, io->scratch);
}
