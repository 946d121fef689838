/* SPDX-License-Identifier: MIT
 *
 * Reader, passes and planner on untrusted bytes.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plan(struct fuzz *f)
{
    struct plan layers, stream;
    if (plan_graph(&f->model.graphs[0], PLAN_LAYERS, &layers, &f->diag)) {
        plan_graph(&f->model.graphs[0], PLAN_STREAM, &stream, &f->diag);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_model(data, size, plan);
    return 0;
}
