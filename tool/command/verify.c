/* SPDX-License-Identifier: MIT
 *
 * mote verify MODEL [--on TARGET]... [--optimize WISH] [--input FILE]
 */
#include <stdio.h>
#include <string.h>

#include "../prove/prove.h"
#include "../run/run.h"
#include "command.h"

enum { MODEL, ON, OPTIMIZE, INPUT, INPUT_FED, SHAPE, VALUE, MAX_WORK, OPTION_COUNT };
enum { MADE_INVOKES = 4, MADE_INVOKES_LARGE = 2, LARGE_MACS = 8000000 }; /* half of them random, half smooth */

static const struct usage usage = {
    .verb = "verify",
    .about =
        "Proves that the C of `mote compile` computes on a core what `mote run` computes here: builds it with the\n"
        "core's own compiler, runs it on an emulator, and compares every bit of every output (floats: to 1e-5 of\n"
        "the largest value), on random and on smooth inputs and on those of --input. Each run starts from an\n"
        "arena full of garbage between guard words. Without --on: all cores whose compiler and emulator are\n"
        "installed; what is missing is named with the package that brings it.",
    .example = "mote verify model.tflite --on cortex-m4 --on riscv32",
};

struct job {
    const struct option *options;
    const char *list[OPTION_MOST + 1]; /* of --on */
    struct prove_folder folder;
    struct file in;
    struct prove_model model;
    struct emit_files files;
    unsigned features; /* of the core that `files` are for */
    int32_t failed, proved;
};

/*** What goes in, and what must come out ***/

static bool open_input(struct session *s, struct job *job, size_t in_size, int32_t *invokes)
{
    const char *path = job->options[INPUT].text;
    *invokes = 0;
    if (path == NULL) {
        return true;
    }
    s->path = path;
    if (!file_open(&job->in, path, &s->diag)) {
        return false;
    }
    if (in_size == 0 || job->in.size % in_size != 0) {
        return diag_fail(&s->diag, "has %zu bytes, the model takes %zu a run", job->in.size, in_size);
    }
    *invokes = (int32_t)(job->in.size / in_size);
    s->path = job->options[MODEL].text;
    return true;
}

static bool make_cases(struct session *s, struct job *job, struct plan *plan)
{
    const size_t in_size = run_input_size(plan), out_size = run_output_size(plan);
    int32_t given;
    if (!open_input(s, job, in_size, &given)) {
        return false;
    }
    int64_t macs = 0;
    for (int i = 0; i < plan->graph->node_count; i++) {
        macs += ir_macs(plan->graph, &plan->graph->nodes[i]);
    }
    const int32_t made = macs < LARGE_MACS ? MADE_INVOKES : MADE_INVOKES_LARGE, all = made + given;
    uint8_t *in = arena_array(&s->arena, (size_t)all, in_size), *want = arena_array(&s->arena, (size_t)all, out_size);
    for (int i = 0; i < made; i++) {
        prove_fill_inputs(plan->graph, i < made / 2, i, in + (size_t)i * in_size);
    }
    if (given > 0) {
        memcpy(in + (size_t)made * in_size, job->in.data, job->in.size);
    }
    struct runner runner;
    run_init(&runner, plan);
    for (int i = 0; i < all; i++) {
        run_invoke(&runner, in + (size_t)i * in_size, want + (size_t)i * out_size);
    }
    if (!run_check(&runner, &s->diag)) {
        return false;
    }
    job->model.in = in;
    job->model.want = want;
    job->model.invokes = all;
    job->model.passes = 2;
    return true;
}

/*** Targets ***/

static void print_row(struct job *job, const struct target_core *core, const struct prove_program *p,
                      const struct prove_result *r)
{
    printf("%-14s %5d  %-9s", core->name, job->model.invokes * job->model.passes, r->is_same ? "same bits" : "DIFFERS");
    if (core->emulator != NULL) {
        printf(" %8u %8u %8u", p->arena + p->statics + r->stack, p->arena, r->stack);
        printf(" %9u", p->code + p->constants);
    }
    printf("%s%s\n", r->is_same ? "" : "  ", r->is_same ? "" : r->difference);
    fflush(stdout);
}

/* The C for cores of these features, which those at hand may be already. */
static bool make_c(struct session *s, struct job *job, unsigned features)
{
    if (!command_wish(s, job->options[OPTIMIZE].text, &features)) {
        return false;
    }
    if (job->model.files != NULL && job->features == features) {
        return true;
    }
    struct plan plan;
    const struct emit_options how = {.name = "model", .source = "model", .hash = "-"};
    job->features = features;
    job->model.files = &job->files;
    return plan_graph_for(s->model.graphs, job->model.is_fed ? PLAN_FED : PLAN_STREAM, features, &plan, &s->diag) &&
           emit_c(&plan, &how, &job->files, &s->diag);
}

