/* SPDX-License-Identifier: MIT
 *
 * Runs the test tables: each case becomes a graph of one operator, which goes the whole road of a model - passes,
 * planner, executor - in an arena of exactly the planned size, full of garbage, between guard bytes.
 *
 *     test_op [FILE...] [--case TEXT] [--corpus FOLDER]
 *
 * All tables of tests/op, or these; only cases whose name holds TEXT. With --corpus the cases are not run but
 * written to the folder as .tflite files, for the fuzzers to start from.
 */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/pass/pass.h"
#include "../tool/read/read.h"
#include "../tool/run/run.h"
#include "../tool/write/write.h"
#include "op_table.h"

enum { GUARD_SIZE = 64, GUARD = 0xA5, MEMORY_LIMIT = 1 << 30 };

/* An arena of exactly the planned size, aligned to what is promised and no more. */
struct guarded {
    uint8_t *block, *arena;
    size_t size;
};

static struct guarded make_guarded(size_t size)
{
    const size_t odd = 2 * MOTE_ARENA_ALIGN; /* the block is aligned so much, the arena half */
    uint8_t *block = aligned_alloc(odd, (size + 2 * GUARD_SIZE + MOTE_ARENA_ALIGN + odd - 1) / odd * odd);
    if (block == NULL) {
        abort();
    }
    struct guarded g = {block, block + GUARD_SIZE + MOTE_ARENA_ALIGN, size};
    memset(g.arena - GUARD_SIZE, GUARD, GUARD_SIZE);
    memset(g.arena + size, GUARD, GUARD_SIZE - MOTE_ARENA_ALIGN);
    return g;
}

static void fill_garbage(struct guarded *g, uint32_t x)
{
    for (size_t i = 0; i < g->size; i++) {
        x = x * 1664525 + 1013904223;
        g->arena[i] = (uint8_t)(x >> 24);
    }
}

static bool guards_hold(const struct guarded *g)
{
    bool hold = true;
    for (int i = 0; i < GUARD_SIZE; i++) {
        hold = hold && g->arena[i - GUARD_SIZE] == GUARD;
    }
    for (int i = 0; i < GUARD_SIZE - MOTE_ARENA_ALIGN; i++) {
        hold = hold && g->arena[g->size + (size_t)i] == GUARD;
    }
    return hold;
}

/*** Comparing ***/

static double value_at(enum type type, const void *data, int64_t i)
{
    switch (type) {
    case TYPE_F64:
        return ((const double *)data)[i];
    case TYPE_F32:
        return (double)((const float *)data)[i];
    default:
        return (double)op_f16_to_f32(((const uint16_t *)data)[i]);
    }
}

static int64_t int_at(enum type type, const void *data, int64_t i)
{
    const int bytes = (ir_type_bits(type) + 7) / 8;
    const bool is_signed = type == TYPE_S4 || type == TYPE_S8 || type == TYPE_S16 || type == TYPE_S32;
    uint64_t value = 0;
    memcpy(&value, (const uint8_t *)data + i * bytes, (size_t)bytes);
    const int unused = 64 - 8 * bytes;
    return is_signed ? (int64_t)(value << unused) >> unused : (int64_t)value;
}

static bool compare_floats(enum type type, const void *want, const void *got, int64_t count, int output,
                           struct diag *diag)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        const double w = value_at(type, want, i);
        most = isfinite(w) && fabs(w) > most ? fabs(w) : most;
    }
    for (int64_t i = 0; i < count; i++) {
        const double w = value_at(type, want, i), g = value_at(type, got, i);
        if (w != g && !(fabs(w - g) <= 1e-5 * most) && !(isnan(w) && isnan(g))) {
            return diag_fail(diag, "output %d, element %lld: want %.9g, got %.9g", output, (long long)i, w, g);
        }
    }
    return true;
}

static bool compare_ints(enum type type, const struct op_values *want, const void *got, int64_t count, int output,
                         struct diag *diag)
{
    const size_t size = (size_t)count * (size_t)((ir_type_bits(type) + 7) / 8);
    if (want->is_crc) {
        const uint32_t crc = op_crc32(got, size);
        return crc == want->crc || diag_fail(diag, "output %d: want CRC 0x%08x, got 0x%08x", output, want->crc, crc);
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t w = int_at(type, want->data, i), g = int_at(type, got, i);
        if (w != g) {
            return diag_fail(diag, "output %d, element %lld: want %lld, got %lld", output, (long long)i, (long long)w,
                             (long long)g);
        }
    }
    return true;
}

