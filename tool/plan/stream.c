/* SPDX-License-Identifier: MIT
 *
 * Row streaming. A segment is a run of steps that fire interleaved: its last steps ask for their rows one by one,
 * and every step before them computes just the rows that are asked for, once each. Between the steps of a segment
 * a tensor then needs only the rows still to be read.
 *
 * Which runs of steps become segments is found by simulation: cost(a, b) is the most bytes alive while the steps
 * [a, b) run as one segment, rows of tensors that come in from before or stay for later included. What is alive
 * at a boundary does not depend on how the steps on either side were cut, so the best cuts follow by dynamic
 * programming over the boundaries: the smallest peak, and among equals the fewest changes from step to step, or the
 * fewest segments, since tensors of which only some rows are alive are easier to place.
 */
#include <string.h>

#include "stages.h"

enum {
    MAX_SEGMENT = 256,        /* steps, bounds the recursion */
    MAX_FIRINGS = 1 << 14,    /* of the whole plan; beyond it, layers */
    SEARCH_FIRINGS = 1 << 23, /* in all simulations together */
};

struct firings {
    struct mote_firing *list;
    int32_t count, capacity;
};

struct stream {
    struct plan *plan;
    struct live live;
    struct firings firings;
    int32_t *done;    /* [step]: rows computed */
    int64_t *change;  /* [firing]: bytes that become alive with it */
    int64_t *touched; /* [buffer]: the last segment that touched it; segments count from 1 */
    int64_t segment;
    int64_t simulated; /* firings so far, against SEARCH_FIRINGS */
    enum plan_ties ties;
};

/* Best way to run the steps before a boundary. */
struct cut {
    int64_t peak;
    uint32_t changes;
    int32_t segments;
    int32_t from; /* the boundary where the last segment starts */
};

static void emit(struct plan *plan, struct firings *f, int32_t step, int32_t y)
{
    if (f->count > 0 && f->list[f->count - 1].step == step) {
        f->list[f->count - 1].count++;
        return;
    }
    ARENA_GROW(plan->arena, f->list, f->count, f->capacity);
    f->list[f->count++] = (struct mote_firing){(uint16_t)step, y, 1};
}

/* How many firings of its writer a buffer needs before row y of `step` can be computed. */
static int32_t firings_needed(const struct plan *plan, const struct plan_step *step, const struct mote_port *port,
                              int32_t y)
{
    const struct plan_buffer *b = &plan->buffers[port->buffer];
    if (b->row_count == 1) {
        return plan->steps[b->writer].rows;
    }
    int32_t need = 0;
    for (int32_t k = 0; k < port->count; k++) {
        const int32_t row = live_row(plan, step, port, y, k);
        need = row >= need ? row + 1 : need;
    }
    return need;
}

/* Fires `step` until `rows` of its rows are done, and before that whatever in the segment from `first` on it needs. */
static void advance(struct stream *s, int32_t first, int32_t step, int32_t rows)
{
    const struct plan_step *p = &s->plan->steps[step];
    while (s->done[step] < rows) {
        const int32_t y = s->done[step];
        for (int k = 0; k < p->in_count; k++) {
            const int32_t writer = s->plan->buffers[p->in[k].buffer].writer;
            if (writer >= first && writer != step) {
                advance(s, first, writer, firings_needed(s->plan, p, &p->in[k], y));
            }
        }
        emit(s->plan, &s->firings, step, y);
        s->done[step]++;
    }
}

static bool is_sink(const struct plan *plan, int32_t step, int32_t end)
{
    for (int k = 0; k < plan->steps[step].out_count; k++) {
        const struct plan_buffer *b = &plan->buffers[plan->steps[step].out[k].buffer];
        if (b->is_output || b->is_state || b->last_user >= end || b->last_user <= step) {
            return true;
        }
    }
    return false;
}

/* The sink that is least far along, the later one of equals; -1 when all are done. */
static int32_t next_sink(const struct stream *s, int32_t first, int32_t end)
{
    int32_t best = -1;
    for (int32_t i = first; i < end; i++) {
        const struct plan_step *p = &s->plan->steps[i];
        if (s->done[i] < p->rows && is_sink(s->plan, i, end) &&
            (best < 0 || (int64_t)s->done[i] * s->plan->steps[best].rows <= (int64_t)s->done[best] * p->rows)) {
            best = i;
        }
    }
    return best;
}

/* Appends the firings of the segment [first, end). */
static void simulate(struct stream *s, int32_t first, int32_t end)
{
    for (int32_t i = first; i < end; i++) {
        s->done[i] = 0;
    }
    for (int32_t sink; (sink = next_sink(s, first, end)) >= 0;) {
        advance(s, first, sink, s->done[sink] + 1);
    }
    for (int32_t i = first; i < end; i++) {
        s->simulated += s->done[i];
    }
}

