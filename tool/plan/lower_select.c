/* SPDX-License-Identifier: MIT
 *
 * Copies and selections. In a selection each axis has its own map from output index to input index, so the maps of
 * the outer axes say which input row an output row needs, and those of the inner axes which pieces of it.
 */
#include <string.h>

#include "lower_copy.h"

enum { MANY_PIECES = 8 }; /* more are cheaper as a table of elements */

int32_t copy_unit(const struct tensor *t) { return ir_type_bits(t->type) / 8; }

bool copy_check(struct lower *l, int i, int k)
{
    const struct tensor *in = lower_in(l, k), *out = lower_out(l, i);
    if (in->type != out->type) {
        return ir_fail(l->node, l->diag, "has an input of type %s and an output of type %s, want the same",
                       ir_type_text(in->type), ir_type_text(out->type));
    }
    if (copy_unit(in) == 0 || in->type == TYPE_STRING || in->type == TYPE_RESOURCE) {
        return lower_no_kernel(l, "types whose elements are whole bytes");
    }
    return true;
}

/*** Pieces ***/

struct copy_maker copy_begin(struct lower *l, int32_t unit, int32_t most_pieces)
{
    struct mote_copy *p = lower_kernel(l, KERNEL_copy_any);
    struct mote_piece *pieces = ARENA_ARRAY(l->plan->arena, most_pieces, struct mote_piece);
    struct mote_loop *loops = ARENA_ARRAY(l->plan->arena, most_pieces * MOTE_COPY_LOOPS, struct mote_loop);
    p->unit = unit;
    p->fill_row = -1;
    return (struct copy_maker){l, p, pieces, loops, 0, 0};
}

/* Makes the loop with the most turns the innermost one, which costs least a turn; the order is free. */
static void longest_inside(struct mote_loop *nest, int32_t count)
{
    for (int32_t i = 0; i < count - 1; i++) {
        if (nest[i].count > nest[count - 1].count) {
            const struct mote_loop swap = nest[i];
            nest[i] = nest[count - 1];
            nest[count - 1] = swap;
        }
    }
}

struct mote_piece *copy_add(struct copy_maker *m, struct mote_piece piece, int32_t count,
                            const struct mote_loop loops[])
{
    struct mote_loop *nest = m->loops + m->loop_count;
    int32_t kept = MOTE_COPY_LOOPS; /* the nest grows from the end */
    for (int32_t i = count - 1; i >= 0; i--) {
        const struct mote_loop loop = loops[i];
        const struct mote_loop *inner = &nest[kept];
        if (loop.count == 1) {
            continue;
        }
        if (kept == MOTE_COPY_LOOPS && loop.in_step == piece.run && loop.out_step == piece.run) {
            piece.run *= loop.count;
        } else if (kept < MOTE_COPY_LOOPS && loop.in_step == inner->count * inner->in_step &&
                   loop.out_step == inner->count * inner->out_step) {
            nest[kept].count *= loop.count;
        } else {
            nest[--kept] = loop;
        }
    }
    piece.first_loop = m->loop_count;
    piece.loop_count = MOTE_COPY_LOOPS - kept;
    memmove(nest, nest + kept, (size_t)piece.loop_count * sizeof *nest);
    longest_inside(nest, piece.loop_count);
    m->loop_count += piece.loop_count;
    m->pieces[m->piece_count] = piece;
    return &m->pieces[m->piece_count++];
}

void copy_end(struct copy_maker *m, int32_t phases, int32_t phase_rows)
{
    struct mote_piece *pieces = lower_alloc(m->l, (size_t)(m->piece_count > 0 ? m->piece_count : 1), sizeof *pieces);
    struct mote_loop *loops = lower_alloc(m->l, (size_t)(m->loop_count > 0 ? m->loop_count : 1), sizeof *loops);
    memcpy(pieces, m->pieces, (size_t)m->piece_count * sizeof *pieces);
    memcpy(loops, m->loops, (size_t)m->loop_count * sizeof *loops);
    m->p->pieces = pieces;
    m->p->loops = loops;
    m->p->phases = phases;
    m->p->phase_rows = phase_rows;
    m->p->piece_count = m->piece_count / phases;
}

/*** Rows of a selection ***/

struct select_axis select_axis(struct lower *l, int32_t in, int32_t out)
{
    return (struct select_axis){in, out, lower_alloc(l, (size_t)(out > 0 ? out : 1), sizeof(int32_t))};
}

static bool is_identity(const struct select_axis *a)
{
    for (int32_t o = 0; o < a->out; o++) {
        if (a->from[o] != o) {
            return false;
        }
    }
    return a->in == a->out;
}

