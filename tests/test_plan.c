/* SPDX-License-Identifier: MIT
 *
 * The planner against an independent account of the arena: each byte carries the name of the row it holds, a plan is
 * played firing by firing, and whatever a firing reads must still be there. Random graphs with branches, strides,
 * dilations and odd sizes, and every model given on the command line. Streamed and layer by layer, the same bits.
 *
 *     test_plan [MODEL...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tool/pass/pass.h"
#include "../tool/read/read.h"
#include "../tool/run/run.h"
#include "random_graph.h"

enum { GRAPHS = 200, MEMORY_LIMIT = 1 << 30, SCRATCH = -1 };

static int passed, failed;

/*** The account ***/

struct account {
    const struct plan *plan;
    int32_t *holder;    /* [byte of the arena]: row that was written there last */
    int32_t *first_row; /* [buffer]: name of its row 0; names start at 1 */
    struct diag *diag;
};

static uint32_t row_offset(const struct plan_buffer *b, int32_t row)
{
    return b->is_split ? b->rows[row] : b->offset + (uint32_t)row * (uint32_t)b->row_bytes;
}

static void hold(struct account *a, uint32_t offset, uint32_t size, int32_t name)
{
    for (uint32_t i = offset; i < offset + size; i++) {
        a->holder[i] = name;
    }
}

static bool holds(struct account *a, uint32_t offset, uint32_t size, int32_t name, const char *what, int32_t row)
{
    for (uint32_t i = offset; i < offset + size; i++) {
        if (a->holder[i] != name) {
            return diag_fail(a->diag, "%s, row %d: byte %u is overwritten", what, row, i);
        }
    }
    return true;
}

static bool check_row(struct account *a, int32_t buffer, int32_t row)
{
    const struct plan_buffer *b = &a->plan->buffers[buffer];
    return !plan_in_arena(b) ||
           holds(a, row_offset(b, row), (uint32_t)b->row_bytes, a->first_row[buffer] + row, b->name, row);
}

static bool check_inputs(struct account *a, const struct plan_step *s, int32_t y, int32_t except)
{
    for (int i = 0; i < s->in_count; i++) {
        const struct mote_port *port = &s->in[i];
        for (int k = 0; k < port->count && port->buffer != except; k++) {
            const bool whole = a->plan->buffers[port->buffer].row_count == 1;
            const int32_t row = whole ? 0 : mote_port_row(port, s->image_rows, y, k);
            if (row >= 0 && !check_row(a, port->buffer, row)) {
                return false;
            }
        }
    }
    return true;
}

static bool play(struct account *a, const struct plan_step *s, int32_t y)
{
    /* A buffer that is overwritten row by row, but has one name as a whole, is known only the first time. */
    const bool is_nameless = y > 0 && s->in_place != NO_BUFFER && a->plan->buffers[s->in_place].row_count == 1;
    hold(a, s->scratch, (uint32_t)s->scratch_size, SCRATCH);
    if (!check_inputs(a, s, y, is_nameless ? s->in_place : NO_BUFFER)) {
        return false;
    }
    for (int i = 0; i < s->out_count; i++) {
        const struct plan_buffer *b = &a->plan->buffers[s->out[i].buffer];
        const int32_t row = b->row_count == 1 ? 0 : y;
        const bool keeps = b->is_state || (s->out[i].stride == 0 && y > 0); /* what earlier firings made */
        if (keeps && !check_row(a, s->out[i].buffer, row)) {
            return false;
        }
        hold(a, row_offset(b, row), (uint32_t)b->row_bytes, a->first_row[s->out[i].buffer] + row);
    }
    return check_inputs(a, s, y, s->in_place) &&
           holds(a, s->scratch, (uint32_t)s->scratch_size, SCRATCH, "scratch memory", y);
}

