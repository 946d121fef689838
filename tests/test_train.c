/* SPDX-License-Identifier: MIT
 *
 * Training: what is learned, the same weights whatever the threads and interruptions.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../tool/quant/quant.h"
#include "../tool/run/run.h"
#include "expect.h"
#include "expect_gemm.h"
#include "pictures.h"

/*** Learning ***/

static void test_learning(void)
{
    static const char *const names[] = {"cnn", "ds_cnn", "mobilenet", "resnet"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct arena arena;
        struct diag diag = {0};
        struct graph g;
        struct train_result result;
        arena_init(&arena, TRAIN_MEMORY);
        struct train_options o = quick_options();
        o.epochs = 25;
        const bool ok = train_pictures(&arena, names[i], &o, &g, &result, NULL, &diag);
        const float right = ok ? result.epochs[result.best].validation_accuracy : 0;
        expect(ok && right > 0.9F, "%s learns: %g, %s", names[i], (double)right, diag.text);
        arena_free(&arena);
    }
}

/* Counters of frequent words, which tell the label in three of four examples, and of rare ones, which tell nothing. */
static struct train_set make_counters(struct arena *a, uint64_t seed)
{
    enum { WIDTH = 600, RARE = 8 };
    float *inputs = ARENA_ARRAY(a, POINTS * WIDTH, float);
    int32_t *labels = ARENA_ARRAY(a, POINTS, int32_t);
    for (int32_t i = 0; i < POINTS; i++) {
        float *x = inputs + i * WIDTH;
        labels[i] = (int32_t)(train_random(&seed) % 3);
        x[train_random(&seed) % 4 < 3 ? labels[i] : (int32_t)(train_random(&seed) % 3)]++;
        for (int32_t k = 0; k < RARE; k++) {
            x[3 + train_random(&seed) % (WIDTH - 3)]++;
        }
    }
    return (struct train_set){.count = POINTS, .width = WIDTH, .inputs = inputs, .labels = labels};
}

/* What is rare is not learned by heart. */
static void test_counters(void)
{
    float losses[2] = {0};
    for (int i = 0; i < 2; i++) {
        struct arena arena;
        struct diag diag = {0};
        struct train_result result;
        arena_init(&arena, TRAIN_MEMORY);
        const struct train_set train = make_counters(&arena, 1), validation = make_counters(&arena, 2);
        const struct tensor input = {.rank = 1, .dim = {(int32_t)train.width}};
        const struct train_model model = {.name = "logistic"};
        struct graph g = {.arena = &arena};
        struct train_options o = quick_options();
        o.counters = i == 1;
        const bool ok =
            train_build(&model, &input, 3, 1, &g, &diag) && train_network(&g, &train, &validation, &o, &result, &diag);
        losses[i] = ok ? result.epochs[result.epoch_count - 1].validation_loss : 0;
        arena_free(&arena);
    }
    expect(losses[1] > 0 && losses[1] < 0.8F * losses[0], "counters: losses %g, as they are %g", (double)losses[0],
           (double)losses[1]);
}

/* A trained network runs on the device's kernels as it did in training. */
static void test_plan(const char *name)
{
    struct arena arena;
    struct diag diag = {0};
    struct graph g;
    struct train_result result;
    struct plan plan;
    static float outputs[POINTS * 3];
    arena_init(&arena, TRAIN_MEMORY);
    struct train_options o = quick_options();
    o.quantised = 2;
    o.mixup = 0.2F;
    o.label_smoothing = 0.1F;
    const bool ok =
        train_pictures(&arena, name, &o, &g, &result, outputs, &diag) && plan_graph(&g, PLAN_STREAM, &plan, &diag);
    expect(ok, "%s, trained: %s", name, diag.text);
    if (ok) {
        const struct train_set set = make_pictures(&arena, 2);
        struct runner runner;
        run_init(&runner, &plan);
        for (int32_t i = 0; i < POINTS; i += 10) {
            float out[3];
            run_invoke(&runner, (const uint8_t *)(set.inputs + i * SIZE * SIZE), (uint8_t *)out);
            for (int k = 0; k < 3; k++) {
                expect(fabsf(out[k] - outputs[3 * i + k]) < 1e-4F, "%s: picture %d, class %d: %g, in training %g", name,
                       i, k, (double)out[k], (double)outputs[3 * i + k]);
            }
        }
        const struct train_range *r = &result.ranges[g.inputs[0]];
        expect(r->low == 0 && r->high > 120 && r->high < 300, "%s: range of the input: %g to %g", name, (double)r->low,
               (double)r->high);
        expect(result.epoch_count == 8, "%s: %d epochs", name, result.epoch_count);
    }
    arena_free(&arena);
}