/* Notes when the rows of a buffer that the segment touches become alive and when they die. */
static void count_buffer(struct stream *s, int32_t buffer, int32_t first, int32_t end, int32_t times)
{
    const struct plan_buffer *b = &s->plan->buffers[buffer];
    const bool stays = b->is_output || b->is_state || b->last_user >= end;
    for (int32_t r = 0; r < b->row_count; r++) {
        const int32_t row = s->live.row_at[buffer] + r;
        const bool is_new = b->writer >= first;
        const int32_t from = is_new ? s->live.first[row] : 0;
        const int32_t to = stays ? times - 1 : s->live.last[row];
        if (from >= 0 && to >= from) {
            s->change[from] += b->row_bytes;
            s->change[to + 1] -= b->row_bytes;
        }
        s->live.first[row] = s->live.last[row] = LIVE_NEVER;
    }
}

/* Rows that overwrite a dying row do not add to it; scratch memory lives for one firing. */
static void count_firings(struct stream *s)
{
    int32_t time = 0;
    for (int32_t i = 0; i < s->firings.count; i++) {
        const struct mote_firing *f = &s->firings.list[i];
        const struct plan_step *p = &s->plan->steps[f->step];
        for (int32_t y = f->first; y < f->first + f->count; y++, time++) {
            s->change[time] += (int64_t)p->scratch_size;
            s->change[time + 1] -= (int64_t)p->scratch_size;
            if (live_in_place(&s->live, s->plan, p, y, time)) {
                const struct plan_buffer *out = &s->plan->buffers[p->out[0].buffer];
                s->change[out->row_count > 1 ? time : time - y] -= out->row_bytes; /* a whole one since row 0 */
                s->change[time + 1] += out->row_bytes;
            }
        }
    }
}

static void touch(struct stream *s, const struct mote_port *ports, int32_t count)
{
    for (int k = 0; k < count; k++) {
        s->touched[ports[k].buffer] = s->segment;
    }
}

/* Marks the buffers that the segment touches. */
static void mark_touched(struct stream *s, int32_t first, int32_t end)
{
    s->segment++;
    for (int32_t i = first; i < end; i++) {
        const struct plan_step *p = &s->plan->steps[i];
        touch(s, p->in, p->in_count);
        touch(s, p->out, p->out_count);
    }
}

static int64_t cost(struct stream *s, int32_t first, int32_t end, uint32_t *changes)
{
    const struct plan *plan = s->plan;
    s->firings.count = 0;
    simulate(s, first, end);
    *changes = (uint32_t)s->firings.count;
    const int32_t times = live_follow(&s->live, plan, s->firings.list, *changes);
    memset(s->change, 0, ((size_t)times + 1) * sizeof *s->change);
    count_firings(s);
    mark_touched(s, first, end);
    int64_t alive = 0;
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        if (!plan_in_arena(b)) {
            continue;
        }
        if (s->touched[i] == s->segment) {
            count_buffer(s, i, first, end, times);
        } else if (b->is_state || (b->writer < first && (b->last_user >= end || b->is_output))) {
            alive += (int64_t)b->size;
        }
    }
    int64_t peak = alive;
    for (int32_t t = 0; t < times; t++) {
        alive += s->change[t];
        peak = alive > peak ? alive : peak;
    }
    return peak;
}

/* [step]: whether it writes a state that other steps touch. Such a step runs by itself, so that reads and writes of the
 * state keep their order; what a step remembers for itself alone is no concern of others. */
static bool *find_alone(const struct plan *plan)
{
    bool *is_alone = ARENA_ARRAY(plan->arena, plan->step_count, bool);
    int32_t *user = ARENA_ARRAY(plan->arena, plan->buffer_count, int32_t); /* 1 + step; -1: several */
    for (int32_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        for (int32_t k = 0; k < s->in_count + s->out_count; k++) {
            const int32_t b = k < s->in_count ? s->in[k].buffer : s->out[k - s->in_count].buffer;
            user[b] = user[b] == 0 || user[b] == i + 1 ? i + 1 : -1;
        }
    }
    for (int32_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        for (int32_t k = 0; k < s->out_count; k++) {
            is_alone[i] |= plan->buffers[s->out[k].buffer].is_state && user[s->out[k].buffer] < 0;
        }
    }
    return is_alone;
}

static bool is_better(const struct stream *s, const struct cut *a, const struct cut *b)
{
    if (a->peak != b->peak) {
        return a->peak < b->peak;
    }
    return s->ties == PLAN_FEW_SEGMENTS && a->segments != b->segments ? a->segments < b->segments
                                                                      : a->changes < b->changes;
}

