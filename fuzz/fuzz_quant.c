/* SPDX-License-Identifier: MIT
 *
 * Quantisation of untrusted models: whatever the reader accepts becomes integers that a file holds, or is refused.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../tool/quant/quant.h"
#include "../tool/read/read.h"
#include "../tool/write/write.h"
#include "fuzz.h"

enum { WORK_MOST = 1 << 20, VALUES_MOST = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small numbers of both signs; NULL: the inputs are too large to be tried. */
static const float *make_sample(const struct graph *g)
{
    int64_t count = 0;
    for (int i = 0; i < g->input_count && count <= VALUES_MOST; i++) {
        count += ir_count(&g->tensors[g->inputs[i]]);
    }
    if (count > VALUES_MOST) {
        return NULL;
    }
    float *sample = ARENA_ARRAY(g->arena, count, float);
    uint32_t x = 1;
    for (int64_t i = 0; i < count; i++) {
        x = x * 1664525 + 1013904223;
        sample[i] = (float)(int32_t)x / (float)(1 << 29);
    }
    return sample;
}

static void quantise(struct fuzz *f)
{
    struct graph *g = &f->model.graphs[0], out;
    struct quant_report report;
    struct model copy;
    const struct quant_options options = {.scheme = (enum quant_scheme)(f->file.size % 3),
                                          .calibration = (enum quant_calibration)(f->file.size % 5),
                                          .float_io = f->file.size % 2 == 0};
    g->max_work = WORK_MOST;
    const float *sample = make_sample(g);
    if (f->model.graph_count > 1 || sample == NULL || !quant_graph(g, &sample, 1, &options, &out, &report, &f->diag)) {
        return;
    }
    if (write_has_tflite(&out, &f->diag)) {
        const struct file file = write_tflite(&out, &f->arena);
        if (!read_model(&file, NULL, &f->arena, &copy, &f->diag)) {
            fprintf(stderr, "what was written is refused: %s\n", f->diag.text);
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(data, size, quantise);
    return 0;
}
