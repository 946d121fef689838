/* SPDX-License-Identifier: MIT
 *
 * mote inspect MODEL [--board NAME] [--json]
 */
#include <stdlib.h>

#include "../emit/emit.h"
#include "../report/report.h"
#include "command.h"

enum { MODEL, BOARD, JSON, SHAPE, VALUE, MAX_WORK, OPTION_COUNT };

static const struct usage usage = {
    .verb = "inspect",
    .about = "Shows what is in a model and what it will cost: inputs and outputs, operators with their\n"
             "multiply-accumulates (MACs) and constants, and the RAM it needs, tensor by tensor. For a model\n"
             "that cannot be run, all that is missing, layer by layer.",
    .example = "mote inspect model.tflite",
};

static bool print_json(struct session *s, const struct report *report)
{
    char *text = report_json(report);
    if (text == NULL) {
        return diag_fail(&s->diag, "has a report too large for the memory");
    }
    puts(text);
    free(text);
    return true;
}

struct job {
    bool is_json;
    const char *board;    /* NULL: not asked for */
    struct arena scratch; /* for a plan that is made only to compare */
};

/* Arena that the model would need if one layer ran after the other. */
static bool find_layered_size(struct session *s, struct graph *g, struct arena *scratch, uint32_t *size)
{
    struct plan plan;
    arena_init(scratch, s->arena.limit);
    scratch->on_exhaustion = s->arena.on_exhaustion;
    g->arena = scratch;
    const bool ok = plan_graph(g, PLAN_LAYERS, &plan, &s->diag);
    g->arena = &s->arena;
    *size = plan.tensor_size;
    arena_free(scratch);
    return ok;
}

static bool find_fit(struct session *s, const struct plan *plan, const char *board, struct report_fit *fit)
{
    const struct emit_options how = {.name = "model", .source = "", .hash = ""};
    struct emit_files files;
    s->path = "--board";
    return emit_c(plan, &how, &files, &s->diag) && command_fit(s, board, plan, &files, fit);
}

static bool inspect(struct session *s, void *context)
{
    struct job *job = context;
    struct plan plan;
    struct report report;
    uint32_t layered_size;
    struct graph *g = &s->model.graphs[0];
    unsigned features = 0;
    if ((job->board != NULL && !command_board_features(s, job->board, &features)) ||
        !find_layered_size(s, g, &job->scratch, &layered_size) ||
        !plan_graph_for(g, PLAN_STREAM, features, &plan, &s->diag)) {
        return false;
    }
    report_make(&report, s->path, s->file.size, &plan, layered_size);
    struct report_fit fit;
    if (job->board != NULL) {
        if (!find_fit(s, &plan, job->board, &fit)) {
            return false;
        }
        report.fit = &fit;
    }
    if (job->is_json) {
        return print_json(s, &report);
    }
    report_text(&report, stdout);
    return true;
}

int command_inspect(int argc, char **argv)
{
    const char *shapes[OPTION_MOST + 1] = {NULL}, *values[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [MODEL] = MODEL_OPTION,
        [BOARD] = {.name = "board", .value = "NAME", .help = "whether it fits there, such as raspberry-pi-pico"},
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
        fprintf(stderr, "mote inspect: built without --json; install libcjson-dev and build again\n");
        return EXIT_ERROR;
    }
    struct job job = {.is_json = options[JSON].text != NULL, .board = options[BOARD].text};
    const struct session_given given = {options[MODEL].text, options[MAX_WORK].text, shapes, values, 0};
    status = session_survey(&given, inspect, &job);
    arena_free(&job.scratch);
    return status;
}
