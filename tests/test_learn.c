/* SPDX-License-Identifier: MIT
 *
 * Classical learners: what their graphs say, run by the device's kernels, against values worked out by hand and classes
 * that are known.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../tool/run/run.h"
#include "../tool/train/learn.h"
#include "expect.h"

static const size_t memory = (size_t)1 << 30;

/* What a graph says to `count` examples. */
static bool run_all(struct graph *g, const float *inputs, int32_t count, size_t width, float *outputs,
                    struct diag *diag)
{
    struct plan plan;
    if (!plan_graph(g, PLAN_STREAM, &plan, diag)) {
        return false;
    }
    struct runner runner;
    run_init(&runner, &plan);
    for (int32_t i = 0; i < count; i++) {
        run_invoke(&runner, (const uint8_t *)(inputs + (size_t)i * width),
                   (uint8_t *)outputs + (size_t)i * run_output_size(&plan));
    }
    return true;
}

static const struct tensor pair = {.rank = 1, .dim = {2}};

/*** Classes ***/

enum { POINTS = 400 };

/* Points of a chess board of 2 x 2, which no line parts; the second feature a thousand times larger than the first. */
static struct train_set make_board(struct arena *a, uint64_t seed)
{
    float *inputs = ARENA_ARRAY(a, 2 * POINTS, float);
    int32_t *labels = ARENA_ARRAY(a, POINTS, int32_t);
    for (int32_t i = 0; i < POINTS; i++) {
        const float x = train_uniform(&seed) * 2 - 1, y = train_uniform(&seed) * 2 - 1;
        inputs[2 * i] = x;
        inputs[2 * i + 1] = 1000 * y;
        labels[i] = (x > 0) != (y > 0);
    }
    return (struct train_set){.count = POINTS, .width = 2, .inputs = inputs, .labels = labels};
}

static float find_accuracy(const struct train_set *set, const float *shares)
{
    int32_t right = 0;
    for (int32_t i = 0; i < set->count; i++) {
        right += (shares[2 * i + 1] > shares[2 * i]) == set->labels[i];
    }
    return (float)right / (float)set->count;
}

typedef bool learn(const struct train_set *set, const struct tensor *input, int32_t classes,
                   const struct learn_options *options, struct graph *graph, struct diag *diag);

/* Accuracy on new points; the shares of all in `shares`. */
static float try_classifier(const char *name, learn *method, const struct learn_options *o, uint64_t seed,
                            float shares[2 * POINTS])
{
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, memory);
    const struct train_set train = make_board(&arena, 1), test = make_board(&arena, seed);
    struct graph g = {.arena = &arena};
    const bool ok = method(&train, &pair, 2, o, &g, &diag) && run_all(&g, test.inputs, POINTS, 2, shares, &diag);
    expect(ok, "%s: %s", name, diag.text);
    const float accuracy = ok ? find_accuracy(&test, shares) : 0;
    arena_free(&arena);
    return accuracy;
}

static void test_classifiers(void)
{
    static float shares[2 * POINTS], again[2 * POINTS];
    struct learn_options o = learn_defaults();
    float right = try_classifier("forest", learn_forest, &o, 2, shares);
    expect(right > 0.97F, "forest: %g right", (double)right);
    for (int32_t i = 0; i < POINTS; i++) {
        expect(fabsf(shares[2 * i] + shares[2 * i + 1] - 1) < 1e-4F, "shares of a forest are 1 together");
    }
    o.threads = 3;
    try_classifier("forest", learn_forest, &o, 2, again);
    expect(memcmp(shares, again, sizeof shares) == 0, "threads make no difference to a forest");
    o.trees = 1;
    right = try_classifier("tree", learn_forest, &o, 1, shares);
    expect(right == 1, "one tree knows what it has seen: %g", (double)right);
    o.depth = 1;
    right = try_classifier("stump", learn_forest, &o, 2, shares);
    expect(right < 0.8F, "a tree of one split cannot know a chess board: %g", (double)right);
    right = try_classifier("neighbours", learn_neighbours, &o, 2, shares);
    expect(right > 0.94F, "neighbours: %g right", (double)right);
    o.neighbours = 1;
    right = try_classifier("neighbour", learn_neighbours, &o, 1, shares);
    expect(right == 1, "an example's neighbour is itself: %g", (double)right);
    o.prototypes = 40;
    right = try_classifier("neighbours of 40", learn_neighbours, &o, 2, shares);
    expect(right > 0.75F && right < 1, "neighbours of 40: %g right", (double)right);
}

