/* SPDX-License-Identifier: MIT
 *
 * The items of placement: tensors, rows of split tensors, scratch memory of steps; and those that take the place of
 * another, which dies where they begin.
 */
#include <string.h>

#include "place.h"

enum { MAX_PIECES = 256 }; /* of a whole tensor; one with more rows lives and dies in bands of several */

static uint32_t item_align(const struct plan_buffer *b) { return ir_type_bits(b->type) == 64 ? 8 : 4; }

static struct item *add_item(struct placer *p, uint32_t size, uint32_t align, int32_t pieces)
{
    struct item *item = &p->items[p->item_count++];
    item->size = place_round_up(size, align);
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

struct piece place_row_piece(const struct placer *p, int32_t buffer, int32_t row, uint32_t start, uint32_t end)
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
        const struct piece piece = place_row_piece(p, buffer, r, 0, place_round_up(row_bytes, align));
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
        const struct piece piece = place_row_piece(p, buffer, r, 0, 0);
        if (all.first == LIVE_NEVER || (piece.first != LIVE_NEVER && piece.first < all.first)) {
            all.first = piece.first;
        }
        all.last = piece.first != LIVE_NEVER && piece.last > all.last ? piece.last : all.last;
        p->item_of_row[p->live.row_at[buffer] + r] = (int32_t)(item - p->items);
        if (is_last || (r + 1) % band == 0) {
            all.end = is_last ? place_round_up((uint32_t)b->size, align) : (uint32_t)(r + 1) * row_bytes;
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

bool place_make_items(struct placer *p, struct diag *diag)
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
