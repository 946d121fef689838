/* SPDX-License-Identifier: MIT */
#include "stages.h"

void live_init(struct live *live, const struct plan *plan)
{
    live->row_at = ARENA_ARRAY(plan->arena, plan->buffer_count + 1, int32_t);
    live->row_count = 0;
    for (int i = 0; i < plan->buffer_count; i++) {
        live->row_at[i] = live->row_count;
        live->row_count += plan->buffers[i].row_count;
    }
    live->row_at[plan->buffer_count] = live->row_count;
    live->first = ARENA_ARRAY(plan->arena, live->row_count, int32_t);
    live->last = ARENA_ARRAY(plan->arena, live->row_count, int32_t);
    for (int i = 0; i < live->row_count; i++) {
        live->first[i] = live->last[i] = LIVE_NEVER;
    }
}

static void follow_firing(struct live *live, const struct plan *plan, const struct plan_step *s, int32_t y,
                          int32_t time)
{
    for (int i = 0; i < s->out_count; i++) {
        const struct mote_port *port = &s->out[i];
        const int32_t row = live->row_at[port->buffer] + (plan->buffers[port->buffer].row_count == 1 ? 0 : y);
        if (live->first[row] == LIVE_NEVER) {
            live->first[row] = time;
        }
        live->last[row] = time;
    }
    for (int i = 0; i < s->in_count; i++) {
        const struct mote_port *port = &s->in[i];
        for (int32_t k = 0; k < port->count; k++) {
            const int32_t row = live_row(plan, s, port, y, k);
            if (row >= 0) {
                live->last[live->row_at[port->buffer] + row] = time;
            }
        }
    }
}

int32_t live_follow(struct live *live, const struct plan *plan, const struct mote_firing *schedule, uint32_t count)
{
    int32_t time = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct mote_firing *f = &schedule[i];
        for (int32_t y = f->first; y < f->first + f->count; y++) {
            follow_firing(live, plan, &plan->steps[f->step], y, time++);
        }
    }
    return time;
}

bool live_in_place(const struct live *live, const struct plan *plan, const struct plan_step *step, int32_t y,
                   int32_t time)
{
    if (step->in_place == NO_BUFFER) {
        return false;
    }
    const int32_t out = step->out[0].buffer;
    const struct plan_buffer *from = &plan->buffers[step->in_place], *to = &plan->buffers[out];
    /* Equal types or bytes: a compiler may assume that other pointers never meet. */
    const bool types_fit = from->type == to->type || ir_type_bits(to->type) == 8;
    const bool is_free = plan_in_arena(from) && !from->is_state && !from->is_output && !to->is_state && !to->is_lasting;
    const bool rows_fit = from->row_count == to->row_count && from->row_bytes >= to->row_bytes;
    /* What lives and dies as a whole must be overwritten by one firing after the other. */
    const bool at_once = from->row_count > 1 || live->first[live->row_at[out]] == time - y;
    return types_fit && is_free && rows_fit && at_once &&
           live->last[live->row_at[step->in_place] + (from->row_count == 1 ? 0 : y)] == time;
}
