/* SPDX-License-Identifier: MIT
 *
 * Training, from the outside in: phases (in float, then quantisation-aware on the folded graph), epochs, batches, slices.
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "trainer.h"

enum { SLICE = 16 }; /* examples at most: what the layers make of them stays in the cache */
static const size_t memory_limit = (size_t)8 << 30;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct train_options train_defaults(void)
{
    return (struct train_options){.rate = 0.005F,
                                  .warm_up = 1,
                                  .momentum = 0.9F,
                                  .weight_decay = 0.01F,
                                  .batch = 64,
                                  .epochs = 30,
                                  .focal_gamma = 2,
                                  .normalise = true,
                                  .seed = 1};
}

/*** A batch ***/

/* Part i of n things in `parts` of nearly the same size: its first. */
static int32_t part_begin(int32_t n, int32_t parts, int32_t i) { return (int32_t)((int64_t)n * i / parts); }

static int32_t slice_count(const struct trainer *t, int32_t examples)
{
    return (examples + t->engine.slice - 1) / t->engine.slice;
}

static void learn_slice(void *context, int32_t index, int32_t thread)
{
    struct trainer *t = context;
    const int32_t slices = slice_count(t, t->count), first = part_begin(t->count, slices, index);
    const int32_t count = part_begin(t->count, slices, index + 1) - first;
    float *grads = t->grads + (size_t)index * t->engine.weight_count;
    memset(grads, 0, t->engine.weight_count * sizeof *grads);
    struct engine_slice s = engine_begin(&t->engine, thread, count, grads);
    s.share = (float)count / (float)t->count;
    s.random = sample_seed(t->options->seed, 3, (uint64_t)t->at.epoch, (uint64_t)(t->first + first));
    s.seen = t->quantised != NULL ? t->seen + (size_t)index * (size_t)t->graph->tensor_count : NULL;
    const struct sample sample = sample_fill(t, &s, thread, t->first + first);
    engine_forward(&s);
    t->tallies[index] = loss_find(t, &s, sample, t->count);
    engine_backward(&s);
}

static void add_tallies(const struct trainer *t, int32_t count, struct tally *sum)
{
    for (int32_t i = 0; i < count; i++) {
        sum->loss += t->tallies[i].loss;
        sum->correct += t->tallies[i].correct;
        sum->count += t->tallies[i].count;
    }
}

static void learn_batch(struct trainer *t)
{
    t->first = part_begin(t->train->count, t->batches, t->at.batch);
    t->count = part_begin(t->train->count, t->batches, t->at.batch + 1) - t->first;
    const int32_t slices = slice_count(t, t->count);
    quantise_begin(t);
    threads_run(t->threads, slices, learn_slice, t);
    add_tallies(t, slices, &t->at.tally);
    optimise_step(t, slices);
    quantise_end(t, slices);
    t->at.batch++;
    t->at.step++;
}

/*** Evaluation ***/

static void score_slice(void *context, int32_t index, int32_t thread)
{
    struct trainer *t = context;
    const int32_t slices = slice_count(t, t->scored->count), first = part_begin(t->scored->count, slices, index);
    struct engine_slice s =
        engine_begin(&t->engine, thread, part_begin(t->scored->count, slices, index + 1) - first, NULL);
    const struct sample sample = sample_take(t, &s, thread, first);
    engine_forward(&s);
    t->tallies[index] = loss_find(t, &s, sample, t->scored->count);
}

static struct tally score(struct trainer *t, const struct train_set *set)
{
    struct tally tally = {0};
    t->scored = set;
    quantise_begin(t);
    threads_run(t->threads, slice_count(t, set->count), score_slice, t);
    add_tallies(t, slice_count(t, set->count), &tally);
    return tally;
}

static float mean_loss(struct tally tally, int32_t examples)
{
    return examples > 0 ? (float)(tally.loss / examples) : 0;
}

static float accuracy(struct tally tally)
{
    return tally.count > 0 ? (float)((double)tally.correct / (double)tally.count) : 0;
}

/*** An epoch ***/

static struct train_epoch sum_up(const struct trainer *t)
{
    return (struct train_epoch){.loss = mean_loss(t->at.tally, part_begin(t->train->count, t->batches, t->at.batch)),
                                .accuracy = accuracy(t->at.tally),
                                .rate = optimise_rate(t),
                                .seconds = t->at.seconds};
}

/* Whether a is better than b: more right, or as many with a smaller loss. Of a heat map the loss alone counts, since
 * accuracy looks only where something is. */
