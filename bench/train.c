/* SPDX-License-Identifier: MIT
 *
 * Seconds that an epoch of the keyword DS-CNN of MLPerf Tiny takes, the best of a few: bench_train WINDOWS THREADS EPOCHS
 */
#include <stdio.h>
#include <stdlib.h>

#include "../tool/train/train.h"

static struct train_set make_set(struct arena *a, int32_t count)
{
    enum { WIDTH = 49 * 10 };
    uint64_t random = 1;
    float *inputs = ARENA_ARRAY(a, (size_t)count * WIDTH, float);
    int32_t *labels = ARENA_ARRAY(a, count, int32_t);
    for (int32_t i = 0; i < count; i++) {
        labels[i] = (int32_t)(train_random(&random) % 12);
        for (int k = 0; k < WIDTH; k++) {
            inputs[(size_t)i * WIDTH + (size_t)k] = train_normal(&random);
        }
    }
    return (struct train_set){.count = count, .width = WIDTH, .inputs = inputs, .labels = labels};
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_train WINDOWS THREADS EPOCHS\n");
        return 2;
    }
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, (size_t)2 << 30);
    const struct train_set set = make_set(&arena, (int32_t)atoi(argv[1]));
    const struct train_model model = {.name = "ds_cnn"};
    const struct tensor window = {.rank = 3, .dim = {49, 10, 1}};
    struct train_options options = train_defaults();
    options.threads = atoi(argv[2]);
    options.epochs = atoi(argv[3]);
    options.batch = 100;
    struct graph graph = {.arena = &arena};
    struct train_result result;
    if (!train_build(&model, &window, 12, 1, &graph, &diag) ||
        !train_network(&graph, &set, NULL, &options, &result, &diag)) {
        fprintf(stderr, "%s\n", diag.text);
        return 1;
    }
    double best = result.epochs[0].seconds;
    for (int32_t i = 1; i < result.epoch_count; i++) {
        best = result.epochs[i].seconds < best ? result.epochs[i].seconds : best;
    }
    printf("%.2f\n", best);
    arena_free(&arena);
    return 0;
}