/* Whether the segment [first, end) could be better than the best so far: the peak is no lower than before it, and no
 * step fires less than once. */
static bool may_be_better(const struct stream *s, const struct cut *best, int32_t first, int32_t end)
{
    const struct cut hoped = {best[first].peak, best[first].changes + (uint32_t)(end - first), best[first].segments + 1,
                              first};
    return is_better(s, &hoped, &best[end]);
}

static void find_cuts(struct stream *s, struct cut *best, enum plan_schedule how)
{
    struct plan *plan = s->plan;
    const bool *is_alone = find_alone(plan);
    for (int32_t end = 1; end <= plan->step_count; end++) {
        best[end] = (struct cut){INT64_MAX, 0, 0, end - 1};
        for (int32_t first = end - 1; first >= 0 && first >= end - MAX_SEGMENT; first--) {
            const bool single = first == end - 1;
            if (!single && (how == PLAN_LAYERS || is_alone[first] || is_alone[end - 1])) {
                break;
            }
            if (!may_be_better(s, best, first, end)) {
                continue;
            }
            if (!single && s->simulated > SEARCH_FIRINGS) {
                plan->is_settled = true;
                break;
            }
            struct cut c = {.segments = best[first].segments + 1, .from = first};
            const int64_t peak = cost(s, first, end, &c.changes);
            c.peak = peak > best[first].peak ? peak : best[first].peak;
            c.changes += best[first].changes;
            if (is_better(s, &c, &best[end])) {
                best[end] = c;
            }
        }
    }
}

static void take_cuts(struct plan *plan, const struct cut *best)
{
    for (int32_t end = plan->step_count; end > 0; end = best[end].from) {
        plan->segment_count++;
    }
    plan->segments = ARENA_ARRAY(plan->arena, plan->segment_count, struct plan_segment);
    int32_t i = plan->segment_count;
    for (int32_t end = plan->step_count; end > 0; end = best[end].from) {
        plan->segments[--i] = (struct plan_segment){best[end].from, end - best[end].from};
    }
}

/* Tensors that live within one segment are split into rows; `all`: those that stay for later, too. */
static void split_buffers(struct plan *plan, bool all)
{
    for (int k = 0; k < plan->buffer_count && all; k++) {
        struct plan_buffer *b = &plan->buffers[k];
        b->is_split =
            plan_in_arena(b) && b->row_count > 1 && !b->is_input && !b->is_output && !b->is_state && !b->is_lasting;
    }
    for (int i = 0; i < plan->segment_count; i++) {
        const int32_t first = plan->segments[i].first, end = first + plan->segments[i].count;
        for (int k = 0; k < plan->buffer_count; k++) {
            struct plan_buffer *b = &plan->buffers[k];
            b->is_split |= plan->segments[i].count > 1 && b->row_count > 1 && b->writer >= first &&
                           b->last_user < end && !b->is_output && !b->is_state;
        }
    }
}

static int64_t count_all_firings(const struct plan *plan)
{
    int64_t firings = 0;
    for (int i = 0; i < plan->step_count; i++) {
        firings += plan->steps[i].rows;
    }
    return firings;
}

void plan_stream(struct plan *plan, enum plan_schedule how, enum plan_ties ties, bool splits_all)
{
    struct stream s = {.plan = plan, .ties = ties};
    const int64_t firings = count_all_firings(plan);
    if (firings > MAX_FIRINGS) {
        how = PLAN_LAYERS;
        plan->is_settled = true;
    }
    struct cut *best = ARENA_ARRAY(plan->arena, plan->step_count + 1, struct cut);
    s.done = ARENA_ARRAY(plan->arena, plan->step_count, int32_t);
    if (how == PLAN_LAYERS) {
        for (int32_t i = 1; i <= plan->step_count; i++) {
            best[i].from = i - 1;
        }
    } else {
        s.change = ARENA_ARRAY(plan->arena, firings + 2, int64_t);
        s.touched = ARENA_ARRAY(plan->arena, plan->buffer_count, int64_t);
        live_init(&s.live, plan);
        find_cuts(&s, best, how);
    }
    take_cuts(plan, best);
    split_buffers(plan, splits_all);
    s.firings = (struct firings){0};
    for (int i = 0; i < plan->segment_count; i++) {
        const struct plan_segment *g = &plan->segments[i];
        if (g->count == 1) {
            emit(plan, &s.firings, g->first, 0);
            s.firings.list[s.firings.count - 1].count = plan->steps[g->first].rows;
        } else {
            simulate(&s, g->first, g->first + g->count);
        }
    }
    plan->schedule = s.firings.list;
    plan->schedule_count = (uint32_t)s.firings.count;
}