static bool is_better(const struct trainer *t, const struct train_epoch *a, const struct train_epoch *b)
{
    return t->outputs == t->classes && a->validation_accuracy != b->validation_accuracy
               ? a->validation_accuracy > b->validation_accuracy
               : a->validation_loss < b->validation_loss;
}

/* Exchanges the weights with their average, which then are what is scored and kept. */
static void swap_average(struct trainer *t)
{
    float *const weights = t->engine.weights;
    if (t->average != NULL) {
        t->engine.weights = t->average;
        t->average = weights;
    }
}

/* Validates, and keeps the weights if they are the best, or without validation always. */
static bool end_epoch(struct trainer *t)
{
    const double start = now();
    struct train_epoch *e = &t->epochs[t->at.epoch];
    swap_average(t);
    if (t->validation != NULL) {
        const struct tally tally = score(t, t->validation);
        e->validation_loss = mean_loss(tally, t->validation->count);
        e->validation_accuracy = accuracy(tally);
    }
    const bool is_best = t->validation == NULL || t->at.best < 0 || is_better(t, e, &t->epochs[t->at.best]);
    if (is_best) {
        t->at.best = t->at.epoch;
        memcpy(t->best, t->engine.weights, t->engine.weight_count * sizeof *t->best);
    }
    swap_average(t);
    e->seconds += now() - start;
    t->at.epoch++;
    t->at.batch = 0;
    t->at.tally = (struct tally){0};
    t->at.seconds = 0;
    return is_best;
}

/* Epoch by epoch; *stopped: progress wants no more. */
static bool run_epochs(struct trainer *t, double start, bool *stopped, struct diag *diag)
{
    const struct train_options *o = t->options;
    const int32_t end = t->at.phase > 0 ? t->at.start + o->quantised : o->epochs - o->quantised;
    while (t->at.epoch < end && !*stopped) {
        if (o->patience > 0 && t->at.best >= 0 && t->at.epoch - t->at.best > o->patience) {
            break;
        }
        sample_shuffle(t);
        while (t->at.batch < t->batches && !*stopped) {
            const double begin = now();
            learn_batch(t);
            t->at.seconds += now() - begin;
            const bool is_last = t->at.batch == t->batches;
            struct train_report report = {.epoch = t->at.epoch,
                                          .epochs = o->epochs,
                                          .batch = t->at.batch,
                                          .batches = t->batches,
                                          .now = &t->epochs[t->at.epoch]};
            t->epochs[t->at.epoch] = sum_up(t);
            if (!isfinite(t->epochs[t->at.epoch].loss)) {
                return diag_fail(diag, "the loss is no number any more in epoch %d; try a smaller learning rate",
                                 t->at.epoch + 1);
            }
            report.is_best = is_last && end_epoch(t);
            report.seconds = now() - start;
            *stopped = o->progress != NULL && !o->progress(o->progress_context, &report);
            if (is_last) {
                break;
            }
        }
        if (!checkpoint_write(t, diag)) {
            return false;
        }
    }
    return true;
}

/*** A phase ***/

/* Tensors that have numbers of 8 bits of their own in a quantised graph: not those that share their input's. */
static void mark_quantised(struct trainer *t)
{
    struct engine *e = &t->engine;
    e->tensors[t->graph->inputs[0]].is_quantised = true;
    for (int32_t i = 0; i < e->layer_count; i++) {
        const enum op op = e->layers[i].node->op;
        const bool shares = op == OP_RESHAPE || op == OP_SQUEEZE || op == OP_EXPAND_DIMS || op == OP_MAX_POOL_2D ||
                            op == OP_AVERAGE_POOL_2D || e->layers[i].map != NULL;
        e->tensors[e->layers[i].node->out[0]].is_quantised = !shares;
    }
}

/* One, but in quantisation-aware training: after the scale of the inputs went into the first layer's weights, steps of the old size may be far too large for
 * them: they shrink as weights fell short of a new layer's deviation. */
static void set_paces(struct trainer *t)
{
    for (int32_t i = 0; i < t->engine.param_count; i++) {
        const struct engine_param *p = &t->engine.params[i];
        double squares = 0;
        for (size_t k = 0; k < p->count; k++) {
            squares += (double)t->engine.weights[p->offset + k] * (double)t->engine.weights[p->offset + k];
        }
        t->paces[i] = 1;
        if (t->at.phase > 0 && p->channels > 0) {
            const double inputs = (double)p->count / p->channels, deviation = sqrt(squares / (double)p->count);
            t->paces[i] = (float)fmin(1, deviation / sqrt(2 / inputs));
        }
    }
}