static void test_plans(void)
{
    static const char *const names[] = {"resnet", "mobilenet", "cnn1d", "gru", "mlp", "logistic"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        test_plan(names[i]);
    }
}

/* The classes that a graph of float inputs and outputs finds; how many are right. */
static int32_t count_right(struct graph *g, const struct train_set *set, struct diag *diag)
{
    struct plan plan;
    if (!plan_graph(g, PLAN_STREAM, &plan, diag)) {
        return -1;
    }
    struct runner runner;
    run_init(&runner, &plan);
    int32_t right = 0;
    for (int32_t i = 0; i < set->count; i++) {
        float out[3];
        run_invoke(&runner, (const uint8_t *)(set->inputs + (size_t)i * set->width), (uint8_t *)out);
        const int32_t most = out[0] > out[1] ? (out[0] > out[2] ? 0 : 2) : out[1] > out[2] ? 1 : 2;
        right += most == set->labels[i];
    }
    return right;
}

/* With the ranges of quantisation-aware training the integer graph is as good as training said. */
static void test_quantised(void)
{
    enum { SAMPLES = 50 };
    struct arena arena;
    struct diag diag = {0};
    struct graph g, integers = {0};
    struct train_result result;
    struct quant_report report;
    arena_init(&arena, TRAIN_MEMORY);
    struct train_options o = quick_options();
    o.epochs = 16;
    o.quantised = 6;
    bool ok = train_pictures(&arena, "ds_cnn", &o, &g, &result, NULL, &diag);
    const struct train_set set = make_pictures(&arena, 2);
    const float *samples[SAMPLES];
    struct quant_range *ranges = ARENA_ARRAY(&arena, g.tensor_count, struct quant_range);
    for (int32_t i = 0; i < SAMPLES; i++) {
        samples[i] = set.inputs + (size_t)i * set.width;
    }
    for (int32_t i = 0; ok && i < g.tensor_count; i++) {
        const struct train_range *r = &result.ranges[i];
        ranges[i] = r->low < r->high ? (struct quant_range){r->low, r->high} : (struct quant_range){1, 0};
    }
    const struct quant_options how = {.float_io = true, .plain = true, .ranges = ranges};
    ok = ok && quant_graph(&g, samples, SAMPLES, &how, &integers, &report, &diag);
    const int32_t right = ok ? count_right(&integers, &set, &diag) : -1;
    const float said = ok ? result.epochs[result.best].validation_accuracy * POINTS : 0;
    expect(fabsf(said - (float)right) <= 0.02F * POINTS, "integers: %d right, in training %g: %s", right, (double)said,
           diag.text);
    arena_free(&arena);
}

/*** The same result in any way ***/

/* Lengthens the noise of a picture, differently each time. */
static void add_noise(void *context, float *example, size_t width, float *targets, int32_t index, uint64_t *random)
{
    (void)context, (void)targets, (void)index;
    for (size_t i = 0; i < width; i++) {
        example[i] += 5 * train_normal(random);
    }
}

