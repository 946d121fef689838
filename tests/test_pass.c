/* SPDX-License-Identifier: MIT
 *
 * Passes: what each makes of small graphs, as text, and that no output changes by a bit.
 *
 *     test_pass [FILE...] [--print]
 *
 * A table tests/pass/<pass>.test holds cases for the pass of that name, see op_table.h. With --print they are printed
 * with the texts as they are. Then random graphs with many zero filters, with no pass, with each alone, and with all.
 */
#include <ctype.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/pass/pass.h"
#include "../tool/run/run.h"
#include "op_table.h"
#include "random_graph.h"

enum { GRAPHS = 160, TRIES = 5, MEMORY_LIMIT = 1 << 30 };

static int passed, failed;

/*** Running ***/

/* The graph after these passes; NULL with an error. */
static struct graph *run_passes(const struct graph *g, unsigned which, struct diag *diag)
{
    struct graph copy = ir_copy(g, g->arena);
    struct model model = {.graphs = arena_copy(g->arena, &copy, sizeof copy), .graph_count = 1, .description = ""};
    return pass_some(&model, which, run_node, diag) ? model.graphs : NULL;
}

static void fill_input(const struct plan *plan, uint8_t *in, uint32_t seed)
{
    const struct graph *g = plan->graph;
    uint32_t x = seed;
    for (int i = 0; i < g->input_count; i++) {
        const struct tensor *t = &g->tensors[g->inputs[i]];
        const int64_t size = ir_size(t);
        for (int64_t k = 0; k < size; k++) {
            x = x * 1664525 + 1013904223;
            in[k] = (uint8_t)(x >> 24);
            if (t->type == TYPE_F32 && k % 4 == 3) {
                const float value = (float)(int32_t)x / (float)(1 << 28);
                memcpy(in + k - 3, &value, sizeof value);
            }
        }
        in += size;
    }
}

/* The outputs of a few invokes in a row, in the graph's arena. */
static const uint8_t *run_graph(struct graph *g, size_t *size, struct diag *diag)
{
    struct plan plan;
    if (!plan_graph(g, PLAN_STREAM, &plan, diag)) {
        return NULL;
    }
    struct runner runner;
    run_init(&runner, &plan);
    const size_t out_size = run_output_size(&plan);
    uint8_t *in = arena_alloc(g->arena, run_input_size(&plan) + 1), *out = arena_alloc(g->arena, TRIES * out_size + 1);
    for (uint32_t i = 0; i < TRIES; i++) {
        fill_input(&plan, in, i);
        run_invoke(&runner, in, out + i * out_size);
    }
    *size = TRIES * out_size;
    return out;
}

/* What `which` passes compute is what none of them does. */
static bool check_same(const struct graph *g, unsigned which, const char *what, struct diag *diag)
{
    size_t size = 0, size_after = 0;
    struct graph *before = run_passes(g, 0, diag), *after = run_passes(g, which, diag);
    const uint8_t *want = before == NULL ? NULL : run_graph(before, &size, diag);
    const uint8_t *got = after == NULL || want == NULL ? NULL : run_graph(after, &size_after, diag);
    if (got == NULL) {
        return false;
    }
    for (size_t i = 0; i < size && size == size_after; i++) {
        if (want[i] != got[i]) {
            return diag_fail(diag, "%s: byte %zu of the outputs is %d, want %d", what, i, got[i], want[i]);
        }
    }
    return size == size_after || diag_fail(diag, "%s: the size of the outputs changes", what);
}

/*** Tables ***/

static void print_text(const char *keyword, const char *text)
{
    printf("%s\n", keyword);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        printf("    %.*s\n", (int)strcspn(line, "\n"), line);
    }
}

static bool check_case(const struct op_case *c, enum pass pass, bool print, struct diag *diag)
{
    struct graph *before = run_passes(&c->graph, 0, diag), *after = run_passes(&c->graph, 1U << pass, diag);
    if (before == NULL || after == NULL) {
        return false;
    }
    const char *was = ir_dump(before), *is = ir_dump(after);
    const bool changes = strcmp(was, is) != 0;
    const char *result = changes ? is : "same\n";
    if (print) {
        printf("case %s\n", c->name);
        print_text("before", was);
        print_text("after", result);
        return check_same(&c->graph, 1U << pass, pass_name(pass), diag) && check_same(&c->graph, ~0U, "all", diag);
    }
    if (c->before == NULL || c->after == NULL || !op_same_text(c->before, was) || !op_same_text(c->after, result)) {
        print_text("before", was);
        print_text("after", result);
        return diag_fail(diag, "want other texts than these");
    }
    return check_same(&c->graph, 1U << pass, pass_name(pass), diag) && check_same(&c->graph, ~0U, "all passes", diag);
}

/* The pass that the file is named after. */
static enum pass find_pass(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    int pass = 0;
    while (pass < PASS_COUNT && (strncmp(pass_name((enum pass)pass), name, strlen(pass_name((enum pass)pass))) != 0 ||
                                 strcmp(name + strlen(pass_name((enum pass)pass)), ".test") != 0)) {
        pass++;
    }
    return (enum pass)pass;
}

static void count(bool ok, const char *place, int line, const char *name, const struct diag *diag)
{
    *(ok ? &passed : &failed) += 1;
    if (!ok) {
        printf("%s:%d: %s: %s\n", place, line, name, diag->text);
    }
}

static void run_table(const char *path, bool print)
{
    char *text = op_table_read(path);
    struct op_table table;
    const enum pass pass = find_pass(path);
    bool more = pass != PASS_COUNT;
    if (!more) {
        printf("%s: no pass of this name\n", path);
        failed++;
    }
    op_table_open(&table, path, text);
    while (more) {
        struct arena memory;
        struct op_case c;
        struct diag diag = {0};
        arena_init(&memory, MEMORY_LIMIT);
        more = op_table_next(&table, &memory, &c, &diag);
        if (more || diag.failed) {
            count(more && check_case(&c, pass, print, &diag), path, table.line, more ? c.name : "", &diag);
        }
        arena_free(&memory);
    }
    free(text);
}

/*** Random graphs ***/

static void check_random(uint32_t seed)
{
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, MEMORY_LIMIT);
    const struct graph g = random_graph(&arena, seed, 0);
    bool ok = check_same(&g, ~0U, "all passes", &diag);
    for (int i = 0; i < PASS_COUNT && ok; i++) {
        ok = check_same(&g, 1U << i, pass_name((enum pass)i), &diag);
    }
    count(ok, "random graph", (int)seed, "", &diag);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    bool print = false;
    int file_count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--print") == 0) {
            print = true;
        } else {
            argv[1 + file_count++] = argv[i];
        }
    }
    glob_t all = {0};
    if (file_count == 0 && glob(TEST_DIR "/pass/*.test", 0, NULL, &all) == 0) {
        file_count = (int)all.gl_pathc;
    }
    for (int i = 0; i < file_count; i++) {
        run_table(all.gl_pathc > 0 ? all.gl_pathv[i] : argv[1 + i], print);
    }
    for (uint32_t seed = 0; seed < GRAPHS && all.gl_pathc > 0; seed++) {
        check_random(seed);
    }
    globfree(&all);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
