/* SPDX-License-Identifier: MIT
 *
 * Layers that run once an invoke, have the same kernel and parameters, and differ in nothing but where their rows lie: the
 * steps of a recurrent layer that was unrolled. They have one function and a table of places; where a sequence of such
 * layers repeats, as it does from step to step, the schedule is a loop.
 */
#include <string.h>

#include "emitter.h"

static bool in_arena(const struct emitter *e, const struct mote_port *port)
{
    return plan_in_arena(&e->plan->buffers[port->buffer]);
}

/* Each port is one row, known here and now. */
static bool has_places(const struct plan_step *s)
{
    bool has = s->rows == 1 && s->image_rows == 1 && !emit_is_call(s);
    for (int k = 0; k < s->in_count && has; k++) {
        has = s->in[k].count == 1 && mote_port_row(&s->in[k], 1, 0, 0) >= 0;
    }
    return has;
}

static bool are_alike(const struct emitter *e, int32_t i, int32_t j)
{
    const struct plan_step *a = &e->plan->steps[i], *b = &e->plan->steps[j];
    bool alike = a->kernel == b->kernel && strcmp(e->params[i], e->params[j]) == 0 && a->in_count == b->in_count &&
                 a->out_count == b->out_count && has_places(b);
    for (int k = 0; k < a->in_count && alike; k++) {
        const bool is_place = in_arena(e, &a->in[k]);
        alike = is_place == in_arena(e, &b->in[k]) &&
                (is_place || (a->in[k].buffer == b->in[k].buffer &&
                              mote_port_row(&a->in[k], 1, 0, 0) == mote_port_row(&b->in[k], 1, 0, 0)));
    }
    return alike;
}

void emit_find_alike(struct emitter *e)
{
    const int32_t count = e->plan->step_count;
    int32_t *kinds = ARENA_ARRAY(e->plan->arena, count, int32_t), kind_count = 0;
    e->alike = ARENA_ARRAY(e->plan->arena, count, struct alike);
    for (int32_t i = 0; i < count; i++) {
        e->alike[i] = (struct alike){i, 0, 1};
    }
    for (int32_t i = e->plan->is_fed; i < count; i++) {
        if (!has_places(&e->plan->steps[i])) {
            continue;
        }
        int32_t k = 0;
        while (k < kind_count && !are_alike(e, kinds[k], i)) {
            k++;
        }
        if (k == kind_count) {
            kinds[kind_count++] = i;
        } else {
            e->alike[i] = (struct alike){kinds[k], e->alike[kinds[k]].count++, 0};
        }
    }
}

bool emit_has_places(const struct emitter *e, int32_t step) { return e->alike[e->alike[step].first].count > 1; }

static uint32_t place(const struct emitter *e, const struct mote_port *port, int32_t row)
{
    const struct plan_buffer *b = &e->plan->buffers[port->buffer];
    return b->is_split ? b->rows[row] : b->offset + (uint32_t)row * (uint32_t)port->row_bytes;
}

/* Of inputs in the arena, outputs, and scratch memory, in this order. */
static int32_t find_places(const struct emitter *e, const struct plan_step *s, uint32_t places[])
{
    int32_t count = 0;
    for (int k = 0; k < s->in_count; k++) {
        if (in_arena(e, &s->in[k])) {
            places[count++] = place(e, &s->in[k], mote_port_row(&s->in[k], 1, 0, 0));
        }
    }
    for (int k = 0; k < s->out_count; k++) {
        places[count++] = place(e, &s->out[k], 0);
    }
    if (s->scratch_size > 0) {
        places[count++] = s->scratch;
    }
    return count;
}

static const char *place_type(const struct emitter *e)
{
    return arena_printf(e->plan->arena, "const %suint%d_t", e->flash, e->top->tensor_size <= UINT16_MAX ? 16 : 32);
}