/* One core, by the name it was asked for; `is_asked`: by --on, so that a missing tool is an error. */
static bool verify_on(struct session *s, struct job *job, const char *name, const struct target_core *core,
                      bool is_asked)
{
    struct prove_program program;
    struct prove_result result;
    const char *missing = prove_missing_tool(core, &s->arena);
    if (missing == NULL) {
        if (!make_c(s, job, command_features(core))) {
            if (is_asked) {
                return false;
            }
            printf("%-14s skipped: %s\n", name, s->diag.text);
            s->diag.failed = false;
            job->model.files = NULL;
            return true;
        }
        missing = prove_missing_memory(core, &job->model, &s->arena);
    }
    if (missing != NULL && !is_asked) {
        printf("%-14s skipped: %s\n", name, missing);
        return true;
    }
    if (missing != NULL) {
        s->path = name;
        return diag_fail(&s->diag, "%s", missing);
    }
    struct diag failure = {0};
    if (!prove_build(core, &job->model, PROVE_VERIFY, &job->folder, &s->arena, &program, &failure) ||
        !prove_check(core, &job->model, &program, &job->folder, &s->arena, &result, &failure)) {
        printf("%-14s %5d  FAILS: %s\n", core->name, job->model.invokes * job->model.passes, failure.text);
        job->failed++;
        return !prove_is_interrupted();
    }
    print_row(job, core, &program, &result);
    job->failed += !result.is_same;
    job->proved += result.is_same;
    return true;
}

static bool verify_all(struct session *s, struct job *job)
{
    const bool is_asked = job->list[0] != NULL;
    const char *const *list = is_asked ? job->list : target_core_names(&s->arena);
    int count = 0;
    while (list[count] != NULL) {
        count++;
    }
    struct target_core *cores = ARENA_ARRAY(&s->arena, count, struct target_core);
    for (int i = 0; i < count; i++) { /* before anything is printed */
        if (!command_core(s, list[i], &cores[i])) {
            return false;
        }
    }
    printf("%-14s %5s  %-9s %8s %8s %8s %9s\n", "target", "runs", "result", "RAM", "arena", "stack", "flash");
    for (int i = 0; i < count; i++) {
        if (!verify_on(s, job, list[i], &cores[i], is_asked)) {
            return s->diag.failed ? false : diag_fail(&s->diag, "interrupted");
        }
    }
    s->path = job->options[MODEL].text;
    return job->failed > 0
               ? diag_fail(&s->diag, "is not proved on %d of %d targets", job->failed, job->failed + job->proved)
               : job->proved > 0 || diag_fail(&s->diag, "nothing was verified");
}

static bool verify(struct session *s, void *context)
{
    struct job *job = context;
    struct plan plan;
    job->model.is_fed = job->options[INPUT_FED].text != NULL;
    job->model.plan = &plan;
    return plan_graph(s->model.graphs, PLAN_STREAM, &plan, &s->diag) && make_cases(s, job, &plan) &&
           prove_folder_open(&job->folder, &s->diag) && verify_all(s, job);
}

int command_verify(int argc, char **argv)
{
    struct job job = {0};
    const char *shapes[OPTION_MOST + 1] = {NULL}, *values[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [MODEL] = MODEL_OPTION,
        [ON] = ON_OPTION(job.list),
        [OPTIMIZE] = OPTIMIZE_OPTION,
        [INPUT] = {.name = "input", .value = "FILE", .help = "inputs of one or more runs, as for `mote run`"},
        [INPUT_FED] = {.name = "input-fed", .help = "prove the C of `mote compile --input-fed`"},
        [SHAPE] = SHAPE_OPTION(shapes),
        [VALUE] = VALUE_OPTION(values),
        [MAX_WORK] = MAX_WORK_OPTION,
    };
    int status;
    if (!options_parse(argc, argv, &usage, options, OPTION_COUNT, &status)) {
        return status;
    }
    job.options = options;
    const struct session_given given = {options[MODEL].text, options[MAX_WORK].text, shapes, values,
                                        file_size(options[INPUT].text)};
    status = session_run(&given, verify, &job);
    prove_folder_close(&job.folder);
    file_close(&job.in);
    return status;
}
