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

#include "stages.h"

enum {
    TRIES = 512,      /* packings for each ranking */
    WORK = 1 << 24,   /* comparisons in all of them */
    MAX_PIECES = 256, /* of a whole tensor; one with more rows lives and dies in bands of several */
};

struct piece {
    int32_t first, last; /* firings */
    uint32_t start, end; /* bytes, relative to the item */
};

struct item {
    struct piece *pieces;
    int32_t piece_count, piece_capacity;
    int32_t first, last;  /* of all pieces */
    uint32_t size, align; /* bytes */
    uint32_t offset;
    int32_t rank; /* smaller: placed earlier */
    bool is_scratch;
};

/* Offsets that an item may not have, half open. */
struct range {
    int64_t start, end;
};

struct placer {
    struct plan *plan;
    struct live live;
    int32_t times;
    struct item *items;
    int32_t item_count;
    int32_t *item_of_row;  /* [live row]; rows of a whole tensor share one */
    int32_t *item_of_step; /* scratch memory, or -1 */
    struct item **order;   /* in which they are placed */
    struct range *ranges;  /* for the item being placed */
    int32_t range_count, range_capacity;
    int64_t work; /* comparisons so far */
    int32_t peak; /* firing with the most bytes alive; LIVE_BEFORE: before the first */
};

static uint32_t item_align(const struct plan_buffer *b) { return ir_type_bits(b->type) == 64 ? 8 : 4; }

static uint32_t round_up(uint32_t n, uint32_t to) { return (n + to - 1) / to * to; }

static struct item *add_item(struct placer *p, uint32_t size, uint32_t align, int32_t pieces)
{
    struct item *item = &p->items[p->item_count++];
    item->size = round_up(size, align);
    item->align = align;
    item->pieces = ARENA_ARRAY(p->plan->arena, pieces, struct piece);
    item->piece_capacity = pieces;
    item->first = INT32_MAX;
    item->last = INT32_MIN;
    return item;
}

static void add_piece(struct item *item, struct piece piece)
{
    struct piece *last = item->piece_count > 0 ? &item->pieces[item->piece_count - 1] : NULL;
    if (last != NULL && last->first == piece.first && last->last == piece.last && last->end == piece.start) {
        last->end = piece.end;
    } else if (last != NULL && last->start == piece.start && last->end == piece.end && last->last + 1 == piece.first) {
        last->last = piece.last;
    } else {
        item->pieces[item->piece_count++] = piece;
    }
    item->first = piece.first < item->first ? piece.first : item->first;
    item->last = piece.last > item->last ? piece.last : item->last;
}

/* When a row is alive: states and outputs longer than they are touched. */
static struct piece row_piece(const struct placer *p, int32_t buffer, int32_t row, uint32_t start, uint32_t end)
{
    const struct plan_buffer *b = &p->plan->buffers[buffer];
    const int32_t r = p->live.row_at[buffer] + row;
    struct piece piece = {p->live.first[r], p->live.last[r], start, end};
    if (b->is_state || b->is_input || b->is_lasting) {
        piece.first = LIVE_BEFORE;
    }
    if (b->is_state || b->is_output) {
        piece.last = p->times;
    }
    piece.last = piece.last < piece.first ? piece.first : piece.last;
    return piece;
}

/* Each row has a place of its own. */
static void make_row_items(struct placer *p, int32_t buffer)
{
    const struct plan_buffer *b = &p->plan->buffers[buffer];
    const uint32_t align = item_align(b), row_bytes = (uint32_t)b->row_bytes;
    for (int32_t r = 0; r < b->row_count; r++) {
        struct item *item = add_item(p, row_bytes, align, 1);
        p->item_of_row[p->live.row_at[buffer] + r] = (int32_t)(item - p->items);
        const struct piece piece = row_piece(p, buffer, r, 0, round_up(row_bytes, align));
        if (piece.first != LIVE_NEVER) { /* a row that nobody asks for is never computed */
            add_piece(item, piece);
        }
    }
}

/* One place; its rows live and die in bands. */
static void make_whole_item(struct placer *p, int32_t buffer)
{
    const struct plan_buffer *b = &p->plan->buffers[buffer];
    const uint32_t align = item_align(b), row_bytes = (uint32_t)b->row_bytes;
    const int32_t band = (b->row_count + MAX_PIECES - 1) / MAX_PIECES;
    struct item *item = add_item(p, (uint32_t)b->size, align, (b->row_count + band - 1) / band);
    struct piece all = {LIVE_NEVER, LIVE_NEVER, 0, 0};
    for (int32_t r = 0; r < b->row_count; r++) {
        const bool is_last = r == b->row_count - 1;
        const struct piece piece = row_piece(p, buffer, r, 0, 0);
        if (all.first == LIVE_NEVER || (piece.first != LIVE_NEVER && piece.first < all.first)) {
            all.first = piece.first;
        }
        all.last = piece.first != LIVE_NEVER && piece.last > all.last ? piece.last : all.last;
        p->item_of_row[p->live.row_at[buffer] + r] = (int32_t)(item - p->items);
        if (is_last || (r + 1) % band == 0) {
            all.end = is_last ? round_up((uint32_t)b->size, align) : (uint32_t)(r + 1) * row_bytes;
            if (all.first != LIVE_NEVER) {
                add_piece(item, all);
            }
            all = (struct piece){LIVE_NEVER, LIVE_NEVER, all.end, all.end};
        }
    }
}

static void make_buffer_items(struct placer *p, int32_t buffer)
{
    if (p->plan->buffers[buffer].is_split) {
        make_row_items(p, buffer);
    } else {
        make_whole_item(p, buffer);
    }
}