void emit_places(struct emitter *e, int32_t step)
{
    const struct plan *plan = e->plan;
    const struct plan_step *s = &plan->steps[step];
    uint32_t *places = ARENA_ARRAY(plan->arena, s->in_count + s->out_count + 1, uint32_t);
    const int32_t each = find_places(e, s, places), count = e->alike[step].count;
    text_add(&e->text, "/* and %d like it. Where the rows of each lie in the arena: */\n", count - 1);
    text_add(&e->text, "static %s %splaces_%d[%d][%d] = {\n", place_type(e), e->prefix, step, count, each);
    for (int32_t i = step; i < plan->step_count; i++) {
        if (e->alike[i].first == step) {
            find_places(e, &plan->steps[i], places);
            for (int32_t k = 0; k < each; k++) {
                text_add(&e->text, k == 0 ? "    {%u" : ", %u", places[k]);
            }
            text_add(&e->text, "},\n");
        }
    }
    text_add(&e->text, "};\nstatic void %slayer_%d(uint8_t *arena, %s *at)\n", e->prefix, step, place_type(e));
    e->flash_size += (size_t)count * (size_t)each * (e->top->tensor_size <= UINT16_MAX ? 2 : 4);
}

/*** Calls ***/

void emit_layer_call(struct emitter *e, int32_t step, const char *arena, const char *row)
{
    const struct alike *a = &e->alike[step];
    if (emit_has_places(e, step)) {
        text_add(&e->text, "%slayer_%d(%s, %splaces_%d[%d]);\n", e->prefix, a->first, arena, e->prefix, a->first,
                 a->index);
    } else {
        text_add(&e->text, "%slayer_%d(%s, %s);\n", e->prefix, step, arena, row);
    }
}

/* The layer that is all of a segment; -1: there are several, or it is like no other. */
static int32_t only_layer(const struct emitter *e, int32_t segment)
{
    const struct plan_segment *g = &e->plan->segments[segment];
    return segment < e->plan->segment_count && g->count == 1 && emit_has_places(e, g->first) ? g->first : -1;
}

/* How many segments from `first` on are like those `period` later, one after the other. */
static int32_t count_alike(const struct emitter *e, int32_t first, int32_t period)
{
    int32_t count = 0;
    for (;; count++) {
        const int32_t a = only_layer(e, first + count), b = only_layer(e, first + count + period);
        if (a < 0 || b < 0 || e->alike[a].first != e->alike[b].first) {
            return count;
        }
    }
}

static void write_loop(struct emitter *e, int32_t first, int32_t period, int32_t turns)
{
    text_add(&e->text, "    for (int32_t i = 0; i < %d; i++) {\n", turns);
    for (int32_t k = first; k < first + period; k++) {
        const struct alike *a = &e->alike[only_layer(e, k)];
        int32_t each = 0; /* calls of this function in a turn */
        for (int32_t other = first; other < first + period; other++) {
            each += e->alike[only_layer(e, other)].first == a->first;
        }
        const char *at = each > 1 ? arena_printf(e->plan->arena, "%d * i", each) : "i";
        at = a->index > 0 ? arena_printf(e->plan->arena, "%s + %d", at, a->index) : at;
        text_add(&e->text, "        %slayer_%d(a, %splaces_%d[%s]);\n", e->prefix, a->first, e->prefix, a->first, at);
    }
    text_add(&e->text, "    }\n");
}

int32_t emit_repeated(struct emitter *e, int32_t first)
{
    enum { PERIOD_MOST = 64 };
    int32_t best = 0, turns = 1;
    for (int32_t period = 1; period <= PERIOD_MOST && only_layer(e, first) >= 0; period++) {
        const int32_t here = 1 + count_alike(e, first, period) / period;
        if (here > 1 && here * period > best * turns) {
            best = period;
            turns = here;
        }
    }
    if (best > 0) {
        write_loop(e, first, best, turns);
    }
    return best * turns;
}
