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

enum { MAX_PART = 64, BEAM = 512, SLOTS = 4096 };

struct state {
    uint64_t run;  /* steps of the part already run, a bit each */
    int64_t alive; /* bytes alive after them */
    int64_t peak;
    int32_t parent; /* state of the round before */
    int32_t step;   /* the last one run, relative to the part */
};

/* A tensor that a step touches and that may die within the part. */
struct use {
    uint64_t readers; /* steps of the part */
    int64_t size;
};

/* The states of a round by the set of their steps. */
struct index {
    int16_t slots[SLOTS]; /* state + 1, or what was one; 0: free */
    int32_t used, worst;  /* worst: the first state of the highest peak; -1: not known */
};

struct part {
    const struct plan *plan;
    int32_t first, count;
    uint64_t needs[MAX_PART];   /* steps that must come before */
    struct use *uses[MAX_PART]; /* of each step */
    int32_t use_count[MAX_PART];
    int64_t born[MAX_PART]; /* bytes that become alive with it */
    struct state *rounds;   /* [count + 1][BEAM] */
    int32_t *sizes;         /* [count + 1] */
    struct index *index;    /* of the round being filled */
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

static uint64_t readers_of(const struct part *part, int32_t buffer)
{
    uint64_t readers = 0;
    for (int i = 0; i < part->count; i++) {
        readers |= (uint64_t)touches(&part->plan->steps[part->first + i], buffer, false) << i;
    }
    return readers;
}

static void find_uses(struct part *part, int32_t step)
{
    const struct plan *plan = part->plan;
    const struct plan_step *s = &plan->steps[part->first + step];
    part->uses[step] = ARENA_ARRAY(plan->arena, s->in_count + s->out_count, struct use);
    for (int k = 0; k < s->in_count + s->out_count; k++) {
        const int32_t buffer = k < s->in_count ? s->in[k].buffer : s->out[k - s->in_count].buffer;
        const struct plan_buffer *b = &plan->buffers[buffer];
        bool stays = !plan_in_arena(b) || b->is_state || b->is_output || b->last_user >= part->first + part->count;
        for (int j = 0; j < k && !stays; j++) { /* counted already */
            stays = buffer == (j < s->in_count ? s->in[j].buffer : s->out[j - s->in_count].buffer);
        }
        if (!stays) {
            part->uses[step][part->use_count[step]++] = (struct use){readers_of(part, buffer), (int64_t)b->size};
        }
        part->born[step] += k >= s->in_count && !b->is_state ? (int64_t)b->size : 0;
    }
}

/* Bytes that die when `step` runs after the steps of `run`: what it reads and nobody after it does. */
static int64_t dying(const struct part *part, uint64_t run, int32_t step)
{
    const uint64_t after = run | UINT64_C(1) << step;
    int64_t size = 0;
    for (int k = 0; k < part->use_count[step]; k++) {
        const struct use *use = &part->uses[step][k];
        size += (use->readers & ~after) != 0 ? 0 : use->size;
    }
    return size;
}

/* The slot of the state of these steps, or a free one. */
static int16_t *find_slot(struct index *index, const struct state *round, uint64_t run)
{
    uint64_t h = run * UINT64_C(0x9E3779B97F4A7C15) >> 32;
    while (index->slots[h % SLOTS] != 0 && round[index->slots[h % SLOTS] - 1].run != run) {
        h++;
    }
    return &index->slots[h % SLOTS];
}

static void put(struct index *index, struct state *round, int32_t size, int32_t at, const struct state *new)
{
    if (index->used == SLOTS / 2) { /* most of them lead to states that gave way */
        memset(index->slots, 0, sizeof index->slots);
        for (int16_t i = 0; i < size; i++) {
            *find_slot(index, round, round[i].run) = (int16_t)(i + 1);
        }
        index->used = size;
    }
    *find_slot(index, round, new->run) = (int16_t)(at + 1);
    index->used++;
    round[at] = *new;
    index->worst = -1;
}

static int32_t find_worst(struct index *index, const struct state *round)
{
    if (index->worst < 0) {
        index->worst = 0;
        for (int i = 1; i < BEAM; i++) {
            index->worst = round[i].peak > round[index->worst].peak ? i : index->worst;
        }
    }
    return index->worst;
}

/* Adds a state to a round, or improves the one of the same set. */
static void offer(struct index *index, struct state *round, int32_t *size, const struct state *new)
{
    const int32_t same = *find_slot(index, round, new->run) - 1;
    if (same >= 0) {
        if (new->peak < round[same].peak) {
            round[same] = *new;
            index->worst = -1;
        }
    } else if (*size < BEAM) {
        put(index, round, *size, *size, new);
        (*size)++;
    } else if (new->peak < round[find_worst(index, round)].peak) {
        put(index, round, *size, index->worst, new);
    }
}

static void expand(const struct part *part, int32_t round)
{
    *part->index = (struct index){.worst = -1};
    const struct state *from = part->rounds + (ptrdiff_t)round * BEAM;
    for (int i = 0; i < part->sizes[round]; i++) {
        for (int32_t step = 0; step < part->count; step++) {
            const uint64_t run = from[i].run;
            if ((run >> step & 1) != 0 || (part->needs[step] & ~run) != 0) {
                continue;
            }
            const int64_t during = from[i].alive + part->born[step];
            const int64_t scratch = (int64_t)part->plan->steps[part->first + step].scratch_size;
            const struct state next = {
                .run = run | UINT64_C(1) << step,
                .alive = during - dying(part, run, step),
                .peak = during + scratch > from[i].peak ? during + scratch : from[i].peak,
                .parent = i,
                .step = step,
            };
            offer(part->index, part->rounds + (ptrdiff_t)(round + 1) * BEAM, &part->sizes[round + 1], &next);
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
    part.index = ARENA_NEW(plan->arena, struct index);
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
    for (int32_t i = 0; i < count; i++) {
        find_uses(&part, i);
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