static void allocate(struct trainer *t)
{
    struct arena *a = &t->arena;
    const size_t weights = t->engine.weight_count, tensors = (size_t)t->graph->tensor_count;
    const int32_t most =
        t->validation != NULL && t->validation->count > t->train->count ? t->validation->count : t->train->count;
    const size_t slice = (size_t)t->engine.slice, outputs = (size_t)t->outputs, rows = outputs / (size_t)t->classes;
    const int32_t threads = threads_count(t->threads);
    t->order = ARENA_ARRAY(a, t->train->count, int32_t);
    t->grads = ARENA_ARRAY(a, (size_t)t->slices * weights, float);
    t->grad = ARENA_ARRAY(a, weights, float);
    t->moment = ARENA_ARRAY(a, weights, float);
    t->square = ARENA_ARRAY(a, weights, float);
    t->best = ARENA_ARRAY(a, weights, float);
    if (t->options->average > 0) {
        t->average = ARENA_ARRAY(a, weights, float);
        memcpy(t->average, t->engine.weights, weights * sizeof *t->average);
    }
    t->paces = ARENA_ARRAY(a, t->engine.param_count, float);
    t->norms = ARENA_ARRAY(a, weights / 1024 + 1, double);
    t->tallies = ARENA_ARRAY(a, slice_count(t, most) + 1, struct tally);
    t->samples = ARENA_ARRAY(a, threads, struct sample);
    for (int32_t i = 0; i < threads; i++) {
        t->samples[i].targets = ARENA_ARRAY(a, slice * outputs, float);
        t->samples[i].weights = ARENA_ARRAY(a, slice * rows, float);
        t->samples[i].spare = ARENA_ARRAY(a, t->train->width + outputs + rows, float);
    }
    if (t->at.phase > 0) {
        t->quantised = ARENA_ARRAY(a, weights, float);
        t->ranges = ARENA_ARRAY(a, tensors, struct train_range);
        t->seen = ARENA_ARRAY(a, (size_t)t->slices * tensors, struct train_range);
    }
}

static bool set_up(struct trainer *t, struct diag *diag)
{
    const struct train_options *o = t->options;
    const struct engine_setup setup = {.slice = o->batch < 2 * SLICE ? (o->batch + 1) / 2 : SLICE, /* two at least */
                                       .threads = threads_count(t->threads),
                                       .frozen = o->frozen,
                                       .cuts_softmax = o->loss != TRAIN_SQUARED};
    if (!engine_init(&t->engine, t->graph, &t->arena, setup, diag)) {
        return false;
    }
    const struct tensor *out = &t->graph->tensors[t->engine.output];
    t->outputs = (int32_t)ir_count(out);
    t->classes = ir_dim(out, -1);
    if (!t->engine.tensors[t->engine.output].has_grad) {
        return diag_fail(diag, "the network has no weights to learn");
    }
    if (!loss_check(t, t->train, diag) || (t->validation != NULL && !loss_check(t, t->validation, diag))) {
        return false;
    }
    t->batches = (t->train->count + o->batch - 1) / o->batch;
    t->slices = slice_count(t, o->batch);
    allocate(t);
    if (t->at.phase == 0) {
        scaling_find(t);
    } else {
        mark_quantised(t);
    }
    set_paces(t);
    return true;
}

/* The best weights go into the graph. */
static void finish_phase(struct trainer *t)
{
    if (t->at.best >= 0) {
        memcpy(t->engine.weights, t->best, t->engine.weight_count * sizeof *t->best);
    }
    scaling_fold(t, t->engine.weights);
    engine_store(&t->engine, t->graph);
}

static bool run_phase(struct trainer *t, bool resumes, double start, bool *stopped, struct diag *diag)
{
    jmp_buf exhausted;
    arena_init(&t->arena, memory_limit);
    t->arena.on_exhaustion = &exhausted;
    t->scaling = (struct scaling){0};
    if (setjmp(exhausted) != 0) {
        return diag_fail(diag, "training this network takes too much memory; try a smaller batch or network");
    }
    if (!set_up(t, diag) || (resumes && !checkpoint_read(t, diag)) || !run_epochs(t, start, stopped, diag)) {
        return false;
    }
    finish_phase(t);
    return true;
}

