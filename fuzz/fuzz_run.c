/* SPDX-License-Identifier: MIT
 *
 * The whole road on untrusted bytes, down to the executor and the kernels. What a model computes may depend on its
 * inputs alone: it runs layer by layer and row by row, each in an arena of exactly the planned size with other
 * garbage in it, and all outputs must agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INVOKES = 2, OUTPUT_LIMIT = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t total(const struct mote_tensor *ends, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size += ends[i].size;
    }
    return size;
}

static void fill(uint8_t *to, size_t size, uint32_t x)
{
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        to[i] = (uint8_t)(x >> 24);
    }
}

/* Outputs of all invokes, in new memory; NULL if there are too many. */
static uint8_t *run(struct fuzz *f, const struct mote_plan *plan, uint32_t garbage)
{
    const size_t size = total(plan->outputs, plan->output_count);
    if (size * INVOKES > OUTPUT_LIMIT || plan->arena_size > OUTPUT_LIMIT) {
        return NULL;
    }
    uint8_t *out = arena_alloc(&f->arena, size * INVOKES);
    uint8_t *arena = arena_alloc(&f->arena, plan->arena_size);
    fill(arena, plan->arena_size, garbage);
    mote_init(plan, arena);
    for (int k = 0; k < INVOKES; k++) {
        for (int i = 0; i < plan->input_count; i++) {
            fill(mote_input(plan, arena, i), plan->inputs[i].size, (uint32_t)(k * 100 + i));
        }
        mote_invoke(plan, arena);
        uint8_t *to = out + (size_t)k * size;
        for (int i = 0; i < plan->output_count; i++) {
            memcpy(to, mote_output(plan, arena, i), plan->outputs[i].size);
            to += plan->outputs[i].size;
        }
    }
    return out;
}

static void compare(struct fuzz *f)
{
    struct plan layers, stream;
    if (!plan_graph(&f->model.graphs[0], PLAN_LAYERS, &layers, &f->diag) ||
        !plan_graph(&f->model.graphs[0], PLAN_STREAM, &stream, &f->diag)) {
        return;
    }
    const uint8_t *a = run(f, &layers.code, 1), *b = run(f, &stream.code, 2);
    const size_t size = total(layers.code.outputs, layers.code.output_count) * INVOKES;
    if (a != NULL && b != NULL && memcmp(a, b, size) != 0) {
        fprintf(stderr, "layer by layer and row by row differ, or depend on what the arena held\n");
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_model(data, size, compare);
    return 0;
}