/* Outputs of all invokes lie one after the other in got[]. */
static bool compare(const struct op_case *c, uint8_t *const got[], struct diag *diag)
{
    const struct graph *g = &c->graph;
    for (int i = 0; i < g->output_count; i++) {
        const struct tensor *t = &g->tensors[g->outputs[i]];
        const int64_t count = ir_count(t) * c->invokes;
        const bool is_float = t->type == TYPE_F32 || t->type == TYPE_F64 || t->type == TYPE_F16;
        if (count > 0 && !(is_float ? compare_floats(t->type, c->out[i].data, got[i], count, i, diag)
                                    : compare_ints(t->type, &c->out[i], got[i], count, i, diag))) {
            return false;
        }
    }
    return true;
}

/*** Running ***/

/* All invokes from the first state on, in a fresh arena of garbage; the outputs go to got[]. */
static void invoke_all(const struct op_case *c, const struct mote_plan *plan, struct guarded *arena, uint32_t garbage,
                       uint8_t *const got[])
{
    fill_garbage(arena, garbage);
    mote_init(plan, arena->arena);
    for (int k = 0; k < c->invokes; k++) {
        for (int i = 0; i < plan->input_count; i++) {
            const size_t size = plan->inputs[i].size;
            memcpy(mote_input(plan, arena->arena, i), (const uint8_t *)c->in[i].data + (size_t)k * size, size);
        }
        mote_invoke(plan, arena->arena);
        for (int i = 0; i < plan->output_count; i++) {
            const size_t size = plan->outputs[i].size;
            memcpy(got[i] + (size_t)k * size, mote_output(plan, arena->arena, i), size);
        }
    }
}

static uint8_t **new_outputs(const struct op_case *c, const struct mote_plan *plan, struct arena *memory)
{
    uint8_t **got = ARENA_ARRAY(memory, plan->output_count, uint8_t *);
    for (int i = 0; i < plan->output_count; i++) {
        got[i] = arena_array(memory, (size_t)c->invokes, plan->outputs[i].size);
    }
    return got;
}

/* What one way of planning computes; run twice, since nothing but the inputs and the state may matter. */
static bool check_plan(const struct op_case *c, const struct mote_plan *plan, struct arena *memory, struct diag *diag)
{
    uint8_t **got = new_outputs(c, plan, memory), **again = new_outputs(c, plan, memory);
    struct guarded arena = make_guarded(plan->arena_size);
    invoke_all(c, plan, &arena, 1, got);
    invoke_all(c, plan, &arena, 2, again);
    bool ok = compare(c, got, diag);
    ok = guards_hold(&arena) ? ok : diag_fail(diag, "wrote outside of its arena of %u bytes", plan->arena_size);
    for (int i = 0; i < plan->output_count && ok; i++) {
        if (memcmp(got[i], again[i], (size_t)c->invokes * plan->outputs[i].size) != 0) {
            ok = diag_fail(diag, "output %d differs in a second run: it depends on what the arena held", i);
        }
    }
    free(arena.block);
    return ok;
}

/* Constants must be as they were. */
static uint32_t hash_constants(const struct graph *g)
{
    uint32_t hash = 0;
    for (int i = 0; i < g->tensor_count; i++) {
        const struct tensor *t = &g->tensors[i];
        if (t->data != NULL) {
            hash = hash * 31 + op_crc32(t->data, (size_t)ir_size(t));
        }
    }
    return hash;
}

static bool check_shapes(const struct op_case *c, const struct graph *g, struct diag *diag)
{
    for (int i = 0; i < g->output_count; i++) {
        const struct tensor *want = &c->graph.tensors[c->graph.outputs[i]], *got = &g->tensors[g->outputs[i]];
        char want_text[IR_SHAPE_TEXT], got_text[IR_SHAPE_TEXT];
        if (want->rank != got->rank || memcmp(want->dim, got->dim, sizeof want->dim[0] * (size_t)want->rank) != 0) {
            return diag_fail(diag, "output %d: want shape %s, got %s", i, ir_shape_text(want, want_text),
                             ir_shape_text(got, got_text));
        }
    }
    return true;
}

/* Ways from a case to a plan; all must compute the same. */
static const struct road {
    const char *name;
    bool via_file; /* written as a .tflite file and read again */
    enum plan_schedule how;
    unsigned wish; /* features of plan_graph_for that the host has, too */
} roads[] = {
    {"layer by layer", false, PLAN_LAYERS, 0},
    {"row by row", false, PLAN_STREAM, 0},
    {"from a file", true, PLAN_STREAM, 0},
    {"in small", false, PLAN_STREAM, PLAN_SMALL},
};

static bool make_model(const struct op_case *c, const struct road *road, struct arena *memory, struct model *model,
                       struct diag *refusal)
{
    if (road->via_file) {
        const struct file file = write_tflite_model(op_case_model(c, memory), memory);
        return read_model(&file, NULL, memory, model, refusal);
    }
    *model = *op_case_model(c, memory);
    return ir_check(model->graphs, refusal);
}