/* The window for a map from output line to one of `lines` input lines, as stride and padding if it is affine, which
 * also must give lines outside exactly where the map does. */
static struct lower_window find_window(const int32_t *from, int32_t count, int32_t lines)
{
    struct lower_window w = {.count = 1, .stride = 1, .dilation = 1};
    int32_t first = 0;
    while (first < count && from[first] < 0) {
        first++;
    }
    if (first < count) {
        if (first + 1 < count && from[first + 1] > from[first]) {
            w.stride = from[first + 1] - from[first];
        }
        w.pad = first * w.stride - from[first];
    } else {
        w.pad = count; /* all outside */
    }
    for (int32_t v = 0; v < count; v++) {
        const int64_t line = (int64_t)v * w.stride - w.pad;
        if (from[v] != (line < 0 || line >= lines ? -1 : line)) {
            return (struct lower_window){.count = 1, .dilation = 1, .lines = from};
        }
    }
    return w;
}

/* Ports for an output of rows [a.out, b.out] from an input of rows [a.in, b.in]. */
static void select_rows(struct lower *l, int i, int k, const struct select_axis *a, const struct select_axis *b,
                        int32_t in_bytes, int32_t out_bytes)
{
    if (is_identity(a)) {
        lower_out_view(l, i, (struct lower_lines){a->out, b->out, out_bytes});
        lower_in_view(l, k, (struct lower_lines){a->in, b->in, in_bytes}, find_window(b->from, b->out, b->in));
        return;
    }
    int32_t *from = lower_alloc(l, (size_t)a->out * (size_t)b->out, sizeof *from);
    for (int32_t n = 0, r = 0; n < a->out; n++) {
        for (int32_t v = 0; v < b->out; v++) {
            from[r++] = a->from[n] < 0 || b->from[v] < 0 ? -1 : a->from[n] * b->in + b->from[v];
        }
    }
    lower_out_view(l, i, (struct lower_lines){1, a->out * b->out, out_bytes});
    lower_in_view(l, k, (struct lower_lines){1, a->in * b->in, in_bytes},
                  find_window(from, a->out * b->out, a->in * b->in));
}

/*** Lines of a selection ***/

static bool has_outside(const struct select_axis *a)
{
    for (int32_t o = 0; o < a->out; o++) {
        if (a->from[o] < 0) {
            return true;
        }
    }
    return false;
}

/* Part of an axis: out indices [start, start + outer * inner), from[start + o * inner + i] =
 * from[start] + o * outer_step + i * inner_step. */
struct segment {
    int32_t start, outer, outer_step, inner, inner_step;
};

/* The longest affine stretch from `start`, cut off at a fill value. */
static struct segment find_stretch(const struct select_axis *a, int32_t start)
{
    const int32_t *from = a->from + start;
    const int32_t left = a->out - start;
    const int32_t step = left > 1 && from[1] >= 0 ? from[1] - from[0] : 0;
    int32_t n = 1;
    while (n < left && from[n] >= 0 && from[n] - from[n - 1] == step) {
        n++;
    }
    return (struct segment){start, 1, 0, n, step};
}

/* The whole axis as a stretch that repeats, if it is one: tiling, enlarging by an integer. */
static bool find_repeat(const struct select_axis *a, struct segment *s)
{
    if (has_outside(a)) {
        return false;
    }
    *s = find_stretch(a, 0);
    if (a->out % s->inner != 0) {
        return false;
    }
    s->outer = a->out / s->inner;
    s->outer_step = s->outer > 1 ? a->from[s->inner] - a->from[0] : 0;
    for (int32_t o = 0; o < a->out; o++) {
        if (a->from[o] != a->from[0] + o / s->inner * s->outer_step + o % s->inner * s->inner_step) {
            return false;
        }
    }
    return true;
}

/* Cuts an axis into segments; returns how many it takes, of which the first `most` are given. */
static int32_t find_segments(const struct select_axis *a, struct segment *segments, int32_t most)
{
    if (find_repeat(a, &segments[0])) {
        return 1;
    }
    int32_t count = 0;
    for (int32_t o = 0; o < a->out;) {
        if (a->from[o] < 0) {
            o++;
            continue;
        }
        const struct segment s = find_stretch(a, o);
        if (count < most) {
            segments[count] = s;
        }
        count++;
        o += s.inner;
    }
    return count;
}

