/* SPDX-License-Identifier: MIT
 *
 * WHILE.
 */
#include <string.h>

#include "../mote.h"
#include "call.h"

void mote_repeat(const void *params, const struct mote_io *io)
{
    const struct mote_repeat *p = (const struct mote_repeat *)params;
    const struct mote_plan *body = p->body.plan;
    for (uint16_t i = 0; i < body->output_count; i++) {
        memcpy(io->out[i], io->in[i], (size_t)body->outputs[i].size);
    }
    for (int32_t turn = 0;; turn++) {
        mote_call_plan(&p->condition, (const void *const *)io->out, NULL, io->scratch);
        if (*(const uint8_t *)mote_output(p->condition.plan, io->scratch, 0) == 0) {
            break;
        }
        if (turn == p->most_turns) {
            *p->is_cut = 1;
            break;
        }
        mote_call_plan(&p->body, (const void *const *)io->out, io->out, io->scratch);
    }
}