static bool check_plan(const struct plan *plan, struct diag *diag)
{
    struct account a = {.plan = plan, .diag = diag};
    a.holder = ARENA_ARRAY(plan->arena, plan->arena_size, int32_t);
    a.first_row = ARENA_ARRAY(plan->arena, plan->buffer_count, int32_t);
    int32_t name = 1;
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        a.first_row[i] = name;
        for (int32_t r = 0; r < b->row_count && plan_in_arena(b) && (b->is_input || b->is_state); r++) {
            hold(&a, row_offset(b, r), (uint32_t)b->row_bytes, name + r);
        }
        name += b->row_count;
    }
    for (uint32_t i = 0; i < plan->schedule_count; i++) {
        const struct mote_firing *f = &plan->schedule[i];
        for (int32_t y = f->first; y < f->first + f->count; y++) {
            if (!play(&a, &plan->steps[f->step], y)) {
                return false;
            }
        }
    }
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        for (int32_t r = 0; r < b->row_count && (b->is_output || b->is_state); r++) {
            if (!check_row(&a, i, r)) {
                return false;
            }
        }
    }
    return plan->tensor_size >= plan->lower_bound || diag_fail(diag, "smaller than the bound");
}

/* Whether a step writes buffer b over buffer a, which has one name as a whole. */
static bool overwrites(const struct plan *plan, int32_t a, int32_t b)
{
    const int32_t writer = plan->buffers[b].writer;
    return writer >= 0 && plan->steps[writer].in_place == a && plan->buffers[a].row_count == 1;
}

/* No two blocks of the map share a byte at a time; one may begin where another ends, by the firing that does both. */
static bool check_map(const struct plan *plan, struct diag *diag)
{
    const struct plan_map map = plan_make_map(plan);
    for (int i = 0; i < map.count; i++) {
        const struct plan_block *a = &map.blocks[i];
        if (a->first < 0 || a->last >= map.firings || a->offset + a->size > plan->tensor_size) {
            return diag_fail(diag, "map: a block of %s is outside", plan->buffers[a->buffer].name);
        }
        for (int k = 0; k < i; k++) {
            const struct plan_block *b = &map.blocks[k];
            const bool apart = a->offset >= b->offset + b->size || b->offset >= a->offset + a->size;
            const bool hands_over = a->first >= b->last || b->first >= a->last;
            if (!apart && !hands_over && !overwrites(plan, a->buffer, b->buffer) &&
                !overwrites(plan, b->buffer, a->buffer)) {
                return diag_fail(diag, "map: %s meets %s", plan->buffers[a->buffer].name,
                                 plan->buffers[b->buffer].name);
            }
        }
    }
    return true;
}

/*** Checking ***/

static const uint8_t *run_plan(const struct plan *plan, const uint8_t *in)
{
    uint8_t *out = arena_alloc(plan->arena, run_output_size(plan) + 1);
    struct runner runner = {plan, arena_alloc(plan->arena, plan->arena_size)};
    memset(runner.arena, 0xA5, plan->arena_size);
    mote_init(&plan->code, runner.arena);
    run_invoke(&runner, in, out);
    return out;
}

static void check_graph(struct graph *g, const char *name, bool verbose)
{
    struct diag diag = {0};
    struct plan stream, layers, fed, flash;
    bool ok = plan_graph(g, PLAN_LAYERS, &layers, &diag) && check_plan(&layers, &diag) &&
              plan_graph(g, PLAN_STREAM, &stream, &diag) && check_plan(&stream, &diag) && check_map(&stream, &diag) &&
              plan_graph_for(g, PLAN_STREAM, PLAN_FLASH, &flash, &diag) && check_plan(&flash, &diag) &&
              (g->input_count != 1 || (plan_graph(g, PLAN_FED, &fed, &diag) && check_plan(&fed, &diag)));
    if (ok) {
        const size_t size = run_input_size(&stream);
        uint8_t *in = arena_alloc(g->arena, size + 1);
        for (size_t i = 0; i < size; i++) {
            in[i] = (uint8_t)(i * i * 31 + i);
        }
        const uint8_t *out = run_plan(&layers, in);
        const size_t out_size = run_output_size(&layers);
        ok = (memcmp(out, run_plan(&stream, in), out_size) == 0 && memcmp(out, run_plan(&flash, in), out_size) == 0 &&
              (g->input_count != 1 || memcmp(out, run_plan(&fed, in), out_size) == 0)) ||
             diag_fail(&diag, "the results differ from those layer by layer");
    }
    passed += ok;
    failed += !ok;
    if (!ok) {
        printf("%s: %s\n", name, diag.text);
    } else if (verbose) {
        printf("%-32.32s %3d steps, layers %7u (bound %7u), streamed %7u (bound %7u) in %d segments, fed %7u%s\n", name,
               stream.step_count, layers.tensor_size, layers.lower_bound, stream.tensor_size, stream.lower_bound,
               stream.segment_count, g->input_count == 1 ? fed.tensor_size : 0,
               stream.is_settled ? ", search cut short" : "");
    }
}