/* A line as pieces: one for each combination of the axes' segments. */
static void select_pieces(struct copy_maker *m, int32_t rank, const struct select_axis axis[], int32_t unit,
                          struct segment *const segments[], const int32_t counts[])
{
    int32_t at[IR_MAX_RANK] = {0};
    for (int32_t d = 0; d >= 0;) {
        struct mote_piece piece = {.run = unit, .table = -1};
        struct mote_loop loops[2 * IR_MAX_RANK] = {{0}};
        int32_t in_step = unit, out_step = unit;
        for (d = rank - 1; d >= 0; d--) {
            const struct segment *s = &segments[d][at[d]];
            piece.in_start += axis[d].from[s->start] * in_step;
            piece.out_start += s->start * out_step;
            loops[2 * d] = (struct mote_loop){s->outer, s->outer_step * in_step, s->inner * out_step};
            loops[2 * d + 1] = (struct mote_loop){s->inner, s->inner_step * in_step, out_step};
            in_step *= axis[d].in;
            out_step *= axis[d].out;
        }
        copy_add(m, piece, 2 * rank, loops);
        for (d = rank - 1; d >= 0 && ++at[d] == counts[d]; d--) {
            at[d] = 0;
        }
    }
}

/* A line as a table of the runs it picks. */
static void select_table(struct lower *l, int32_t rank, const struct select_axis axis[], int32_t unit)
{
    struct mote_pick *p = lower_kernel(l, KERNEL_pick_any);
    p->run = unit;
    while (rank > 0 && is_identity(&axis[rank - 1])) {
        p->run *= axis[--rank].out;
    }
    p->count = 1;
    for (int32_t d = 0; d < rank; d++) {
        p->count *= axis[d].out;
    }
    int32_t *from = lower_alloc(l, (size_t)p->count, sizeof *from);
    p->from = from;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t rest = i, step = p->run;
        for (int32_t d = rank - 1; d >= 0; d--) {
            from[i] += axis[d].from[rest % axis[d].out] * step;
            rest /= axis[d].out;
            step *= axis[d].in;
        }
    }
}

static void select_line(struct lower *l, int32_t rank, const struct select_axis axis[], int32_t unit,
                        const struct select_fill *fill, int32_t out_bytes)
{
    struct segment *segments[IR_MAX_RANK];
    int32_t counts[IR_MAX_RANK];
    int64_t pieces = 1;
    bool outside = false;
    for (int32_t d = 0; d < rank; d++) {
        segments[d] = ARENA_ARRAY(l->plan->arena, MANY_PIECES, struct segment);
        counts[d] = find_segments(&axis[d], segments[d], MANY_PIECES);
        pieces *= counts[d];
        outside = outside || has_outside(&axis[d]);
    }
    if (pieces > MANY_PIECES && fill == NULL) {
        select_table(l, rank, axis, unit);
        return;
    }
    struct copy_maker m = copy_begin(l, unit, (int32_t)pieces + 1);
    if (pieces > 0) {
        select_pieces(&m, rank, axis, unit, segments, counts);
    }
    copy_end(&m, 1, 1);
    if (fill != NULL) {
        m.p->fill = outside ? MOTE_FILL_ALWAYS : MOTE_FILL_OUTSIDE;
        m.p->out_bytes = out_bytes;
        memcpy(m.p->value, fill->value, sizeof m.p->value);
    }
}

struct select_fill select_zero(const struct tensor *t)
{
    const bool quantised = t->type == TYPE_S8 || t->type == TYPE_U8;
    return (struct select_fill){.value = {quantised ? (uint8_t)ir_zero_point(t) : 0}, .input = -1};
}

bool lower_select(struct lower *l, int i, int k, int32_t rank, const struct select_axis axis[],
                  const struct select_fill *fill)
{
    const int32_t unit = copy_unit(lower_out(l, i));
    if (ir_count(lower_out(l, i)) == 0) {
        return true; /* nothing to do, no step */
    }
    struct select_axis one = select_axis(l, 1, 1);
    const struct select_axis *a = rank >= 3 ? &axis[0] : &one;
    const struct select_axis *b = rank >= 3 ? &axis[1] : rank == 2 ? &axis[0] : &one;
    const int32_t outer = rank >= 3 ? 2 : rank == 2 ? 1 : 0;
    int32_t in_bytes = unit, out_bytes = unit;
    for (int32_t d = outer; d < rank; d++) {
        in_bytes *= axis[d].in;
        out_bytes *= axis[d].out;
    }
    select_line(l, rank - outer, axis + outer, unit, fill, out_bytes);
    select_rows(l, i, k, a, b, in_bytes, out_bytes);
    if (fill != NULL && fill->input >= 0) {
        ((struct mote_copy *)l->step->params)->fill_row = 1;
        lower_in_whole(l, fill->input);
    }
    return true;
}
