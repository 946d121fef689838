/* SPDX-License-Identifier: MIT */
#include "stages.h"

static uint32_t row_offset(const struct plan_buffer *b, int32_t row)
{
    return b->is_split ? b->rows[row] : b->offset + (uint32_t)row * (uint32_t)b->row_bytes;
}

/* When a row is alive; false: never. */
static bool row_life(const struct plan_buffer *b, const struct live *live, int32_t row, int32_t firings,
                     struct plan_block *block)
{
    const int32_t first = live->first[row], last = live->last[row];
    if (b->is_state) {
        block->first = 0;
        block->last = firings - 1;
        return true;
    }
    block->first = b->is_input || b->is_lasting ? 0 : first;
    block->last = b->is_output ? firings - 1 : last;
    return (b->is_input || first >= 0) && block->last >= block->first;
}

/* Whether a block goes on where the one before it ends, over the same time. */
static bool extends(const struct plan_block *a, const struct plan_block *b)
{
    return a->buffer == b->buffer && a->first == b->first && a->last == b->last && a->offset + a->size == b->offset;
}

struct plan_map plan_make_map(const struct plan *plan)
{
    struct plan_map map = {0};
    struct live live;
    live_init(&live, plan);
    map.firings = live_follow(&live, plan, plan->schedule, plan->schedule_count);
    map.blocks = ARENA_ARRAY(plan->arena, live.row_count, struct plan_block);
    for (int32_t i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        for (int32_t r = 0; plan_in_arena(b) && r < b->row_count; r++) {
            struct plan_block block = {.buffer = i, .offset = row_offset(b, r), .size = (uint32_t)b->row_bytes};
            if (row_life(b, &live, live.row_at[i] + r, map.firings, &block)) {
                if (map.count > 0 && extends(&map.blocks[map.count - 1], &block)) {
                    map.blocks[map.count - 1].size += block.size;
                } else {
                    map.blocks[map.count++] = block;
                }
            }
        }
    }
    return map;
}