static void check_file(const char *path)
{
    struct diag diag = {0};
    struct file file = {0};
    struct arena arena;
    struct model model;
    jmp_buf exhausted;
    arena_init(&arena, MEMORY_LIMIT);
    arena.on_exhaustion = &exhausted;
    if (setjmp(exhausted) != 0) {
        printf("%s: out of memory\n", path);
        failed++;
    } else if (!file_open(&file, path, &diag) || !read_model(&file, NULL, &arena, &model, &diag) ||
               !pass_all(&model, run_node, &diag)) {
        printf("%s: %s\n", path, diag.text);
        failed++;
    } else {
        check_graph(&model.graphs[0], path, true);
    }
    arena_free(&arena);
    file_close(&file);
}

/* A large graph with branches everywhere takes its time, but not more than this. */
static void check_time(void)
{
    enum { NODES = 200, MOST_SECONDS = 10 };
    struct arena arena;
    struct plan plan;
    struct diag diag = {0};
    arena_init(&arena, MEMORY_LIMIT);
    struct graph g = random_graph(&arena, 5, NODES);
    const clock_t start = clock();
    const bool ok = plan_graph(&g, PLAN_STREAM, &plan, &diag) && check_plan(&plan, &diag);
    const bool in_time = clock() - start < (clock_t)MOST_SECONDS * CLOCKS_PER_SEC;
    if (!ok || !in_time) {
        printf("%d operators: %s\n", NODES, ok ? "it takes too long" : diag.text);
    }
    passed += ok && in_time;
    failed += !ok || !in_time;
    arena_free(&arena);
}

/* What stays whole for later fits into the holes that planes leave, row by row. */
static void check_planes(void)
{
    struct arena arena;
    struct plan plan;
    struct diag diag = {0};
    arena_init(&arena, MEMORY_LIMIT);
    struct graph g = planes_graph(&arena);
    check_graph(&g, "planes", false);
    const bool ok = plan_graph(&g, PLAN_STREAM, &plan, &diag);
    const bool is_tight = ok && plan.tensor_size <= plan.lower_bound + plan.lower_bound / 10;
    if (!is_tight) {
        printf("planes: %u bytes, the bound is %u\n", plan.tensor_size, plan.lower_bound);
    }
    passed += is_tight;
    failed += !is_tight;
    arena_free(&arena);
}

/* Fast kernels of a dense layer do not take a multiple of its inputs' memory. */
static void check_dense(void)
{
    enum { INPUTS = 16384, OUTPUTS = 16 };
    static const unsigned cores[] = {0, PLAN_V6M, PLAN_V7M, PLAN_DSP, PLAN_MVE, PLAN_AVR};
    for (size_t i = 0; i < COUNT_OF(cores); i++) {
        struct arena arena;
        struct plan plan;
        struct diag diag = {0};
        arena_init(&arena, MEMORY_LIMIT);
        struct graph g = dense_graph(&arena, INPUTS, OUTPUTS);
        const bool ok = plan_graph_for(&g, PLAN_STREAM, cores[i], &plan, &diag) && check_plan(&plan, &diag);
        const bool is_tight = ok && plan.arena_size <= INPUTS + INPUTS / 8;
        if (!is_tight) {
            printf("dense layer for a core of features %u: %u bytes%s\n", cores[i], ok ? plan.arena_size : 0,
                   diag.text);
        }
        passed += is_tight;
        failed += !is_tight;
        arena_free(&arena);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        check_file(argv[i]);
    }
    for (uint32_t seed = 0; seed < GRAPHS && argc == 1; seed++) {
        struct arena arena;
        arena_init(&arena, MEMORY_LIMIT);
        struct graph g = random_graph(&arena, seed, 0);
        char name[32];
        snprintf(name, sizeof name, "graph %u", seed);
        check_graph(&g, name, false);
        arena_free(&arena);
    }
    if (argc == 1) {
        check_planes();
        check_dense();
        check_time();
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
