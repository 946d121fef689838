/* SPDX-License-Identifier: MIT
 *
 * mote quantize MODEL --data DIR -o OUT.tflite
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../quant/quant.h"
#include "../report/report.h"
#include "../write/write.h"
#include "command.h"
#include "samples.h"

enum { MODEL, DATA, OUT, INT16X8, INT4, CALIBRATION, FLOAT_IO, PORTABLE, JSON, SHAPE, VALUE, MAX_WORK, OPTION_COUNT };

static const struct usage usage = {
    .verb = "quantize",
    .about = "Makes integers of a float model: weights of 8 bits with a scale for each channel, and activations whose\n"
             "ranges are seen on samples of its inputs. DIR is a folder, or one file, of raw .bin files as `mote run`\n"
             "takes them, a file of k times the size being k samples, or of .npy files. Prints what it cost, dB.",
    .example = "mote quantize model.tflite --data samples/ -o model_int8.tflite",
};

struct job {
    const struct option *options;
    struct quant_options quant;
    struct samples samples;
    struct progress progress;
};

static void step(void *context, int64_t done, int64_t total)
{
    struct job *job = context;
    job->progress.total = (uint64_t)total;
    job->progress.done = (uint64_t)done - 1;
    progress_step(&job->progress);
}

/*** What it does ***/

static bool write_model(struct session *s, const struct job *job, const struct graph *out)
{
    const char *path = job->options[OUT].text;
    if (!write_has_tflite(out, &s->diag)) {
        return false;
    }
    const struct file file = write_tflite(out, &s->arena);
    s->path = NULL;
    return file_write(path, file.data, file.size, &s->diag);
}

static bool quantize(struct session *s, void *context)
{
    struct job *job = context;
    const struct graph *g = &s->model.graphs[0];
    struct graph out;
    struct quant_report report;
    if (s->model.graph_count > 1) {
        return diag_fail(&s->diag, "has %d subgraphs; quantisation takes a model of one", s->model.graph_count);
    }
    if (file_is_same(job->options[OUT].text, job->options[MODEL].text)) {
        s->path = job->options[OUT].text;
        return diag_fail(&s->diag, "is the model; write to another file");
    }
    if (!samples_open(&job->samples, s, job->options[DATA].text, g)) {
        return false;
    }
    job->quant.progress = step;
    job->quant.context = job;
    const bool ok = quant_graph(g, job->samples.data, job->samples.count, &job->quant, &out, &report, &s->diag);
    progress_end(&job->progress);
    if (!ok || !write_model(s, job, &out)) {
        return false;
    }
    s->path = job->options[MODEL].text;
    if (job->options[JSON].text == NULL) {
        report_quant_text(&report, job->samples.count, stdout);
        return true;
    }
    char *text = report_quant_json(s->path, &report, job->samples.count);
    if (text == NULL) {
        return diag_fail(&s->diag, "--json needs cJSON; install libcjson-dev and build again");
    }
    puts(text);
    free(text);
    return true;
}

/* What the words of the options mean; false with a message for words that mean nothing. */
static bool understand(const struct option *o, struct quant_options *quant)
{
    if (o[INT16X8].text != NULL && o[INT4].text != NULL) {
        fprintf(stderr, "mote quantize: --int16x8 and --int4 exclude each other; see `mote quantize --help`\n");
        return false;
    }
    quant->scheme = o[INT16X8].text != NULL ? QUANT_INT16X8 : o[INT4].text != NULL ? QUANT_INT4 : QUANT_INT8;
    quant->float_io = o[FLOAT_IO].text != NULL;
    quant->portable = o[PORTABLE].text != NULL;
    const char *names[QUANT_ENTROPY + 2] = {0};
    for (int i = QUANT_BEST; i <= QUANT_ENTROPY; i++) {
        names[i] = quant_calibration_text((enum quant_calibration)i);
        if (o[CALIBRATION].text == NULL || strcmp(names[i], o[CALIBRATION].text) == 0) {
            quant->calibration = (enum quant_calibration)i;
            return true;
        }
    }
    const char *meant = word_nearest(o[CALIBRATION].text, names);
    fprintf(stderr,
            "mote quantize: there is no calibration \"%s\"%s%s%s; want best, minmax, percentile, mse or entropy\n",
            o[CALIBRATION].text, meant != NULL ? "; did you mean \"" : "", meant != NULL ? meant : "",
            meant != NULL ? "\"?" : "");
    return false;
}

int command_quantize(int argc, char **argv)
{
    const char *shapes[OPTION_MOST + 1] = {NULL}, *values[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [MODEL] = {.value = "MODEL",
                   .required = true,
                   .help = "a model file of floats (.tflite, .onnx, .keras or .h5)"},
        [DATA] = {.name = "data", .value = "DIR", .required = true, .help = "samples of the inputs: .bin, .npy"},
        [OUT] = {.name = "o", .value = "FILE", .required = true, .help = "the .tflite file to write"},
        [INT16X8] = {.name = "int16x8", .help = "activations of 16 bits"},
        [INT4] = {.name = "int4", .help = "weights of 4 bits where that costs little"},
        [CALIBRATION] = {.name = "calibration",
                         .value = "HOW",
                         .help = "best (default), minmax, percentile, mse, entropy"},
        [FLOAT_IO] = {.name = "float-io", .help = "inputs and outputs stay float"},
        [PORTABLE] = {.name = "portable", .help = "one scale for a dense layer, as runtimes before 2024 want it"},
        [JSON] = {.name = "json", .help = "the report as JSON"},
        [SHAPE] = SHAPE_OPTION(shapes),
        [VALUE] = VALUE_OPTION(values),
        [MAX_WORK] = MAX_WORK_OPTION,
    };
    struct job job = {.options = options};
    int status;
    if (!options_parse(argc, argv, &usage, options, OPTION_COUNT, &status)) {
        return status;
    }
    if (!understand(options, &job.quant)) {
        return EXIT_USAGE;
    }
    const struct session_given given = {options[MODEL].text, options[MAX_WORK].text, shapes, values, 0};
    status = session_as_read(&given, quantize, &job);
    samples_close(&job.samples);
    return status;
}
