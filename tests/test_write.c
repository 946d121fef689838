/* SPDX-License-Identifier: MIT
 *
 * The writer, through the reader: what is read from a file, written and read again is the same graph, and computes the
 * same. usage: test_write [--to FOLDER] FILE...; files that the reader refuses count as passed; --to keeps what is
 * written, for other programs to look at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/pass/pass.h"
#include "../tool/read/read.h"
#include "../tool/run/run.h"
#include "../tool/write/write.h"

enum { MEMORY_LIMIT = 1 << 30, MAX_WORK = 1 << 24, INVOKES = 2 };

struct tally {
    int passed, refused, failed;
};

/* All graphs of a model, with what ir_dump leaves out: states. */
static char *dump(const struct model *model, struct arena *arena)
{
    char *text = arena_printf(arena, "%s\n", model->description);
    for (int i = 0; i < model->graph_count; i++) {
        const struct graph *g = &model->graphs[i];
        text = arena_printf(arena, "%sgraph %s\n%s", text, g->name, ir_dump(g));
        for (int k = 0; k < g->tensor_count; k++) {
            if (g->tensors[k].is_state || g->tensors[k].is_int4) {
                text = arena_printf(arena, "%s%d: state %d, first value %d, int4 %d\n", text, k, g->tensors[k].is_state,
                                    g->tensors[k].init != NULL, g->tensors[k].is_int4);
            }
        }
        for (int k = 0; k < g->input_count && g->input_names != NULL; k++) {
            text = arena_printf(arena, "%sinput %s\n", text, g->input_names[k]);
        }
        for (int k = 0; k < g->output_count && g->output_names != NULL; k++) {
            text = arena_printf(arena, "%soutput %s\n", text, g->output_names[k]);
        }
    }
    return text;
}

/* What a model makes of noise, invoke after invoke; NULL: mote cannot run it. */
static struct file run(struct model *model, struct arena *arena)
{
    struct plan plan;
    struct diag diag = {0};
    for (int i = 0; i < model->graph_count; i++) {
        model->graphs[i].max_work = MAX_WORK;
    }
    if (!pass_all(model, run_node, &diag) || !plan_graph(model->graphs, PLAN_STREAM, &plan, &diag)) {
        return (struct file){0};
    }
    const size_t in_size = run_input_size(&plan), out_size = run_output_size(&plan);
    uint8_t *in = arena_alloc(arena, in_size), *out = arena_alloc(arena, INVOKES * out_size);
    struct runner runner;
    run_init(&runner, &plan);
    for (uint32_t i = 0, noise = 1; i < INVOKES; i++) {
        for (size_t k = 0; k < in_size; k++) {
            noise = noise * 1664525 + 1013904223;
            in[k] = (uint8_t)(noise >> 27); /* so small that floats are finite */
        }
        run_invoke(&runner, in, out + i * out_size);
    }
    return (struct file){out, INVOKES * out_size};
}

/* Where in the file a constant is: buffers are aligned, so that kernels can read them in place. */
static bool check_alignment(const struct model *model, const struct file *file, struct diag *diag)
{
    for (int i = 0; i < model->graph_count; i++) {
        for (int k = 0; k < model->graphs[i].tensor_count; k++) {
            const uint8_t *data = model->graphs[i].tensors[k].data;
            if (data >= file->data && data < file->data + file->size && (data - file->data) % 16 != 0) {
                return diag_fail(diag, "tensor %d lies at byte %td", k, data - file->data);
            }
        }
    }
    return true;
}

struct phase {
    bool refused; /* by the reader */
    bool runs;    /* both are written and read: what lacks memory from here on is too large to be run */
};

static bool round_trip(const struct file *file, const char *to, struct arena *arena, struct diag *diag,
                       struct phase *phase)
{
    struct model first, second;
    if (!read_model(file, NULL, arena, &first, diag)) {
        return phase->refused = true;
    }
    const struct file written = write_tflite_model(&first, arena);
    if (to != NULL && !file_write(to, written.data, written.size, diag)) {
        return false;
    }
    if (memcmp(written.data + 4, "TFL3", 4) != 0) {
        return diag_fail(diag, "has no file identifier");
    }
    if (!read_model(&written, NULL, arena, &second, diag) || !check_alignment(&second, &written, diag)) {
        return false;
    }
    const char *before = dump(&first, arena), *after = dump(&second, arena);
    if (strcmp(before, after) != 0) {
        size_t i = 0;
        while (before[i] == after[i]) {
            i++;
        }
        return diag_fail(diag, "read %.60s, got back %.60s", before + i, after + i);
    }
    const struct file again = write_tflite_model(&second, arena);
    if (again.size != written.size || memcmp(again.data, written.data, again.size) != 0) {
        return diag_fail(diag, "written once more, it differs");
    }
    phase->runs = true;
    const struct file was = run(&first, arena), is = run(&second, arena);
    return (was.size == is.size && (was.size == 0 || memcmp(was.data, is.data, was.size) == 0)) ||
           diag_fail(diag, "computes another result");
}

static bool guarded(const struct file *file, const char *to, struct arena *arena, struct diag *diag,
                    struct phase *phase)
{
    jmp_buf exhausted;
    arena->on_exhaustion = &exhausted;
    return setjmp(exhausted) != 0 ? phase->runs || diag_fail(diag, "ran out of memory")
                                  : round_trip(file, to, arena, diag, phase);
}

static void check(const char *path, const char *folder, int number, struct tally *tally)
{
    struct file file = {0};
    struct arena arena;
    struct diag diag = {0};
    struct phase phase = {0};
    char to[512];
    snprintf(to, sizeof to, "%s/%d.tflite", folder != NULL ? folder : "", number);
    arena_init(&arena, MEMORY_LIMIT);
    if (!file_open(&file, path, &diag) || !guarded(&file, folder != NULL ? to : NULL, &arena, &diag, &phase)) {
        fprintf(stderr, "%s: %s\n", path, diag.text);
        tally->failed++;
    } else {
        *(phase.refused ? &tally->refused : &tally->passed) += 1;
    }
    arena_free(&arena);
    file_close(&file);
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    const bool keeps = argc > 2 && strcmp(argv[1], "--to") == 0;
    for (int i = keeps ? 3 : 1; i < argc; i++) {
        check(argv[i], keeps ? argv[2] : NULL, i, &tally);
    }
    printf("%d passed, %d failed; %d refused by the reader\n", tally.passed, tally.failed, tally.refused);
    return tally.failed > 0 || tally.passed == 0;
}