static void test_same_result(void)
{
    static float outputs[4][POINTS * 3];
    int32_t stops[] = {-1, -1, 203, 705};
    const char *path = "test_train.checkpoint";
    for (int i = 0; i < 4; i++) {
        struct arena arena;
        struct diag diag = {0};
        struct graph g;
        struct train_result result;
        arena_init(&arena, TRAIN_MEMORY);
        struct train_options o = quick_options();
        o.quantised = 2;
        o.augment = add_noise;
        o.mixup = 0.3F;
        o.average = 1.5F;
        o.threads = i == 0 ? 1 : 3;
        o.progress = stop_at;
        o.progress_context = &stops[i];
        o.checkpoint = path;
        bool ok = train_pictures(&arena, "ds_cnn", &o, &g, &result, outputs[i], &diag);
        expect(ok && result.is_stopped == (stops[i] >= 0), "training %d: %s", i, diag.text);
        if (ok && result.is_stopped) {
            int32_t never = -1;
            o.progress_context = &never;
            ok = file_open(&o.resume, path, &diag) &&
                 train_pictures(&arena, "ds_cnn", &o, &g, &result, outputs[i], &diag);
            expect(ok && result.epoch_count == o.epochs, "resumed training %d: %s", i, diag.text);
            file_close(&o.resume);
        }
        expect(memcmp(outputs[i], outputs[0], sizeof outputs[0]) == 0, "training %d gives the same weights", i);
        arena_free(&arena);
    }
    remove(path);
}

/* The average of weights that steps throw about is better than they are, and they do not see it. */
static void test_average(void)
{
    double last[2] = {0}; /* validation loss of the second half */
    struct train_epoch epochs[2][40];
    for (int i = 0; i < 2; i++) {
        struct arena arena;
        struct diag diag = {0};
        struct graph g;
        struct train_result result;
        arena_init(&arena, TRAIN_MEMORY);
        struct train_options o = quick_options();
        o.epochs = COUNT_OF(epochs[0]);
        o.constant_rate = true;
        o.average = i == 0 ? 0 : 3;
        const bool ok = train_pictures(&arena, "ds_cnn", &o, &g, &result, NULL, &diag);
        expect(ok, "average over %g epochs: %s", (double)o.average, diag.text);
        for (int32_t e = 0; ok && e < o.epochs; e++) {
            epochs[i][e] = result.epochs[e];
            last[i] += e >= o.epochs / 2 ? (double)epochs[i][e].validation_loss : 0;
            expect(epochs[i][e].loss == epochs[0][e].loss, "epoch %d: learning goes on without the average", e);
        }
        arena_free(&arena);
    }
    expect(last[1] < last[0], "validation loss of the average %g, of the weights %g", last[1], last[0]);
}

/* A centred network does not see what is added to a band at all times; the first block may halve time and bands. */
static void test_centred(void)
{
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, TRAIN_MEMORY);
    for (int i = 0; i < 2; i++) {
        struct graph g = {.arena = &arena};
        const struct train_model model = {
            .name = "ds_cnn", .filters = 8, .depth = 1, .is_centred = i == 1, .block_stride = 1 + i};
        const struct train_set set = make_pictures(&arena, 1);
        float *x = ARENA_ARRAY(&arena, 2 * SIZE * SIZE, float), out[2][3];
        memcpy(x, set.inputs, SIZE * SIZE * sizeof *x);
        for (int k = 0; k < SIZE * SIZE; k++) {
            x[SIZE * SIZE + k] = x[k] + 30 * (float)(k % SIZE);
        }
        const bool ok = train_build(&model, &picture, 3, 1, &g, &diag) && train_predict(&g, x, 2, 1, out[0], &diag);
        expect(ok, "centred %d: %s", i, diag.text);
        const float difference = ok ? fabsf(out[0][0] - out[1][0]) : 0;
        expect(i == 1 ? difference < 1e-4F : difference > 1e-3F, "centred %d: outputs differ by %g", i,
               (double)difference);
        const struct tensor *pooled = ok ? ir_in(&g, &g.nodes[g.node_count - 3], 0) : NULL;
        expect(ok && pooled->dim[1] == SIZE / 2 / (1 + i), "block stride: %d rows", ok ? pooled->dim[1] : 0);
    }
    arena_free(&arena);
}

