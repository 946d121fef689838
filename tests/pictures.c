/* SPDX-License-Identifier: MIT */
#include "pictures.h"

struct train_set make_pictures(struct arena *a, uint64_t seed)
{
    float *inputs = ARENA_ARRAY(a, POINTS * SIZE * SIZE, float);
    int32_t *labels = ARENA_ARRAY(a, POINTS, int32_t);
    for (int32_t i = 0; i < POINTS; i++) {
        float *x = inputs + i * SIZE * SIZE;
        labels[i] = i % 3;
        for (int32_t k = 0; k < SIZE * SIZE; k++) {
            x[k] = 20 * train_normal(&seed) + 100;
        }
        const int32_t at = (int32_t)(train_random(&seed) % SIZE);
        for (int32_t k = 0; labels[i] < 2 && k < SIZE; k++) {
            x[labels[i] == 0 ? at * SIZE + k : k * SIZE + at] += 60;
        }
    }
    return (struct train_set){.count = POINTS, .width = SIZE * SIZE, .inputs = inputs, .labels = labels};
}

const struct tensor picture = {.rank = 3, .dim = {SIZE, SIZE, 1}};

struct train_options quick_options(void)
{
    struct train_options o = train_defaults();
    o.epochs = 8;
    o.batch = 50;
    o.rate = 0.01F;
    return o;
}

bool train_pictures(struct arena *a, const char *name, const struct train_options *o, struct graph *g,
                    struct train_result *result, float *outputs, struct diag *diag)
{
    const struct train_set train = make_pictures(a, 1), validation = make_pictures(a, 2);
    const struct train_model model = {.name = name, .filters = 8, .depth = 2, .dropout = 0.1F};
    *g = (struct graph){.arena = a};
    return train_build(&model, &picture, 3, o->seed, g, diag) &&
           train_network(g, &train, &validation, o, result, diag) &&
           (outputs == NULL || train_predict(g, validation.inputs, POINTS, 1, outputs, diag));
}

bool stop_at(void *context, const struct train_report *report)
{
    const int32_t *at = context;
    return report->epoch * 100 + report->batch != *at;
}
