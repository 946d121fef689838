/* SPDX-License-Identifier: MIT
 *
 * What the front-end makes of a lesson's data. It runs on all cores; each has an arena of its own.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lesson.h"

enum { MOST_THREADS = 64, MOST_CHANGED = 24000 };

/* One thread's part: every `step`-th example from `first` on. */
struct part {
    const struct lesson *lesson;
    float *to;                 /* [data.count][width] */
    int32_t first, step, copy; /* copy -1: examples as they are */
    uint8_t *arena, *out, *raw;
    bool ok;
};

float lesson_real(const struct tensor *t, const void *values, size_t i)
{
    const float scale = t->quant.count > 0 ? ir_scale(t) : 1;
    const int32_t zero = t->quant.count > 0 ? ir_zero_point(t) : 0;
    switch (t->type) {
    case TYPE_S8:
        return scale * (float)(((const int8_t *)values)[i] - zero);
    case TYPE_U8:
        return scale * (float)(((const uint8_t *)values)[i] - zero);
    case TYPE_S16: {
        int16_t v;
        memcpy(&v, (const uint8_t *)values + 2 * i, sizeof v);
        return scale * (float)(v - zero);
    }
    case TYPE_S32: {
        int32_t v;
        memcpy(&v, (const uint8_t *)values + 4 * i, sizeof v);
        return scale * (float)(v - zero);
    }
    default: {
        float v;
        memcpy(&v, (const uint8_t *)values + 4 * i, sizeof v);
        return v;
    }
    }
}

static void to_floats(const struct tensor *t, const void *from, float *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = lesson_real(t, from, i);
    }
}

static void *run_part(void *context)
{
    struct part *p = context;
    const struct lesson *l = p->lesson;
    const struct mote_plan *code = &l->plan.code;
    for (int32_t i = p->first; i < l->data.count; i += p->step) {
        const void *raw = data_values(&l->data, i);
        if (p->copy >= 0) {
            if (l->data.examples[i].split != SPLIT_TRAIN) {
                continue;
            }
            uint64_t random = ((uint64_t)l->recipe.train_seed << 40) + ((uint64_t)p->copy << 32) + (uint64_t)i;
            train_random(&random);
            augment_raw(l, i, &random, p->raw);
            raw = p->raw;
        }
        mote_init(code, p->arena);
        lesson_give(l, &l->front.tensors[l->front.inputs[0]], raw, mote_input(code, p->arena, 0));
        mote_invoke(code, p->arena);
        memcpy(p->out, mote_output(code, p->arena, 0), code->outputs[0].size);
        to_floats(&l->front.tensors[l->front.outputs[0]], p->out, p->to + (size_t)i * l->width, l->width);
    }
    return NULL;
}

static int thread_count(const struct lesson *l)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int32_t wanted = l->recipe.train_threads > 0 ? l->recipe.train_threads : (int32_t)(cores > 0 ? cores : 1);
    return wanted < MOST_THREADS ? wanted : MOST_THREADS;
}

