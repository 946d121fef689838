/* SPDX-License-Identifier: MIT
 *
 * The cases of the test tables as emitted C: each is compiled for this machine by the host's compiler, with sanitizers
 * where it has them, or for an emulated core with that core's kernels, and must compute what the executor computes with the
 * portable ones; by turns with small parameters, for speed, and balanced. test_op holds the executor against the tables.
 *
 *     test_emit [--part N/M] [--case TEXT] [--on CORE] [FILE...]
 *
 * All tables of tests/op, or these; of their cases the N-th of each M, or those whose name holds TEXT.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/command/command.h"
#include "../tool/pass/pass.h"
#include "../tool/prove/prove.h"
#include "../tool/run/run.h"
#include "op_table.h"

enum { MEMORY_LIMIT = 1 << 30 };

struct test {
    const char *filter, *core_name;
    int part, parts, number;
    int passed, failed;
    struct prove_folder folder;
};

/* The tables list values by tensor, a model takes them by invoke. */
static void collect_inputs(const struct op_case *c, const struct plan *plan, uint8_t *to)
{
    for (int n = 0; n < c->invokes; n++) {
        for (int i = 0; i < plan->code.input_count; i++) {
            const size_t size = plan->code.inputs[i].size;
            memcpy(to, (const uint8_t *)c->in[i].data + (size_t)n * size, size);
            to += size;
        }
    }
}

/* What the cases are optimised for takes turns. */
static unsigned wish(const struct test *test)
{
    static const unsigned wishes[] = {PLAN_SMALL, 0, PLAN_SPEED};
    return wishes[(size_t)(test->number / test->parts) % COUNT_OF(wishes)];
}

static bool prove_case(const struct op_case *c, struct test *test, struct arena *memory, struct diag *diag)
{
    const struct emit_options how = {.name = "model", .source = "case", .hash = "-"};
    struct model model = *op_case_model(c, memory);
    struct plan plan, emitted;
    struct emit_files files;
    struct target_core core;
    if (!target_read_core(test->core_name, &core, memory, diag) || !ir_check(model.graphs, diag) ||
        !pass_all(&model, run_node, diag) || !plan_graph(model.graphs, PLAN_STREAM, &plan, diag) ||
        !plan_graph_for(model.graphs, PLAN_STREAM, command_features(&core) | wish(test), &emitted, diag) ||
        !emit_c(&emitted, &how, &files, diag)) {
        return false;
    }
    const size_t in_size = run_input_size(&plan), out_size = run_output_size(&plan);
    uint8_t *in = arena_array(memory, (size_t)c->invokes, in_size);
    uint8_t *want = arena_array(memory, (size_t)c->invokes, out_size);
    collect_inputs(c, &plan, in);
    struct runner runner;
    run_init(&runner, &plan);
    for (int n = 0; n < c->invokes; n++) {
        run_invoke(&runner, in + (size_t)n * in_size, want + (size_t)n * out_size);
    }
    const struct prove_model m = {&emitted, &files, in, want, c->invokes, 2, false};
    struct prove_program program;
    struct prove_result result;
    return prove_build(&core, &m, PROVE_VERIFY, &test->folder, memory, &program, diag) &&
           prove_check(&core, &m, &program, &test->folder, memory, &result, diag) &&
           (result.is_same || diag_fail(diag, "%s", result.difference));
}

static bool check_case(const struct op_case *c, struct test *test, struct arena *memory, struct diag *diag)
{
    jmp_buf exhausted;
    memory->on_exhaustion = &exhausted;
    return setjmp(exhausted) == 0 ? prove_case(c, test, memory, diag) : diag_fail(diag, "ran out of memory");
}

static bool is_chosen(struct test *test, const struct op_case *c)
{
    return c->error == NULL && (test->filter == NULL || strstr(c->name, test->filter) != NULL) &&
           test->number++ % test->parts == test->part;
}

static void run_table(const char *path, struct test *test)
{
    struct file file;
    struct diag diag = {0};
    if (!file_open(&file, path, &diag)) {
        fprintf(stderr, "%s: %s\n", path, diag.text);
        test->failed++;
        return;
    }
    char *text = strndup((const char *)file.data, file.size);
    file_close(&file);
    struct op_table table;
    op_table_open(&table, path, text);
    for (bool is_case = true; is_case && !prove_is_interrupted();) {
        struct arena memory;
        struct op_case c;
        arena_init(&memory, MEMORY_LIMIT);
        is_case = op_table_next(&table, &memory, &c, &diag);
        if (is_case && is_chosen(test, &c)) {
            const bool ok = check_case(&c, test, &memory, &diag);
            *(ok ? &test->passed : &test->failed) += 1;
            if (!ok) {
                fprintf(stderr, "%s:%d: case \"%s\": %s\n", path, c.line, c.name, diag.text);
            }
        }
        diag = (struct diag){0};
        arena_free(&memory);
    }
    free(text);
}

static bool parse(int argc, char **argv, struct test *test, glob_t *files)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--part") == 0 && i + 1 < argc &&
            sscanf(argv[i + 1], "%d/%d", &test->part, &test->parts) == 2) {
            i++;
        } else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
            test->filter = argv[++i];
        } else if (strcmp(argv[i], "--on") == 0 && i + 1 < argc) {
            test->core_name = argv[++i];
        } else if (argv[i][0] == '-') {
            return false;
        } else {
            glob(argv[i], count++ > 0 ? GLOB_APPEND : 0, NULL, files);
        }
    }
    return test->parts > 0 && (count > 0 || glob(TEST_DIR "/op/*.test", 0, NULL, files) == 0);
}

int main(int argc, char **argv)
{
    struct test test = {.core_name = "host", .parts = 1};
    struct diag diag = {0};
    glob_t files = {0};
    if (!parse(argc, argv, &test, &files) || !prove_folder_open(&test.folder, &diag)) {
        fprintf(stderr, "usage: test_emit [--part N/M] [--case TEXT] [--on CORE] [FILE...]\n");
        return 2;
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        run_table(files.gl_pathv[i], &test);
    }
    globfree(&files);
    prove_folder_close(&test.folder);
    printf("%d passed, %d failed\n", test.passed, test.failed);
    return test.failed > 0 || test.passed == 0;
}
