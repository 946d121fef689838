/* SPDX-License-Identifier: MIT
 *
 * Placement in the arena. An item is what has one address: a whole tensor, one row of a split tensor, the scratch
 * memory of a step. Its pieces say which of its bytes are alive when, so that a tensor that dies row by row from
 * its start makes room for another that grows there. Items go to the lowest offset where no piece meets a placed
 * one, in several orders; then the items that make the arena high move to the front and the packing is
 * repeated, as long as it is above the bound and there are tries left.
 */
#include <stdlib.h>
#include <string.h>

#include "place.h"

enum {
    TRIES = 512,    /* packings for each ranking */
    WORK = 1 << 24, /* comparisons in all of them */
};

/* Most bytes alive at once: no packing can be smaller. */
static uint32_t lower_bound(struct placer *p)
{
    int64_t *change = ARENA_ARRAY(p->plan->arena, p->times + 3, int64_t);
    for (int i = 0; i < p->item_count; i++) {
        for (int k = 0; k < p->items[i].piece_count; k++) {
            const struct piece *piece = &p->items[i].pieces[k];
            change[piece->first + 1] += piece->end - piece->start;
            change[piece->last + 2] -= piece->end - piece->start;
        }
    }
    int64_t alive = 0, most = 0;
    for (int i = 0; i < p->times + 2; i++) {
        alive += change[i];
        if (alive > most) {
            most = alive;
            p->peak = i - 1;
        }
    }
    return (uint32_t)most;
}

static int by_rank(const void *a, const void *b)
{
    return (*(struct item *const *)a)->rank - (*(struct item *const *)b)->rank;
}

static int by_start(const void *a, const void *b)
{
    const int64_t x = ((const struct range *)a)->start, y = ((const struct range *)b)->start;
    return x < y ? -1 : x > y;
}

/* Makes one of ranges that touch. */
static void unite_ranges(struct placer *p)
{
    int32_t kept = 0;
    qsort(p->ranges, (size_t)p->range_count, sizeof *p->ranges, by_start);
    for (int32_t i = 1; i < p->range_count; i++) {
        struct range *last = &p->ranges[kept];
        if (p->ranges[i].start > last->end) {
            p->ranges[++kept] = p->ranges[i];
        } else if (p->ranges[i].end > last->end) {
            last->end = p->ranges[i].end;
        }
    }
    p->range_count = kept + 1;
}

/* Neighbouring rows of two tensors forbid neighbouring offsets, so most ranges extend the one before. */
static void add_range(struct placer *p, int64_t start, int64_t end)
{
    struct range *last = p->range_count > 0 ? &p->ranges[p->range_count - 1] : NULL;
    if (last != NULL && start <= last->end && end >= last->start) {
        last->start = start < last->start ? start : last->start;
        last->end = end > last->end ? end : last->end;
        return;
    }
    if (p->range_count == p->range_capacity) {
        if (p->range_count > 0) {
            unite_ranges(p); /* two tensors of many rows meet in many places that are one */
        }
        if (p->range_count >= p->range_capacity / 2) {
            p->range_capacity = p->range_capacity * 2 + 4096;
            struct range *grown = ARENA_ARRAY(p->plan->arena, p->range_capacity, struct range);
            if (p->range_count > 0) {
                memcpy(grown, p->ranges, (size_t)p->range_count * sizeof *grown);
            }
            p->ranges = grown;
        }
    }
    p->ranges[p->range_count++] = (struct range){start, end};
}

/* Notes the offsets that `item` may not have because of one that is placed. */
static void forbid(struct placer *p, const struct item *item, const struct item *placed)
{
    if (item->first > placed->last || placed->first > item->last) {
        return;
    }
    for (int i = 0; i < item->piece_count; i++) {
        const struct piece *a = &item->pieces[i];
        for (int k = 0; k < placed->piece_count; k++) {
            const struct piece *b = &placed->pieces[k];
            if (a->first <= b->last && b->first <= a->last) {
                add_range(p, (int64_t)placed->offset + b->start - a->end + 1,
                          (int64_t)placed->offset + b->end - a->start);
            }
        }
    }
    p->work += (int64_t)item->piece_count * placed->piece_count;
}

/* The lowest offset in none of the placer's ranges. Each round drops the ranges below it and climbs over those that hold it;
 * most end after a few rounds. */
static uint32_t lowest_offset(struct placer *p, uint32_t align)
{
    int64_t offset = 0;
    bool climbed = true;
    while (climbed) {
        climbed = false;
        int32_t left = 0;
        p->work += p->range_count;
        for (int i = 0; i < p->range_count; i++) {
            const struct range r = p->ranges[i];
            if (r.start > offset) {
                p->ranges[left++] = r;
            } else if (r.end > offset) {
                offset = (r.end + align - 1) / align * align;
                climbed = true;
            }
        }
        p->range_count = left;
    }
    return (uint32_t)offset;
}

/* Places all items in the order of their ranks; returns the height. */
static uint32_t pack(struct placer *p)
{
    uint32_t height = 0;
    qsort(p->order, (size_t)p->item_count, sizeof *p->order, by_rank);
    for (int i = 0; i < p->item_count; i++) {
        struct item *item = p->order[i];
        p->range_count = 0;
        for (int k = 0; k < i; k++) {
            forbid(p, item, p->order[k]);
        }
        p->work += i;
        item->offset = item->piece_count > 0 ? lowest_offset(p, item->align) : 0;
        const uint32_t end = item->offset + item->size;
        height = item->piece_count > 0 && end > height ? end : height;
    }
    return height;
}

enum ranking { BY_SIZE, BY_AREA, BY_LIFE, BY_TIME, RANKINGS };