static bool run_all(const struct lesson *l, float *to, int32_t copy, struct diag *diag)
{
    struct part parts[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    const int count = thread_count(l);
    bool ok = true;
    int begun = 0;
    for (int i = 0; i < count && ok; i++) {
        parts[i] = (struct part){l, to, i, count, copy};
        parts[i].arena = aligned_alloc(64, ((size_t)l->plan.arena_size + 63) / 64 * 64 + 64);
        parts[i].out = malloc(l->plan.code.outputs[0].size + 1);
        parts[i].raw = malloc(l->data.example_size + 1);
        ok = parts[i].arena != NULL && parts[i].out != NULL && parts[i].raw != NULL &&
             pthread_create(&threads[i], NULL, run_part, &parts[i]) == 0;
        begun += ok;
        if (!ok) {
            free(parts[i].arena);
            free(parts[i].out);
            free(parts[i].raw);
        }
    }
    for (int i = 0; i < begun; i++) {
        pthread_join(threads[i], NULL);
        free(parts[i].arena);
        free(parts[i].out);
        free(parts[i].raw);
    }
    return ok || diag_fail(diag, "no memory for the front-end");
}

/* Mean and deviation of each element of the last dim, over the training examples. */
static void find_statistics(struct lesson *l, struct arena *arena)
{
    const struct tensor *out = &l->front.tensors[l->front.outputs[0]];
    const size_t last = (size_t)ir_dim(out, -1), rows = l->width / last;
    double *sum = ARENA_ARRAY(arena, last, double), *squares = ARENA_ARRAY(arena, last, double);
    int64_t count = 0;
    for (int32_t i = 0; i < l->data.count; i++) {
        const float *x = l->features + (size_t)i * l->width;
        const int32_t normal = lesson_normal(l), label = l->data.examples[i].label;
        if (l->data.examples[i].split != SPLIT_TRAIN || (normal != NO_LABEL && label != normal)) {
            continue;
        }
        for (size_t k = 0; k < l->width; k++) {
            sum[k % last] += x[k];
            squares[k % last] += (double)x[k] * x[k];
        }
        count += (int64_t)rows;
    }
    l->mean = ARENA_ARRAY(arena, last, float);
    l->deviation = ARENA_ARRAY(arena, last, float);
    for (size_t k = 0; k < last; k++) {
        const double mean = count > 0 ? sum[k] / (double)count : 0;
        const double variance = count > 0 ? squares[k] / (double)count - mean * mean : 0;
        const double least = 1e-6 * fabs(mean) + 1e-9;
        l->mean[k] = (float)mean;
        l->deviation[k] = variance > least * least ? (float)sqrt(variance) : 1.0F;
    }
}

static void standardise(const struct lesson *l, float *x, size_t count)
{
    const size_t last = (size_t)ir_dim(&l->shape, -1);
    for (size_t k = 0; k < count; k++) {
        x[k] = (x[k] - l->mean[k % last]) * (1 / l->deviation[k % last]);
    }
}

/* The shape that the network sees: no frames of 1, and a channel for spectrograms. */
static void set_shape(struct lesson *l)
{
    const struct tensor *out = &l->front.tensors[l->front.outputs[0]];
    l->shape = (struct tensor){.name = "features", .type = TYPE_F32, .rank = out->rank};
    memcpy(l->shape.dim, out->dim, sizeof l->shape.dim);
    const enum front_kind kind = l->front_options.kind;
    if (kind == FRONT_MEL || kind == FRONT_MFCC) {
        l->shape.dim[l->shape.rank++] = 1;
    } else if (kind == FRONT_SPECTRUM || kind == FRONT_STATISTICS) {
        l->shape.rank = 1;
        l->shape.dim[0] = out->dim[1];
    } else if (kind == FRONT_PIXELS) {
        l->shape.rank = 3;
        memcpy(l->shape.dim, out->dim + 1, 3 * sizeof out->dim[0]);
    }
    l->width = (size_t)ir_count(&l->shape);
}

static float *new_features(const struct lesson *l, int32_t copies, struct diag *diag)
{
    const size_t size = (size_t)copies * (size_t)l->data.count * l->width;
    float *f = size <= l->data_options.memory ? calloc(size + 1, sizeof *f) : NULL;
    if (f == NULL) {
        diag_fail(diag, "features of %d examples take %zu MiB; take less data, or let data.memory be more",
                  l->data.count * copies, size * sizeof *f >> 20);
    }
    return f;
}

static bool make_copies(struct lesson *l, struct diag *diag)
{
    const int32_t most = MOST_CHANGED / (l->data.count > 0 ? l->data.count : 1);
    const int32_t wanted = l->recipe.augment_copies < most ? l->recipe.augment_copies : most;
    if (!augment_is_raw(&l->recipe, l->data_options.kind) || l->front.node_count == 0 || wanted < 1 ||
        l->front_options.kind == FRONT_RAW) {
        return true;
    }
    l->copies = new_features(l, wanted, diag);
    l->copy_count = l->copies != NULL ? wanted : 0;
    for (int32_t c = 0; c < l->copy_count; c++) {
        if (!run_all(l, l->copies + (size_t)c * (size_t)l->data.count * l->width, c, diag)) {
            return false;
        }
    }
    return !diag->failed;
}

bool lesson_make_features(struct lesson *l, struct arena *arena, struct diag *diag)
{
    lesson_find_units(l, arena);
    if (l->data.rate > 0 && l->data_options.kind == DATA_SENSOR) {
        l->front_options.rate = l->data.rate;
    }
    l->front = (struct graph){.arena = arena};
    if (!front_build(&l->front_options, &l->data.shape, &l->front, diag)) {
        return false;
    }
    set_shape(l);
    l->features = new_features(l, 1, diag);
    const bool is_empty = l->front.node_count == 0;
    if (l->features == NULL || (!is_empty && !plan_graph(&l->front, PLAN_STREAM, &l->plan, diag))) {
        return false;
    }
    for (int32_t i = 0; i < l->data.count && is_empty; i++) { /* floats are what they are in any steps */
        to_floats(l->data.shape.type == TYPE_F32 ? &l->data.shape : &l->front.tensors[l->front.outputs[0]],
                  data_values(&l->data, i), l->features + (size_t)i * l->width, l->width);
    }
    if (!is_empty && !run_all(l, l->features, -1, diag)) {
        return false;
    }
    if (!make_copies(l, diag)) {
        return false;
    }
    if (!front_is_float(l->front_options.kind)) {
        return true;
    }
    find_statistics(l, arena);
    standardise(l, l->features, (size_t)l->data.count * l->width);
    if (l->copies != NULL) {
        standardise(l, l->copies, (size_t)l->copy_count * (size_t)l->data.count * l->width);
    }
    return front_standardise(&l->front, l->mean, l->deviation, diag);
}
