/* SPDX-License-Identifier: MIT */
#include "place.h"

/* Something that needs room: a buffer, the scratch memory of a step, the row pointers. */
struct block {
    size_t size;
    int32_t first, last; /* steps, both included */
    uint32_t offset;
};

static size_t align(size_t size) { return (size + MOTE_ARENA_ALIGN - 1) / MOTE_ARENA_ALIGN * MOTE_ARENA_ALIGN; }

static bool overlap_in_time(const struct block *a, const struct block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset at which `b` meets none of the placed blocks. */
static uint32_t lowest_gap(const struct block *b, const struct block *placed, int count)
{
    uint32_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < count; i++) {
            const struct block *p = &placed[i];
            if (overlap_in_time(b, p) && offset < p->offset + p->size && p->offset < offset + b->size) {
                offset = (uint32_t)(p->offset + p->size);
                moved = true;
            }
        }
    }
    return offset;
}

static uint32_t place(struct block *blocks, int *count, size_t size, int32_t first, int32_t last)
{
    struct block b = {align(size), first, last, 0};
    b.offset = lowest_gap(&b, blocks, *count);
    blocks[(*count)++] = b;
    return b.offset;
}

bool plan_place(struct plan *plan, struct diag *diag)
{
    (void)diag;
    struct block *blocks = ARENA_ARRAY(plan->arena, plan->buffer_count + plan->step_count + 1, struct block);
    int count = 0;
    for (int i = 0; i < plan->buffer_count; i++) {
        struct plan_buffer *b = &plan->buffers[i];
        if (b->data == NULL) {
            b->offset = place(blocks, &count, b->size, b->first, b->last);
        }
    }
    size_t pointers = 0;
    for (int i = 0; i < plan->step_count; i++) {
        struct plan_step *s = &plan->steps[i];
        if (s->scratch_size > 0) {
            s->scratch = place(blocks, &count, s->scratch_size, i, i);
        }
        size_t n = (size_t)s->out_count;
        for (int k = 0; k < s->in_count; k++) {
            n += s->in[k].count;
        }
        pointers = n > pointers ? n : pointers;
    }
    plan->code.row_pointers = place(blocks, &count, pointers * sizeof(void *), -1, plan->step_count);
    for (int i = 0; i < count; i++) {
        const uint32_t end = (uint32_t)(blocks[i].offset + blocks[i].size);
        plan->arena_size = end > plan->arena_size ? end : plan->arena_size;
    }
    return true;
}