static double weight(const struct item *item, enum ranking ranking)
{
    const double life = (double)item->last - item->first + 1;
    switch (ranking) {
    case BY_SIZE:
        return item->size;
    case BY_AREA:
        return item->size * life;
    case BY_LIFE:
        return life;
    default:
        return -(double)item->first;
    }
}

struct weighed {
    double weight;
    int32_t first, item;
};

static int by_weight(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    if (x->weight != y->weight) {
        return x->weight > y->weight ? -1 : 1;
    }
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->item - y->item;
}

/* `scratch_last`: scratch memory, which often is small, takes what the tensors leave free. */
static void rank_by(struct placer *p, enum ranking ranking, bool scratch_last)
{
    struct weighed *w = ARENA_ARRAY(p->plan->arena, p->item_count, struct weighed);
    for (int i = 0; i < p->item_count; i++) {
        w[i] = (struct weighed){weight(&p->items[i], ranking), p->items[i].first, i};
    }
    qsort(w, (size_t)p->item_count, sizeof *w, by_weight);
    for (int i = 0; i < p->item_count; i++) {
        struct item *item = &p->items[w[i].item];
        item->rank = i + (scratch_last && item->is_scratch ? p->item_count : 0);
    }
}

/* Moves the items that reach to the top before all others. */
static void raise_top(struct placer *p, bool scratch_last)
{
    uint32_t height = 0;
    for (int i = 0; i < p->item_count; i++) {
        const struct item *item = &p->items[i];
        const bool counts = item->piece_count > 0 && !(scratch_last && item->is_scratch);
        height = counts && item->offset + item->size > height ? item->offset + item->size : height;
    }
    for (int i = 0; i < p->item_count; i++) {
        struct item *item = &p->items[i];
        const bool counts = item->piece_count > 0 && !(scratch_last && item->is_scratch);
        if (counts && item->offset + item->size == height) {
            item->rank -= p->item_count;
        }
    }
}

static void keep(const struct placer *p, uint32_t *offsets)
{
    for (int i = 0; i < p->item_count; i++) {
        offsets[i] = p->items[i].offset;
    }
}

static uint32_t search(struct placer *p, uint32_t bound, uint32_t *offsets)
{
    p->order = ARENA_ARRAY(p->plan->arena, p->item_count, struct item *);
    for (int i = 0; i < p->item_count; i++) {
        p->order[i] = &p->items[i];
    }
    uint32_t best = UINT32_MAX;
    for (int round = 0; round < 2 * RANKINGS && best > bound; round++) {
        const bool scratch_last = round % 2 == 0;
        rank_by(p, (enum ranking)(round / 2), scratch_last);
        for (int try = 0; try < TRIES && best > bound && (try == 0 || p->work < (int64_t)(round + 1) * WORK / RANKINGS);
             try++) {
            const uint32_t height = pack(p);
            if (height < best) {
                best = height;
                keep(p, offsets);
            }
            raise_top(p, scratch_last);
        }
    }
    return best == UINT32_MAX ? 0 : best;
}

static void take_offsets(struct placer *p, const uint32_t *offsets)
{
    struct plan *plan = p->plan;
    for (int i = 0; i < plan->buffer_count; i++) {
        struct plan_buffer *b = &plan->buffers[i];
        if (!plan_in_arena(b)) {
            continue;
        }
        const int32_t *item = &p->item_of_row[p->live.row_at[i]];
        b->offset = offsets[item[0]];
        if (b->is_split) {
            b->rows = ARENA_ARRAY(plan->arena, b->row_count, uint32_t);
            for (int r = 0; r < b->row_count; r++) {
                b->rows[r] = offsets[item[r]];
            }
        }
    }
    for (int i = 0; i < plan->step_count; i++) {
        plan->steps[i].scratch = p->item_of_step[i] >= 0 ? offsets[p->item_of_step[i]] : 0;
    }
}

/* How many rows of each tensor are alive at once, and at the peak. */
static void count_rows(const struct placer *p)
{
    int32_t *change = ARENA_ARRAY(p->plan->arena, p->times + 3, int32_t);
    for (int i = 0; i < p->plan->buffer_count; i++) {
        struct plan_buffer *b = &p->plan->buffers[i];
        memset(change, 0, (size_t)(p->times + 3) * sizeof *change);
        for (int r = 0; r < b->row_count && plan_in_arena(b); r++) {
            const struct piece piece = place_row_piece(p, i, r, 0, 0);
            if (piece.first != LIVE_NEVER) {
                change[piece.first + 1]++;
                change[piece.last + 2]--;
            }
        }
        int32_t alive = 0;
        for (int t = 0; t < p->times + 2; t++) {
            alive += change[t];
            b->most_rows = alive > b->most_rows ? alive : b->most_rows;
            b->peak_rows = t - 1 == p->peak ? alive : b->peak_rows;
        }
    }
}

/* The step that fires at a time. */
static int32_t step_at(const struct plan *plan, int32_t time)
{
    for (uint32_t i = 0; i < plan->schedule_count; i++) {
        if (time < plan->schedule[i].count) {
            return plan->schedule[i].step;
        }
        time -= plan->schedule[i].count;
    }
    return plan->step_count;
}

bool plan_place(struct plan *plan, struct diag *diag)
{
    struct placer p = {.plan = plan};
    if (!place_make_items(&p, diag)) {
        return false;
    }
    uint32_t *offsets = ARENA_ARRAY(plan->arena, p.item_count, uint32_t);
    plan->lower_bound = lower_bound(&p);
    plan->tensor_size = place_round_up(search(&p, plan->lower_bound, offsets), 8);
    take_offsets(&p, offsets);
    count_rows(&p);
    plan->peak_step = step_at(plan, p.peak);
    return true;
}
