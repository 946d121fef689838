/* SPDX-License-Identifier: MIT
 *
 * mote bench MODEL [--on CORE]... [--json]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../prove/prove.h"
#include "../report/report.h"
#include "../run/run.h"
#include "command.h"

enum { MODEL, ON, OPTIMIZE, INPUT_FED, JSON, SHAPE, VALUE, MAX_WORK, OPTION_COUNT };

enum { WISHES = 3 }; /* of --optimize */

static const struct usage usage = {
    .verb = "bench",
    .about =
        "Tells what the C of `mote compile` costs on a core: instructions, counted on an emulator; cycles, estimated\n"
        "from the core's manual, layer by layer; milliseconds on each board with that core; RAM and flash. The\n"
        "estimate leaves out wait states of flash, caches and whatever else runs. Without --on: cortex-m4f.",
    .example = "mote bench model.tflite --on cortex-m0plus --on riscv32",
};

struct job {
    const struct option *options;
    const char *list[OPTION_MOST + 1]; /* of --on */
    struct prove_folder folder;
    struct prove_model model;
    struct plan emitted; /* for the core at hand */
    struct emit_files files;
};

/* A row for each step of the plan, one for the schedule, one for all. */
static void collect_layers(struct report_core *to, const struct plan *plan, const struct prove_counts *counts,
                           struct arena *arena)
{
    struct report_layer *layers = ARENA_ARRAY(arena, plan->step_count + 2, struct report_layer);
    struct report_layer *total = &layers[plan->step_count + 1];
    for (int i = 0; i < plan->step_count; i++) {
        const struct node *n = plan->steps[i].node;
        const bool is_first = i == 0 || plan->steps[i - 1].node != n;
        const struct tensor *out = n != NULL && n->out_count > 0 ? ir_out(plan->graph, n, 0) : NULL;
        layers[i] = (struct report_layer){.op = n != NULL ? ir_op_text(n->op) : "input row",
                                          .name = n != NULL ? n->name : "",
                                          .kernel = plan_kernels[plan->steps[i].kernel].name,
                                          .macs = n != NULL && is_first ? ir_macs(plan->graph, n) : 0,
                                          .outputs = out != NULL ? ir_count(out) : 0,
                                          .instructions = counts->layers[i].instructions,
                                          .cycles = counts->layers[i].cycles};
        total->macs += layers[i].macs;
    }
    layers[plan->step_count] = (struct report_layer){.op = "schedule",
                                                     .name = "",
                                                     .instructions = counts->schedule.instructions,
                                                     .cycles = counts->schedule.cycles};
    *total = (struct report_layer){.op = "total",
                                   .name = "",
                                   .macs = total->macs,
                                   .instructions = counts->total.instructions,
                                   .cycles = counts->total.cycles};
    to->layers = layers;
    to->layer_count = plan->step_count;
}

/* The boards that have the core. */
static bool collect_boards(struct report_core *to, struct session *s)
{
    const char *const *names = target_board_names(&s->arena);
    int32_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    to->boards = ARENA_ARRAY(&s->arena, count, struct report_board);
    for (int i = 0; i < count; i++) {
        struct target_board board;
        if (!target_read_board(names[i], &board, &s->arena, &s->diag)) {
            return false;
        }
        if (strcmp(board.core, to->name) == 0) {
            to->boards[to->board_count++] = (struct report_board){board.name, board.ram, board.flash, board.clock};
        }
    }
    return true;
}

/* The C for a core. */
static bool make_c(struct session *s, struct job *job, const struct target_core *core, const char *wish)
{
    const struct emit_options how = {.name = "model", .source = "model", .hash = "-"};
    const enum plan_schedule schedule = job->model.is_fed ? PLAN_FED : PLAN_STREAM;
    unsigned features = command_features(core);
    if (!command_wish(s, wish, &features) ||
        !plan_graph_for(&s->model.graphs[0], schedule, features, &job->emitted, &s->diag)) {
        return false;
    }
    job->model.files = &job->files;
    job->model.layer_count = job->emitted.step_count;
    return emit_c(&job->emitted, &how, &job->files, &s->diag);
}