static bool run_phases(struct trainer *t, struct train_result *result, struct diag *diag)
{
    int32_t phase;
    const double start = now();
    checkpoint_find_fingerprint(t);
    if (!checkpoint_find_phase(t, &phase, diag)) {
        return false;
    }
    bool resumes = t->options->resume.size > 0;
    for (int32_t p = 0; p < (t->options->quantised > 0 ? 2 : 1) && !result->is_stopped; p++) {
        if (p >= phase) {
            const int32_t done = t->at.epoch;
            t->at = (struct progress){.phase = p, .start = done, .epoch = done, .best = -1};
            const bool ok = run_phase(t, resumes && p == phase, start, &result->is_stopped, diag);
            result->best = t->at.best;
            if (ok && t->ranges != NULL) {
                result->ranges =
                    arena_copy(t->graph->arena, t->ranges, (size_t)t->graph->tensor_count * sizeof *t->ranges);
            }
            arena_free(&t->arena);
            if (!ok) {
                return false;
            }
        }
        if (p == 0 && !fold_graph(t->graph, diag)) {
            return false;
        }
    }
    result->epoch_count = t->at.epoch;
    result->epochs = arena_copy(t->graph->arena, t->epochs, (size_t)t->at.epoch * sizeof *t->epochs);
    return true;
}

static bool check_options(const struct train_options *o, struct diag *diag)
{
    if (o->batch < 1 || o->epochs < 1 || o->quantised < 0 || o->quantised >= o->epochs) {
        return diag_fail(diag, "batch %d, epochs %d, of which quantised %d: want at least 1, and fewer quantised",
                         o->batch, o->epochs, o->quantised);
    }
    if (!(o->rate > 0) || !(o->weight_decay >= 0) || !(o->mixup >= 0) || !(o->label_smoothing >= 0) ||
        !(o->label_smoothing < 1) || !(o->warm_up >= 0) || !(o->average >= 0)) {
        return diag_fail(diag,
                         "learning rate, warm-up, weight decay, averaging, mixup or label smoothing is negative or too "
                         "large");
    }
    return true;
}

bool train_network(struct graph *graph, const struct train_set *train, const struct train_set *validation,
                   const struct train_options *options, struct train_result *result, struct diag *diag)
{
    *result = (struct train_result){.best = -1};
    if (!gemm_check(diag) || !check_options(options, diag)) {
        return false;
    }
    struct trainer t = {.options = options, .train = train, .validation = validation, .graph = graph};
    t.epochs = ARENA_ARRAY(graph->arena, options->epochs, struct train_epoch);
    t.threads = threads_start(threads_wanted(options->threads));
    if (t.threads == NULL) {
        return diag_fail(diag, "there is no memory for threads");
    }
    const bool ok = run_phases(&t, result, diag);
    threads_stop(t.threads);
    return ok && ir_check(graph, diag);
}

/*** Prediction ***/

struct prediction {
    const struct engine *engine;
    const float *inputs;
    float *outputs;
    int32_t count;
};

static void predict_slice(void *context, int32_t index, int32_t thread)
{
    const struct prediction *p = context;
    const struct engine *e = p->engine;
    const int32_t in = e->graph->inputs[0], slices = (p->count + e->slice - 1) / e->slice;
    const int32_t first = part_begin(p->count, slices, index), count = part_begin(p->count, slices, index + 1) - first;
    struct engine_slice s = engine_begin(e, thread, count, NULL);
    const size_t width = e->tensors[in].count, outputs = e->tensors[e->output].count;
    memcpy(s.value[in], p->inputs + (size_t)first * width, (size_t)count * width * sizeof(float));
    engine_forward(&s);
    memcpy(p->outputs + (size_t)first * outputs, s.value[e->output], (size_t)count * outputs * sizeof(float));
}

bool train_predict(const struct graph *graph, const float *inputs, int32_t count, int32_t threads, float *outputs,
                   struct diag *diag)
{
    if (!gemm_check(diag)) {
        return false;
    }
    struct threads *pool = threads_start(threads_wanted(threads));
    struct arena arena;
    jmp_buf exhausted;
    arena_init(&arena, memory_limit);
    arena.on_exhaustion = &exhausted;
    bool ok = false;
    if (pool == NULL || setjmp(exhausted) != 0) {
        diag_fail(diag, "this network takes too much memory");
    } else {
        struct engine engine;
        const struct engine_setup setup = {.slice = SLICE, .threads = threads_count(pool), .frozen = graph->node_count};
        ok = engine_init(&engine, graph, &arena, setup, diag);
        struct prediction p = {&engine, inputs, outputs, count};
        if (ok) {
            threads_run(pool, (count + SLICE - 1) / SLICE, predict_slice, &p);
        }
    }
    arena_free(&arena);
    threads_stop(pool);
    return ok;
}
