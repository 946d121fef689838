/* SPDX-License-Identifier: MIT
 *
 * The order of the steps, where the graph leaves a choice. The steps between two points at which a single
 * tensor is alive are sorted by themselves: a search over the sets of steps already run, one more step a
 * round, that keeps for each set the way to it with the smallest peak. Only the BEAM best sets of a round go
 * on; where there are fewer the order found is the best one. Here a tensor counts as a whole.
 */
#include <stdlib.h>
#include <string.h>

#include "stages.h"

enum { MAX_PART = 64, BEAM = 512 };

struct state {
    uint64_t run;  /* steps of the part already run, a bit each */
    int64_t alive; /* bytes alive after them */
    int64_t peak;
    int32_t parent; /* state of the round before */
    int32_t step;   /* the last one run, relative to the part */
};

struct part {
    const struct plan *plan;
    int32_t first, count;
    uint64_t needs[MAX_PART]; /* steps that must come before */
    struct state *rounds;     /* [count + 1][BEAM] */
    int32_t *sizes;           /* [count + 1] */
};

static bool touches(const struct plan_step *s, int32_t buffer, bool as_output)
{
    const struct mote_port *ports = as_output ? s->out : s->in;
    const int32_t count = as_output ? s->out_count : s->in_count;
    for (int i = 0; i < count; i++) {
        if (ports[i].buffer == buffer) {
            return true;
        }
    }
    return false;
}

/* Must `later` stay behind `earlier`? Yes where either writes what the other touches. */
static bool depends(const struct plan_step *later, const struct plan_step *earlier)
{
    for (int i = 0; i < earlier->out_count; i++) {
        if (touches(later, earlier->out[i].buffer, false) || touches(later, earlier->out[i].buffer, true)) {
            return true;
        }
    }
    for (int i = 0; i < later->out_count; i++) {
        if (touches(earlier, later->out[i].buffer, false)) {
            return true;
        }
    }
    return false;
}

/* Bytes that die when `step` runs after the steps of `run`: what it reads and nobody after it does. */
static int64_t dying(const struct part *part, uint64_t run, int32_t step)
{
    const struct plan *plan = part->plan;
    const struct plan_step *s = &plan->steps[part->first + step];
    const uint64_t after = run | UINT64_C(1) << step;
    int64_t size = 0;
    for (int k = 0; k < s->in_count + s->out_count; k++) {
        const int32_t buffer = k < s->in_count ? s->in[k].buffer : s->out[k - s->in_count].buffer;
        const struct plan_buffer *b = &plan->buffers[buffer];
        bool stays = !plan_in_arena(b) || b->is_state || b->is_output || b->last_user >= part->first + part->count;
        for (int j = 0; j < k && !stays; j++) { /* counted already */
            stays = buffer == (j < s->in_count ? s->in[j].buffer : s->out[j - s->in_count].buffer);
        }
        for (int i = 0; i < part->count && !stays; i++) {
            stays = (after >> i & 1) == 0 && touches(&plan->steps[part->first + i], buffer, false);
        }
        size += stays ? 0 : (int64_t)b->size;
    }
    return size;
}

static int64_t born(const struct part *part, int32_t step)
{
    const struct plan_step *s = &part->plan->steps[part->first + step];
    int64_t size = 0;
    for (int k = 0; k < s->out_count; k++) {
        const struct plan_buffer *b = &part->plan->buffers[s->out[k].buffer];
        size += b->is_state ? 0 : (int64_t)b->size;
    }
    return size;
}

/* Adds a state to a round, or improves the one of the same set. */
static void offer(struct state *round, int32_t *size, const struct state *new)
{
    int32_t worst = 0;
    for (int i = 0; i < *size; i++) {
        if (round[i].run == new->run) {
            if (new->peak < round[i].peak) {
                round[i] = *new;
            }
            return;
        }
        worst = round[i].peak > round[worst].peak ? i : worst;
    }
    if (*size < BEAM) {
        round[(*size)++] = *new;
    } else if (new->peak < round[worst].peak) {
        round[worst] = *new;
    }
}

static void expand(const struct part *part, int32_t round)
{
    const struct state *from = part->rounds + (ptrdiff_t)round * BEAM;
    for (int i = 0; i < part->sizes[round]; i++) {
        for (int32_t step = 0; step < part->count; step++) {
            const uint64_t run = from[i].run;
            if ((run >> step & 1) != 0 || (part->needs[step] & ~run) != 0) {
                continue;
            }
            const int64_t during = from[i].alive + born(part, step);
            const int64_t scratch = (int64_t)part->plan->steps[part->first + step].scratch_size;
            const struct state next = {
                .run = run | UINT64_C(1) << step,
                .alive = during - dying(part, run, step),
                .peak = during + scratch > from[i].peak ? during + scratch : from[i].peak,
                .parent = i,
                .step = step,
            };
            offer(part->rounds + (ptrdiff_t)(round + 1) * BEAM, &part->sizes[round + 1], &next);
        }
    }
}

/* Sorts the steps [first, first + count) where that lowers their peak. */
static void sort_part(struct plan *plan, int32_t first, int32_t count)
{
    if (count < 3 || count > MAX_PART) {
        plan->is_settled |= count > MAX_PART;
        return;
    }
    struct part part = {.plan = plan, .first = first, .count = count};
    bool has_choice = false;
    for (int32_t i = 1; i < count; i++) {
        for (int32_t k = 0; k < i; k++) {
            if (depends(&plan->steps[first + i], &plan->steps[first + k])) {
                part.needs[i] |= UINT64_C(1) << k;
            }
        }
        has_choice |= (part.needs[i] >> (i - 1) & 1) == 0;
    }
    if (!has_choice) {
        return;
    }
    part.rounds = calloc((size_t)(count + 1) * BEAM, sizeof *part.rounds);
    part.sizes = calloc((size_t)count + 1, sizeof *part.sizes);
    struct plan_step *sorted = malloc((size_t)count * sizeof *sorted);
    if (part.rounds != NULL && part.sizes != NULL && sorted != NULL) {
        part.sizes[0] = 1;
        for (int32_t round = 0; round < count; round++) {
            expand(&part, round);
        }
        int32_t at = 0;
        for (int32_t round = count; round > 0; round--) {
            const struct state *s = &part.rounds[(ptrdiff_t)round * BEAM + at];
            sorted[round - 1] = plan->steps[first + s->step];
            at = s->parent;
        }
        memcpy(plan->steps + first, sorted, (size_t)count * sizeof *sorted);
    }
    free(part.rounds);
    free(part.sizes);
    free(sorted);
}

/* Tensors that are alive between the steps before `boundary` and those from there on. */
static int32_t crossing(const struct plan *plan, int32_t boundary)
{
    int32_t count = 0;
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        count += plan_in_arena(b) && !b->is_state && b->writer < boundary && (b->last_user >= boundary || b->is_output);
    }
    return count;
}

void plan_order(struct plan *plan)
{
    int32_t first = 0;
    for (int32_t i = 1; i <= plan->step_count; i++) {
        if (i == plan->step_count || crossing(plan, i) <= 1) {
            sort_part(plan, first, i - first);
            first = i;
        }
    }
}