static bool bench_on(struct session *s, struct job *job, const char *name, const char *wish, struct report_core *to)
{
    struct target_core core;
    struct prove_program program, plain;
    struct prove_counts counts;
    if (!command_core(s, name, &core)) {
        return false;
    }
    s->path = name;
    const char *missing = prove_missing_counter(&core, &s->arena);
    if (missing != NULL) {
        return diag_fail(&s->diag, "%s", missing);
    }
    if (!make_c(s, job, &core, wish) || !prove_check_counter(&core, &job->model, &job->folder, &s->arena, &s->diag) ||
        !prove_build(&core, &job->model, PROVE_BENCH, &job->folder, &s->arena, &program, &s->diag) ||
        !prove_count(&core, &job->model, &program, &job->folder, &s->arena, &counts, &s->diag) ||
        !prove_build(&core, &job->model, PROVE_VERIFY, &job->folder, &s->arena, &plain, &s->diag)) {
        return false; /* layers that are counted one by one take more code than in a plain build */
    }
    const uint32_t model_weights = (uint32_t)job->model.files->weight_size; /* small code may have narrower biases */
    const uint32_t weights = model_weights < plain.constants ? model_weights : plain.constants;
    *to = (struct report_core){
        .name = core.name,
        .about = core.about,
        .costs_from = core.costs_from,
        .optimize = wish,
        .arena = program.arena,
        .statics = program.statics,
        .stack = counts.stack,
        .weights = weights,
        .constants = plain.constants - weights,
        .code = plain.code,
    };
    collect_layers(to, &job->emitted, &counts, &s->arena);
    return collect_boards(to, s);
}

/* What --optimize asks for; `all`: all that there is. Returns how many. */
static int32_t find_wishes(const struct job *job, const char *wishes[])
{
    static const char *const all[WISHES] = {"size", "balanced", "speed"};
    const char *wish = job->options[OPTIMIZE].text;
    if (wish != NULL && strcmp(wish, "all") == 0) {
        memcpy(wishes, all, sizeof all);
        return WISHES;
    }
    wishes[0] = wish != NULL ? wish : "balanced";
    return 1;
}

static bool bench_all(struct session *s, struct job *job)
{
    const char *const standard[] = {"cortex-m4f", NULL};
    const char *const *list = job->list[0] != NULL ? job->list : standard;
    const char *wishes[WISHES];
    const int32_t wish_count = find_wishes(job, wishes);
    struct report_core cores[OPTION_MOST * WISHES];
    int32_t count = 0;
    for (; *list != NULL; list++, count += wish_count) {
        for (int32_t k = 0; k < wish_count; k++) {
            if (!bench_on(s, job, *list, wishes[k], &cores[count + k])) {
                return false;
            }
        }
        if (job->options[JSON].text == NULL) {
            wish_count > 1 ? report_trade_text(&cores[count], wish_count, stdout)
                           : report_core_text(&cores[count], stdout);
            fflush(stdout);
        }
    }
    s->path = job->options[MODEL].text;
    if (job->options[JSON].text == NULL) {
        return true;
    }
    char *text = report_cores_json(s->path, cores, count);
    if (text == NULL) {
        return diag_fail(&s->diag, "has a report too large for the memory");
    }
    puts(text);
    free(text);
    return true;
}

static bool bench(struct session *s, void *context)
{
    struct job *job = context;
    struct plan plan;
    struct graph *g = &s->model.graphs[0];
    if (!plan_graph(g, PLAN_STREAM, &plan, &s->diag)) {
        return false;
    }
    uint8_t *in = arena_alloc(&s->arena, run_input_size(&plan));
    prove_fill_inputs(g, false, 0, in);
    job->model = (struct prove_model){
        .plan = &plan, .in = in, .invokes = 1, .passes = 1, .is_fed = job->options[INPUT_FED].text != NULL};
    return prove_folder_open(&job->folder, &s->diag) && bench_all(s, job);
}

int command_bench(int argc, char **argv)
{
    struct job job = {0};
    const char *shapes[OPTION_MOST + 1] = {NULL}, *values[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [MODEL] = MODEL_OPTION,
        [ON] = ON_OPTION(job.list),
        [INPUT_FED] = {.name = "input-fed", .help = "of the C of `mote compile --input-fed`"},
        [OPTIMIZE] = {.name = "optimize",
                      .value = "WISH",
                      .help = "speed, size, balanced (default), or all: a line for each"},
        [JSON] = {.name = "json", .help = "print JSON instead of text"},
        [SHAPE] = SHAPE_OPTION(shapes),
        [VALUE] = VALUE_OPTION(values),
        [MAX_WORK] = MAX_WORK_OPTION,
    };
    int status;
    if (!options_parse(argc, argv, &usage, options, OPTION_COUNT, &status)) {
        return status;
    }
    if (options[JSON].text != NULL && !report_has_json) {
        fprintf(stderr, "mote bench: built without --json; install libcjson-dev and build again\n");
        return EXIT_ERROR;
    }
    job.options = options;
    const struct session_given given = {options[MODEL].text, options[MAX_WORK].text, shapes, values, 0};
    status = session_run(&given, bench, &job);
    prove_folder_close(&job.folder);
    return status;
}
