/* SPDX-License-Identifier: MIT
 *
 * mote inspect MODEL [--json]
 */
#include <stdlib.h>

#include "../report/report.h"
#include "command.h"

enum { MODEL, JSON, MAX_WORK, OPTION_COUNT };

static const struct usage usage = {
    .verb = "inspect",
    .about = "Shows what is in a model and what it will cost: inputs and outputs, operators with their\n"
             "multiply-accumulates (MACs) and constants, and the RAM it needs, tensor by tensor.",
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

static bool inspect(struct session *s, void *context)
{
    const struct option *options = context;
    struct plan layered, plan;
    struct report report;
    struct graph *g = &s->model.graphs[0];
    if (!plan_graph(g, PLAN_LAYERS, &layered, &s->diag) || !plan_graph(g, PLAN_STREAM, &plan, &s->diag)) {
        return false;
    }
    report_make(&report, s->path, s->file.size, &plan, layered.tensor_size);
    if (options[JSON].text != NULL) {
        return print_json(s, &report);
    }
    report_text(&report, stdout);
    return true;
}

int command_inspect(int argc, char **argv)
{
    struct option options[OPTION_COUNT] = {
        [MODEL] = {.value = "MODEL", .required = true, .help = "a model file (.tflite)"},
        [JSON] = {.name = "json", .help = "print JSON instead of text"},
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
    return session_run(options[MODEL].text, options[MAX_WORK].text, inspect, options);
}
