/* SPDX-License-Identifier: MIT
 *
 * Everything but running on untrusted bytes: reader, passes, planner, report, emitter.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../tool/emit/emit.h"
#include "../tool/report/report.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(const struct fuzz *f, const struct plan *plan, uint32_t layered_size)
{
    static FILE *nowhere;
    if (nowhere == NULL) {
        nowhere = fopen("/dev/null", "w");
    }
    struct report report;
    report_make(&report, "model.tflite", f->file.size, plan, layered_size);
    report_text(&report, nowhere);
    free(report_json(&report));
}

static void plan(struct fuzz *f)
{
    static const struct emit_options how = {"model", "model.tflite", "0", NULL};
    struct plan layers, stream;
    struct emit_files files;
    if (plan_graph(&f->model.graphs[0], PLAN_LAYERS, &layers, &f->diag) &&
        plan_graph(&f->model.graphs[0], PLAN_STREAM, &stream, &f->diag)) {
        report(f, &stream, layers.tensor_size);
        emit_c(&stream, &how, &files, &f->diag);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_model(data, size, plan);
    return 0;
}
