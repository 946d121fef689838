/* SPDX-License-Identifier: MIT
 *
 * Examples on their way into a slice: augmented, scaled, mixed; and what the network should say to them. All chance
 * follows from the seed, the epoch and the example, so that neither threads nor an interruption change it.
 */
#include <math.h>
#include <string.h>

#include "trainer.h"

uint64_t sample_seed(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t parts[] = {a, b, c, d};
    uint64_t state = 0;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        state ^= parts[i];
        state = train_random(&state);
    }
    return state;
}

void sample_shuffle(struct trainer *t)
{
    uint64_t random = sample_seed(t->options->seed, 1, (uint64_t)t->at.epoch, 0);
    for (int32_t i = 0; i < t->train->count; i++) {
        t->order[i] = i;
    }
    for (int32_t i = t->train->count - 1; i > 0; i--) {
        const int32_t other = (int32_t)(train_random(&random) % (uint64_t)(i + 1)), own = t->order[i];
        t->order[i] = t->order[other];
        t->order[other] = own;
    }
}

/* What the network should say to example `index`. */
static void fill_target(const struct trainer *t, const struct train_set *set, int32_t index, float *target)
{
    if (set->labels != NULL) {
        memset(target, 0, (size_t)t->outputs * sizeof *target);
        target[set->labels[index]] = 1;
    } else {
        memcpy(target, set->targets + (size_t)index * set->target_width, (size_t)t->outputs * sizeof *target);
    }
}

/* The weight of each row; `smoothing` of what the network should say goes to all classes alike. */
static void weigh_target(const struct trainer *t, float smoothing, float *target, float *weights)
{
    const int32_t rows = t->outputs / t->classes;
    const float *class_weights = t->options->loss == TRAIN_SQUARED ? NULL : t->options->class_weights;
    for (int32_t r = 0; r < rows; r++, target += t->classes) {
        float total = 0;
        weights[r] = class_weights != NULL ? 0 : 1;
        for (int32_t c = 0; c < t->classes; c++) {
            total += target[c];
            weights[r] += class_weights != NULL ? target[c] * class_weights[c] : 0;
        }
        for (int32_t c = 0; smoothing > 0 && c < t->classes; c++) {
            target[c] = target[c] * (1 - smoothing) + smoothing * total / (float)t->classes;
        }
    }
}

/* A value of the gamma distribution, by Marsaglia and Tsang. */
static float random_gamma(float alpha, uint64_t *random)
{
    if (alpha < 1) {
        return random_gamma(alpha + 1, random) * powf(1 - train_uniform(random), 1 / alpha);
    }
    const float d = alpha - 1.0F / 3, c = 1 / sqrtf(9 * d);
    for (;;) {
        const float x = train_normal(random), v = (1 + c * x) * (1 + c * x) * (1 + c * x);
        if (v > 0 && logf(1 - train_uniform(random)) < 0.5F * x * x + d - d * v + d * logf(v)) {
            return d * v;
        }
    }
}

/* a = share * a + (1 - share) * b. */
static void mix(float *a, const float *b, size_t count, float share)
{
    for (size_t i = 0; i < count; i++) {
        a[i] = share * a[i] + (1 - share) * b[i];
    }
}

/* Each example becomes a mixture with the next of the slice. */
static void mix_slice(const struct trainer *t, struct engine_slice *s, float *inputs, struct sample sample)
{
    const size_t width = t->train->width, outputs = (size_t)t->outputs, rows = outputs / (size_t)t->classes;
    float *first = sample.spare, *first_target = first + width, *first_weights = first_target + outputs;
    memcpy(first, inputs, width * sizeof *first);
    memcpy(first_target, sample.targets, outputs * sizeof *first);
    memcpy(first_weights, sample.weights, rows * sizeof *first);
    for (int32_t i = 0; i < s->count; i++) {
        const bool is_last = i == s->count - 1;
        const float a = random_gamma(t->options->mixup, &s->random), b = random_gamma(t->options->mixup, &s->random);
        const float share = a + b > 0 ? fmaxf(a, b) / (a + b) : 1;
        float *x = inputs + (size_t)i * width, *y = sample.targets + (size_t)i * outputs;
        float *w = sample.weights + (size_t)i * rows;
        mix(x, is_last ? first : x + width, width, share);
        mix(y, is_last ? first_target : y + outputs, outputs, share);
        mix(w, is_last ? first_weights : w + rows, rows, share);
    }
}

struct sample sample_fill(struct trainer *t, struct engine_slice *s, int32_t thread, int32_t first)
{
    const struct train_options *o = t->options;
    const size_t width = t->train->width, outputs = (size_t)t->outputs, rows = outputs / (size_t)t->classes;
    float *inputs = s->value[t->graph->inputs[0]];
    const struct sample sample = t->samples[thread];
    for (int32_t i = 0; i < s->count; i++) {
        const int32_t index = t->order[first + i];
        float *x = inputs + (size_t)i * width, *target = sample.targets + (size_t)i * outputs;
        memcpy(x, t->train->inputs + (size_t)index * width, width * sizeof *x);
        fill_target(t, t->train, index, target);
        if (o->augment != NULL) {
            uint64_t random = sample_seed(o->seed, 2, (uint64_t)t->at.epoch, (uint64_t)index);
            o->augment(o->augment_context, x, width, t->train->labels == NULL ? target : NULL, index, &random);
        }
        scaling_apply(&t->scaling, width, x);
        weigh_target(t, o->loss == TRAIN_SQUARED ? 0 : o->label_smoothing, target, sample.weights + (size_t)i * rows);
    }
    if (o->mixup > 0) {
        mix_slice(t, s, inputs, sample);
    }
    return sample;
}

struct sample sample_take(struct trainer *t, struct engine_slice *s, int32_t thread, int32_t first)
{
    const size_t width = t->scored->width, outputs = (size_t)t->outputs, rows = outputs / (size_t)t->classes;
    float *inputs = s->value[t->graph->inputs[0]];
    const struct sample sample = t->samples[thread];
    memcpy(inputs, t->scored->inputs + (size_t)first * width, (size_t)s->count * width * sizeof *inputs);
    for (int32_t i = 0; i < s->count; i++) {
        scaling_apply(&t->scaling, width, inputs + (size_t)i * width);
        fill_target(t, t->scored, first + i, sample.targets + (size_t)i * outputs);
        weigh_target(t, 0, sample.targets + (size_t)i * outputs, sample.weights + (size_t)i * rows);
    }
    return sample;
}