/* In integers a forest decides as in floats: exactly on features that are integers, nearly always on floats. */
static void test_integers(bool is_byte)
{
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, memory);
    struct train_set board = make_board(&arena, 1);
    uint8_t bytes[2 * POINTS];
    const float scale = 0.25F, zero_point = is_byte ? 128 : 0;
    float *inputs = ARENA_ARRAY(&arena, 2 * POINTS, float);
    for (int32_t i = 0; i < 2 * POINTS; i++) {
        const float x = board.inputs[i] * (i % 2 == 0 ? 30 : 0.03F);
        bytes[i] = (uint8_t)lrintf(x / scale + 128);
        inputs[i] = is_byte ? scale * ((float)bytes[i] - zero_point) : x;
    }
    board.inputs = inputs;
    const int32_t zero = (int32_t)zero_point;
    const struct tensor features = {.type = is_byte ? TYPE_U8 : TYPE_F32,
                                    .quant = {.count = is_byte, .scale = &scale, .zero_point = &zero}};
    struct learn_options o = learn_defaults();
    struct graph real = {.arena = &arena}, small = {.arena = &arena};
    struct plan plan;
    static float shares[2 * POINTS];
    bool ok = learn_forest(&board, &pair, 2, &o, &real, &diag) && run_all(&real, inputs, POINTS, 2, shares, &diag) &&
              learn_forest_integers(&real, &features, &small, &diag) && plan_graph(&small, PLAN_STREAM, &plan, &diag);
    expect(ok, "a forest in integers: %s", diag.text);
    struct runner runner;
    int32_t others = 0;
    float worst = 0;
    if (ok) {
        run_init(&runner, &plan);
    }
    for (int32_t i = 0; ok && i < POINTS; i++) {
        const struct tensor *in = &small.tensors[small.inputs[0]], *out = &small.tensors[small.outputs[0]];
        int16_t q[2], said[2];
        for (int k = 0; k < 2 && !is_byte; k++) {
            q[k] = (int16_t)fmaxf(-32768, fminf(32767, roundf(inputs[2 * i + k] / ir_scale(in))));
        }
        run_invoke(&runner, is_byte ? bytes + 2 * i : (const uint8_t *)q, (uint8_t *)said);
        const float share = ir_scale(out) * (float)said[0];
        others += fabsf(share - shares[2 * i]) > 0.01F;
        worst = fmaxf(worst, fabsf(share - shares[2 * i]));
    }
    expect(others <= (is_byte ? 0 : POINTS / 100), "%d of %d shares differ, by up to %g", others, POINTS,
           (double)worst);
    arena_free(&arena);
}

/*** Anomalies ***/

/* Two features round the centres (-4, -4) and (4, 4): of mean 0 and variance 17, by which distances are scaled. */
static void test_clusters(void)
{
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, memory);
    const float inputs[] = {-5, -5, -5, -3, -3, -5, -3, -3, 3, 3, 3, 5, 5, 3, 5, 5}, deviation = sqrtf(17);
    const float probes[] = {-4, -4, 4, 6, 0, 0};
    const float want[] = {0, 2 / deviation, sqrtf(32) / deviation};
    const struct train_set set = {.count = 8, .width = 2, .inputs = inputs};
    struct learn_options o = learn_defaults();
    o.clusters = 2;
    struct graph g = {.arena = &arena};
    float scores[3];
    const bool ok = learn_clusters(&set, &pair, &o, &g, &diag) && run_all(&g, probes, 3, 2, scores, &diag);
    expect(ok, "clusters: %s", diag.text);
    for (int i = 0; ok && i < 3; i++) {
        expect(fabsf(scores[i] - want[i]) < 1e-4F, "clusters: probe %d is %g away, want %g", i, (double)scores[i],
               (double)want[i]);
    }
    arena_free(&arena);
}

/* Correlated features: along the line a point is near, off it far, though each feature by itself is as usual. */
static void test_gaussian(int32_t clusters)
{
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, memory);
    float *inputs = ARENA_ARRAY(&arena, 2 * POINTS, float), scores[4];
    uint64_t seed = 1;
    for (int32_t i = 0; i < POINTS; i++) {
        const float along = train_normal(&seed), across = 0.1F * train_normal(&seed);
        inputs[2 * i] = 50 + along + across;
        inputs[2 * i + 1] = -3 + along - across;
    }
    const float probes[] = {50, -3, 51, -2, 51, -3, 52, -5};
    const struct train_set set = {.count = POINTS, .width = 2, .inputs = inputs};
    struct learn_options o = learn_defaults();
    o.clusters = clusters;
    struct graph g = {.arena = &arena};
    const bool ok = learn_gaussian(&set, NULL, &pair, &o, &g, &diag) && run_all(&g, probes, 4, 2, scores, &diag);
    expect(ok, "gaussian: %s", diag.text);
    /* Deviations are 1 along and 0.1 across: (1, 1) is 1 along, (1, 0) is 5 across, (2, -2) is 20. The logarithm of a
     * square distance in the plane has the mean log 2 - 0.577 = 0.116 and the deviation pi / sqrt(6) = 1.283. */
    const float tolerance = clusters == 1 ? 0.6F : 1.2F; /* several may share the one that there is */
    expect(ok && scores[0] < -0.2F && fabsf(scores[1] - (0.0F - 0.116F) / 1.283F) < tolerance &&
               fabsf(scores[2] - (2 * logf(5) - 0.116F) / 1.283F) < tolerance &&
               fabsf(scores[3] - (2 * logf(20) - 0.116F) / 1.283F) < tolerance,
           "gaussian of %d: %g %g %g %g", clusters, (double)scores[0], (double)scores[1], (double)scores[2],
           (double)scores[3]);
    arena_free(&arena);
}