static void test_early_stopping(void)
{
    struct arena arena;
    struct diag diag = {0};
    struct graph g;
    struct train_result result;
    arena_init(&arena, TRAIN_MEMORY);
    struct train_options o = quick_options();
    o.epochs = 60;
    o.patience = 3;
    o.optimizer = TRAIN_SGD;
    o.rate = 0.05F;
    const bool ok = train_pictures(&arena, "cnn", &o, &g, &result, NULL, &diag);
    expect(ok && result.epoch_count < 60 && result.epoch_count == result.best + 4, "stops %d epochs, best %d: %s",
           result.epoch_count, result.best, diag.text);
    arena_free(&arena);
}

/* A layer on top of a trained network, whose own weights stay. */
static void test_transfer(void)
{
    struct arena arena, arena2;
    struct diag diag = {0};
    struct graph base, g = {.arena = &arena2};
    struct train_result result;
    int32_t kept = 0;
    arena_init(&arena, TRAIN_MEMORY);
    arena_init(&arena2, TRAIN_MEMORY);
    struct train_options o = quick_options();
    o.epochs = 20;
    bool ok = train_pictures(&arena, "cnn", &o, &base, &result, NULL, &diag) &&
              train_transfer(&base, NULL, 3, false, 0, 1, &g, &kept, &diag);
    const struct train_set train = make_pictures(&arena, 1), validation = make_pictures(&arena, 2);
    o.frozen = kept;
    ok = ok && train_network(&g, &train, &validation, &o, &result, &diag);
    expect(ok && result.epochs[result.best].validation_accuracy > 0.95F, "transfer: %s", diag.text);
    for (int32_t i = 0; ok && i < kept; i++) {
        for (int32_t k = 1; k < base.nodes[i].in_count; k++) {
            const struct tensor *a = ir_in(&base, &base.nodes[i], k), *b = ir_in(&g, &g.nodes[i], k);
            expect(memcmp(a->data, b->data, (size_t)ir_size(a)) == 0, "frozen weights stay");
        }
    }
    arena_free(&arena);
    arena_free(&arena2);
}

/* y = 3 a - 2 b + 1, and an autoencoder of points on a line. */
static void test_regression(void)
{
    enum { N = 200 };
    struct arena arena;
    arena_init(&arena, TRAIN_MEMORY);
    float *x = ARENA_ARRAY(&arena, 2 * N, float), *y = ARENA_ARRAY(&arena, N, float);
    uint64_t random = 1;
    for (int i = 0; i < N; i++) {
        x[2 * i] = 10 + train_normal(&random);
        x[2 * i + 1] = 0.01F * train_normal(&random);
        y[i] = 3 * x[2 * i] - 200 * x[2 * i + 1] + 1;
    }
    const struct train_set set = {.count = N, .width = 2, .inputs = x, .targets = y, .target_width = 1};
    const struct train_layer last = {.kind = TRAIN_DENSE, .filters = 1, .is_linear = true};
    const struct train_model model = {.layers = &last, .layer_count = 1};
    struct graph g = {.arena = &arena};
    struct train_options o = quick_options();
    struct train_result result;
    struct diag diag = {0};
    o.loss = TRAIN_SQUARED;
    o.epochs = 100;
    o.rate = 0.5F;
    o.weight_decay = 0;
    float out[N];
    const bool ok = train_build(&model, &(struct tensor){.rank = 1, .dim = {2}}, 0, 1, &g, &diag) &&
                    train_network(&g, &set, NULL, &o, &result, &diag) && train_predict(&g, x, N, 2, out, &diag);
    expect(ok && fabsf(out[3] - y[3]) < 0.01F, "a line: %g, want %g; %s", (double)out[3], (double)y[3], diag.text);
    arena_free(&arena);
}

int main(void)
{
    if (!expect_gemm()) {
        return 0;
    }
    test_learning();
    test_counters();
    test_plans();
    test_quantised();
    test_same_result();
    test_average();
    test_centred();
    test_early_stopping();
    test_transfer();
    test_regression();
    return expect_end();
}