static bool run_road(const struct op_case *c, const struct road *road, struct arena *memory, struct diag *diag)
{
    struct diag refusal = {0};
    struct model model;
    struct plan plan;
    if (!make_model(c, road, memory, &model, &refusal) || !pass_all(&model, run_node, &refusal) ||
        !plan_graph_for(model.graphs, road->how, road->wish, &plan, &refusal)) {
        return c->error == NULL ? diag_fail(diag, "refused: %s", refusal.text)
               : road->via_file || strstr(refusal.text, c->error) != NULL
                   ? true /* the reader may have its own words */
                   : diag_fail(diag, "want an error with \"%.80s\", got: %s", c->error, refusal.text);
    }
    if (c->error != NULL) {
        return diag_fail(diag, "want an error with \"%.80s\", got none", c->error);
    }
    return check_shapes(c, model.graphs, diag) && check_plan(c, &plan.code, memory, diag);
}

static bool check_roads(const struct op_case *c, struct arena *memory, struct diag *diag)
{
    const uint32_t hash = hash_constants(&c->graph);
    struct diag failure = {0};
    for (size_t i = 0; i < COUNT_OF(roads); i++) {
        if (!run_road(c, &roads[i], memory, &failure)) {
            return diag_fail(diag, "%s: %s", roads[i].name, failure.text);
        }
        if (hash != hash_constants(&c->graph)) {
            return diag_fail(diag, "%s: a constant was overwritten", roads[i].name);
        }
    }
    return true;
}

static bool check_case(const struct op_case *c, struct arena *memory, struct diag *diag)
{
    jmp_buf exhausted;
    memory->on_exhaustion = &exhausted;
    return setjmp(exhausted) == 0 ? check_roads(c, memory, diag) : diag_fail(diag, "ran out of memory");
}

/*** Tables ***/

struct options {
    const char *filter; /* only cases whose name holds it; or NULL */
    const char *corpus; /* a folder: cases are written there as models, not run; or NULL */
};

struct tally {
    int passed, failed;
};

static bool write_case(const struct op_case *c, const char *folder, int number, struct arena *memory, struct diag *diag)
{
    const struct file file = write_tflite_model(op_case_model(c, memory), memory);
    const char *path = arena_printf(memory, "%s/%s_%d.tflite", folder, ir_op_text(c->graph.nodes->op), number);
    return file_write(path, file.data, file.size, diag);
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return NULL;
    }
    char *text = NULL;
    size_t size = 0;
    const ssize_t length = getdelim(&text, &size, '\0', f);
    fclose(f);
    if (length < 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void run_table(const char *path, const struct options *options, struct tally *tally)
{
    char *text = read_text(path);
    if (text == NULL) {
        fprintf(stderr, "%s: cannot read it, or it is empty\n", path);
        tally->failed++;
        return;
    }
    struct op_table table;
    op_table_open(&table, path, text);
    for (;;) {
        struct arena memory;
        struct op_case c;
        struct diag diag = {0};
        arena_init(&memory, MEMORY_LIMIT);
        const bool is_case = op_table_next(&table, &memory, &c, &diag);
        if (diag.failed) {
            fprintf(stderr, "%s:%d: %s\n", path, table.line, diag.text);
            tally->failed++;
        } else if (is_case && (options->filter == NULL || strstr(c.name, options->filter) != NULL)) {
            const bool ok = options->corpus != NULL ? write_case(&c, options->corpus, tally->passed, &memory, &diag)
                                                    : check_case(&c, &memory, &diag);
            *(ok ? &tally->passed : &tally->failed) += 1;
            if (!ok) {
                fprintf(stderr, "%s:%d: case \"%s\": %s\n", path, c.line, c.name, diag.text);
            }
        }
        arena_free(&memory);
        if (!is_case) {
            break;
        }
    }
    free(text);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct tally tally = {0};
    int file_count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
            options.filter = argv[++i];
        } else if (strcmp(argv[i], "--corpus") == 0 && i + 1 < argc) {
            options.corpus = argv[++i];
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "usage: test_op [FILE...] [--case TEXT] [--corpus FOLDER]\n");
            return 2;
        } else {
            argv[1 + file_count++] = argv[i];
        }
    }
    glob_t all = {0};
    if (file_count == 0 && glob(TEST_DIR "/op/*.test", 0, NULL, &all) == 0) {
        file_count = (int)all.gl_pathc;
    }
    for (int i = 0; i < file_count; i++) {
        run_table(all.gl_pathc > 0 ? all.gl_pathv[i] : argv[1 + i], &options, &tally);
    }
    globfree(&all);
    printf("%d passed, %d failed\n", tally.passed, tally.failed);
    return tally.failed > 0 || tally.passed == 0;
}
