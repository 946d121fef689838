/* SPDX-License-Identifier: MIT
 *
 * mote run MODEL --input FILE --output FILE
 */
#include <stdio.h>
#include <string.h>

#include "../run/run.h"
#include "command.h"

enum { MODEL, INPUT, OUTPUT, SHAPE, VALUE, MAX_WORK, OPTION_COUNT };

static const struct usage usage = {
    .verb = "run",
    .about = "Runs a model. The input file holds the raw little-endian values of all inputs, back to back in the\n"
             "model's order. A file of k times that size is k invokes in a row, with state kept; their outputs\n"
             "are appended. The output file appears whole or not at all. Where the model leaves one dim of its only\n"
             "input open, the size of the input file tells it.",
    .example = "mote run model.tflite --input samples.bin --output scores.bin",
};

struct job {
    const struct option *options;
    struct file in;
    struct file_writer out;
};

/* How many invokes the input file holds; 0 with an error if it does not fit the model. */
static size_t count_invokes(struct session *s, struct job *job, size_t in_size)
{
    const char *path = job->options[INPUT].text;
    if (in_size == 0 && path == NULL) {
        return 1;
    }
    if (in_size == 0 || path == NULL) {
        diag_fail(&s->diag, in_size == 0 ? "takes no input; leave --input out" : "takes an input; give it by --input");
        return 0;
    }
    s->path = path;
    if (!file_open(&job->in, path, &s->diag)) {
        return 0;
    }
    if (job->in.size % in_size != 0) {
        diag_fail(&s->diag, "has %zu bytes, the model takes %zu a run", job->in.size, in_size);
        return 0;
    }
    return job->in.size / in_size;
}

static bool invoke_all(struct session *s, struct job *job, struct plan *plan, size_t invokes)
{
    const size_t in_size = run_input_size(plan), out_size = run_output_size(plan);
    uint8_t *out = arena_alloc(&s->arena, out_size);
    struct runner runner;
    run_init(&runner, plan);
    struct progress progress = {.total = invokes};
    bool ok = true;
    for (size_t i = 0; i < invokes && ok; i++) {
        run_invoke(&runner, job->in.data + i * in_size, out);
        if (!run_check(&runner, &s->diag)) {
            s->path = job->options[MODEL].text;
            ok = false;
        }
        ok = ok && file_write_append(&job->out, out, out_size, &s->diag);
        progress_step(&progress);
    }
    progress_end(&progress);
    return ok;
}

static bool run(struct session *s, void *context)
{
    struct job *job = context;
    struct plan plan;
    if (!plan_graph(&s->model.graphs[0], PLAN_STREAM, &plan, &s->diag)) {
        return false;
    }
    const size_t invokes = count_invokes(s, job, run_input_size(&plan));
    if (invokes == 0) {
        return false;
    }
    s->path = job->options[OUTPUT].text;
    for (int i = MODEL; i <= INPUT; i++) {
        if (file_is_same(s->path, job->options[i].text)) {
            return diag_fail(&s->diag, "is the %s; write to another file", i == MODEL ? "model" : "input");
        }
    }
    s->path = NULL;
    return file_write_open(&job->out, job->options[OUTPUT].text, &s->diag) && invoke_all(s, job, &plan, invokes) &&
           file_write_commit(&job->out, &s->diag);
}

int command_run(int argc, char **argv)
{
    const char *shapes[OPTION_MOST + 1] = {NULL}, *values[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [MODEL] = MODEL_OPTION,
        [INPUT] = {.name = "input", .value = "FILE", .help = "values to read; none for a model without inputs"},
        [OUTPUT] = {.name = "output", .value = "FILE", .required = true, .help = "file to write"},
        [SHAPE] = SHAPE_OPTION(shapes),
        [VALUE] = VALUE_OPTION(values),
        [MAX_WORK] = MAX_WORK_OPTION,
    };
    int status;
    if (!options_parse(argc, argv, &usage, options, OPTION_COUNT, &status)) {
        return status;
    }
    struct job job = {.options = options};
    const struct session_given given = {options[MODEL].text, options[MAX_WORK].text, shapes, values,
                                        file_size(options[INPUT].text)};
    status = session_run(&given, run, &job);
    file_write_abort(&job.out);
    file_close(&job.in);
    return status;
}