/* Two states, each usual in its own place; the third feature says nothing. What is between the states is unusual, and so is
 * a fault in one group, however many features are in the other. */
static void test_groups(void)
{
    enum { WIDTH = 12, PROBES = 4 };
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, memory);
    float *inputs = ARENA_ARRAY(&arena, WIDTH * POINTS, float), probes[PROBES * WIDTH] = {0}, scores[PROBES];
    uint64_t seed = 5;
    for (int32_t i = 0; i < POINTS * WIDTH; i++) {
        const float state = i / WIDTH % 2 == 0 ? 10 : -10;
        inputs[i] = (i % WIDTH < 2 ? state : 0) + train_normal(&seed);
    }
    probes[0 * WIDTH] = probes[0 * WIDTH + 1] = 10;
    probes[1 * WIDTH] = probes[1 * WIDTH + 1] = -10;
    probes[2 * WIDTH] = 10; /* the two features are of different states */
    probes[2 * WIDTH + 1] = -10;
    probes[3 * WIDTH] = probes[3 * WIDTH + 1] = 0;
    const struct train_set set = {.count = POINTS, .width = WIDTH, .inputs = inputs};
    const struct tensor input = {.rank = 1, .dim = {WIDTH}};
    const int32_t groups[][2] = {{0, 2}, {1, WIDTH - 1}};
    struct learn_options o = learn_defaults();
    o.groups = groups;
    o.group_count = 2;
    struct graph g = {.arena = &arena};
    const bool ok =
        learn_gaussian(&set, &set, &input, &o, &g, &diag) && run_all(&g, probes, PROBES, WIDTH, scores, &diag);
    expect(ok && scores[0] < 1 && scores[1] < 1 && scores[2] > 3 && scores[3] > 3,
           "groups: %g %g, want less than 1, %g %g, want more than 3: %s", (double)scores[0], (double)scores[1],
           (double)scores[2], (double)scores[3], diag.text);
    o.group_count = 1;
    o.groups = (const int32_t[][2]){{4, 9}};
    diag = (struct diag){0};
    expect(!learn_gaussian(&set, NULL, &input, &o, &g, &diag) && strstr(diag.text, "features 4 to 12 of 12") != NULL,
           "a group beyond the end: %s", diag.text);
    arena_free(&arena);
}

/*** Refusals ***/

static void test_refusals(void)
{
    struct arena arena;
    arena_init(&arena, memory);
    const struct train_set board = make_board(&arena, 1);
    float broken[2 * POINTS];
    memcpy(broken, board.inputs, sizeof broken);
    broken[7] = NAN;
    struct train_set nan = board, unlabelled = board;
    nan.inputs = broken;
    unlabelled.labels = NULL;
    struct learn_options o = learn_defaults();
    struct graph g = {.arena = &arena};
    struct diag diag = {0};
    expect(!learn_forest(&nan, &pair, 2, &o, &g, &diag) && strstr(diag.text, "example 3") != NULL, "NaN: %s",
           diag.text);
    diag = (struct diag){0};
    expect(!learn_forest(&unlabelled, &pair, 2, &o, &g, &diag) && strstr(diag.text, "no labels") != NULL, "labels: %s",
           diag.text);
    diag = (struct diag){0};
    expect(!learn_forest(&board, &pair, 1, &o, &g, &diag) && strstr(diag.text, "of class 1 of 1") != NULL, "class: %s",
           diag.text);
    diag = (struct diag){0};
    o.clusters = POINTS + 1;
    expect(!learn_clusters(&board, &pair, &o, &g, &diag) && strstr(diag.text, "401 clusters") != NULL, "clusters: %s",
           diag.text);
    arena_free(&arena);
}

int main(void)
{
    test_classifiers();
    test_integers(true);
    test_integers(false);
    test_clusters();
    test_gaussian(1);
    test_gaussian(0);
    test_groups();
    test_refusals();
    return expect_end();
}