/* Makes the item of one row take the place of another's, which dies where it begins. */
static void merge(struct placer *p, int32_t into, int32_t from, const struct plan_buffer *b)
{
    struct item *a = &p->items[into];
    const struct item *c = &p->items[from];
    const int32_t most = a->piece_count + c->piece_count;
    if (most > a->piece_capacity) {
        a->piece_capacity = 2 * most;
        struct piece *grown = ARENA_ARRAY(p->plan->arena, a->piece_capacity, struct piece);
        memcpy(grown, a->pieces, (size_t)a->piece_count * sizeof *grown);
        a->pieces = grown;
    }
    for (int i = 0; i < c->piece_count; i++) {
        struct piece piece = c->pieces[i], *same = NULL;
        for (int k = 0; k < a->piece_count; k++) { /* the two meet in the firings that read one and write the other */
            struct piece *dies = &a->pieces[k];
            if (dies->last >= piece.first && dies->start < piece.end && piece.start < dies->end) {
                piece.first = dies->last + 1;
            }
            same = dies->start == piece.start && dies->end == piece.end ? dies : same;
        }
        if (piece.first > piece.last) {
            continue;
        }
        if (same != NULL && same->last + 1 == piece.first) { /* so that a long chain does not become many pieces */
            same->last = piece.last;
        } else {
            a->pieces[a->piece_count++] = piece;
        }
        a->last = piece.last > a->last ? piece.last : a->last;
    }
    p->items[from].piece_count = 0;
    for (int32_t r = p->live.row_at[b - p->plan->buffers]; r < p->live.row_at[b - p->plan->buffers + 1]; r++) {
        if (p->item_of_row[r] == from) {
            p->item_of_row[r] = into;
        }
    }
}

/* The number of the firing of each step's rows, in the order of the schedule. */
static void merge_in_place(struct placer *p)
{
    struct plan *plan = p->plan;
    int32_t *fits = ARENA_ARRAY(plan->arena, plan->step_count, int32_t); /* rows that may be overwritten */
    for (int pass = 0; pass < 2; pass++) {
        int32_t time = 0;
        for (uint32_t i = 0; i < plan->schedule_count; i++) {
            const struct mote_firing *f = &plan->schedule[i];
            const struct plan_step *s = &plan->steps[f->step];
            for (int32_t y = f->first; y < f->first + f->count; y++, time++) {
                if (!live_in_place(&p->live, plan, s, y, time)) {
                    continue;
                }
                const int32_t from = s->in_place, to = s->out[0].buffer;
                const struct plan_buffer *a = &plan->buffers[from], *b = &plan->buffers[to];
                const int32_t into = p->item_of_row[p->live.row_at[from] + (a->row_count == 1 ? 0 : y)];
                const int32_t item = p->item_of_row[p->live.row_at[to] + (b->row_count == 1 ? 0 : y)];
                fits[f->step] += pass == 0;
                if (pass == 1 && into != item && a->is_split == b->is_split &&
                    (a->is_split ||
                     (fits[f->step] == a->row_count && (a->row_bytes == b->row_bytes || a->row_count == 1)))) {
                    merge(p, into, item, b);
                }
            }
        }
    }
}

static void make_scratch_items(struct placer *p)
{
    const struct plan *plan = p->plan;
    int32_t *runs = ARENA_ARRAY(plan->arena, plan->step_count, int32_t);
    for (uint32_t i = 0; i < plan->schedule_count; i++) {
        runs[plan->schedule[i].step]++;
    }
    for (int i = 0; i < plan->step_count; i++) {
        p->item_of_step[i] = -1;
        if (plan->steps[i].scratch_size > 0) {
            p->item_of_step[i] = p->item_count;
            add_item(p, (uint32_t)plan->steps[i].scratch_size, 8, runs[i])->is_scratch = true;
        }
    }
    int32_t time = 0;
    for (uint32_t i = 0; i < plan->schedule_count; i++) {
        const struct mote_firing *f = &plan->schedule[i];
        if (p->item_of_step[f->step] >= 0) {
            struct item *item = &p->items[p->item_of_step[f->step]];
            add_piece(item, (struct piece){time, time + f->count - 1, 0, item->size});
        }
        time += f->count;
    }
}

static bool make_items(struct placer *p, struct diag *diag)
{
    struct plan *plan = p->plan;
    live_init(&p->live, plan);
    p->times = live_follow(&p->live, plan, plan->schedule, plan->schedule_count);
    p->items = ARENA_ARRAY(plan->arena, p->live.row_count + plan->step_count, struct item);
    p->item_of_row = ARENA_ARRAY(plan->arena, p->live.row_count, int32_t);
    p->item_of_step = ARENA_ARRAY(plan->arena, plan->step_count, int32_t);
    int64_t total = 0;
    for (int i = 0; i < plan->buffer_count; i++) {
        if (plan_in_arena(&plan->buffers[i])) {
            make_buffer_items(p, i);
            total += (int64_t)plan->buffers[i].size;
        }
    }
    make_scratch_items(p);
    for (int i = 0; i < plan->step_count; i++) {
        total += (int64_t)plan->steps[i].scratch_size;
    }
    if (total > INT32_MAX) {
        return diag_fail(diag, "its tensors take %lld bytes, want at most 2 GiB", (long long)total);
    }
    merge_in_place(p);
    return true;
}

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
            const struct piece piece = row_piece(p, i, r, 0, 0);
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
    if (!make_items(&p, diag)) {
        return false;
    }
    uint32_t *offsets = ARENA_ARRAY(plan->arena, p.item_count, uint32_t);
    plan->lower_bound = lower_bound(&p);
    plan->tensor_size = round_up(search(&p, plan->lower_bound, offsets), 8);
    take_offsets(&p, offsets);
    count_rows(&p);
    plan->peak_step = step_at(plan, p.peak);
    return true;
}
