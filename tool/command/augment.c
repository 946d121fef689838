/* SPDX-License-Identifier: MIT
 *
 * Changed copies of examples: what may happen to a recording without changing what it is. Sound and the spectra of sensors
 * are changed before the front-end, in copies made ahead; steps of sensors, spectrograms and pictures while training.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lesson.h"

enum { MOST_BANDS = 128 };

static const float pi = 3.14159265F;

float augment_between(uint64_t *random, float low, float high) { return low + (high - low) * train_uniform(random); }

float augment_either_way(uint64_t *random, double most) { return augment_between(random, -(float)most, (float)most); }

bool augment_is_raw(const struct recipe *r, enum data_kind kind)
{
    const bool is_moved = r->augment_shift > 0 || r->augment_speed > 0;
    return kind == DATA_AUDIO ? is_moved || r->augment_gain > 0 || r->augment_noise > 0
                              : kind == DATA_SENSOR && (is_moved || r->augment_rotate > 0 || r->augment_jitter > 0 ||
                                                        r->augment_scale > 0);
}

/*** Sound ***/

static bool is_quiet_class(const char *name)
{
    return strcasestr(name, "silence") != NULL || strcasestr(name, "noise") != NULL ||
           strcasestr(name, "background") != NULL;
}

/* A recording of noise: from the folder of noise, else from a class of the training that is nothing else; NULL: none. */
static const int16_t *pick_noise(const struct lesson *l, uint64_t *random)
{
    if (l->noise.count > 0) {
        return data_values(&l->noise, (int32_t)(train_random(random) % (uint64_t)l->noise.count));
    }
    for (int tries = 0; tries < 200; tries++) {
        const int32_t i = (int32_t)(train_random(random) % (uint64_t)l->data.count);
        const struct data_example *e = &l->data.examples[i];
        if (e->split == SPLIT_TRAIN && e->label >= 0 && is_quiet_class(l->data.classes[e->label])) {
            return data_values(&l->data, i);
        }
    }
    return NULL;
}

static double power_of(const float *x, int32_t count)
{
    double sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (double)x[i] * x[i];
    }
    return sum / count;
}

/* Adds noise, 3 to 30 dB below the signal; made noise is between white and brown. */
static void add_noise(const struct lesson *l, float *x, int32_t count, uint64_t *random)
{
    const int16_t *noise = train_uniform(random) < 0.7F ? pick_noise(l, random) : NULL;
    float *n = malloc((size_t)count * sizeof *n);
    if (n == NULL) {
        return;
    }
    const float keep = augment_between(random, 0, 0.98F);
    const int32_t offset = (int32_t)(train_random(random) % (uint64_t)count);
    float last = 0;
    for (int32_t i = 0; i < count; i++) {
        last = noise != NULL ? (float)noise[(i + offset) % count] : keep * last + train_normal(random);
        n[i] = last;
    }
    const double signal = power_of(x, count) + 1, power = power_of(n, count) + 1e-9;
    const float factor = (float)sqrt(signal / power * pow(10, -augment_between(random, 0.3F, 3)));
    for (int32_t i = 0; i < count; i++) {
        x[i] += factor * n[i];
    }
    free(n);
}

static void change_audio(const struct lesson *l, const int16_t *from, int16_t *to, uint64_t *random)
{
    const struct recipe *r = &l->recipe;
    const int32_t count = (int32_t)(l->data.example_size / sizeof *from);
    float *x = malloc((size_t)count * sizeof *x);
    if (x == NULL) {
        memcpy(to, from, l->data.example_size);
        return;
    }
    const float speed = 1 + augment_either_way(random, r->augment_speed);
    const float shift = augment_either_way(random, r->augment_shift) * (float)count;
    const float gain = powf(10, augment_either_way(random, r->augment_gain) / 20);
    const float middle = (float)count / 2;
    for (int32_t i = 0; i < count; i++) {
        const float at = middle + ((float)i - middle) * speed + shift;
        const int32_t k = (int32_t)floorf(at);
        const float part = at - (float)k;
        x[i] = k < 0 || k + 1 >= count ? 0 : gain * ((1 - part) * from[k] + part * from[k + 1]);
    }
    if (train_uniform(random) < (float)r->augment_noise) {
        add_noise(l, x, count, random);
    }
    for (int32_t i = 0; i < count; i++) {
        to[i] = (int16_t)(x[i] > 32767 ? 32767 : x[i] < -32768 ? -32768 : lrintf(x[i]));
    }
    free(x);
}

/*** Sensors ***/

/* A rotation by up to `degrees` round a random axis (Rodrigues). */
static void make_rotation(float m[9], double degrees, uint64_t *random)
{
    float axis[3], length = 0;
    for (int i = 0; i < 3; i++) {
        axis[i] = train_normal(random);
        length += axis[i] * axis[i];
    }
    length = sqrtf(length) + 1e-9F;
    const float angle = augment_either_way(random, degrees) * pi / 180, c = cosf(angle), s = sinf(angle);
    const float x = axis[0] / length, y = axis[1] / length, z = axis[2] / length, t = 1 - c;
    const float all[9] = {t * x * x + c,     t * x * y - s * z, t * x * z + s * y, t * x * y + s * z, t * y * y + c,
                          t * y * z - s * x, t * x * z - s * y, t * y * z + s * x, t * z * z + c};
    memcpy(m, all, sizeof all);
}

static void turn(float *row, int32_t axes, const float m[9])
{
    for (int32_t a = 0; a + 3 <= axes; a += 3) {
        const float v[3] = {row[a], row[a + 1], row[a + 2]};
        for (int k = 0; k < 3; k++) {
            row[a + k] = m[3 * k] * v[0] + m[3 * k + 1] * v[1] + m[3 * k + 2] * v[2];
        }
    }
}

static void change_sensor(const struct lesson *l, const float *from, float *to, uint64_t *random)
{
    const struct recipe *r = &l->recipe;
    const int32_t steps = l->data.shape.dim[0], axes = l->data.shape.dim[1];
    const float speed = 1 + augment_either_way(random, r->augment_speed),
                scale = 1 + augment_either_way(random, r->augment_scale);
    const float shift = augment_either_way(random, r->augment_shift) * (float)steps, middle = (float)steps / 2;
    const float jitter = (float)(r->augment_jitter * l->level);
    float m[9];
    make_rotation(m, r->augment_rotate, random);
    for (int32_t i = 0; i < steps; i++) {
        float at = middle + ((float)i - middle) * speed + shift;
        at = at < 0 ? -at : at; /* mirrored at the ends */
        at = at > (float)(steps - 1) ? 2 * (float)(steps - 1) - at : at;
        at = at < 0 ? 0 : at;
        const int32_t k = (int32_t)at < steps - 1 ? (int32_t)at : steps - 2;
        const float part = at - (float)k;
        float *row = to + i * axes;
        for (int32_t a = 0; a < axes; a++) {
            const float *v = from + k * axes + a;
            row[a] = scale * (v[0] + part * (v[axes] - v[0]));
        }
        if (r->augment_rotate > 0) {
            turn(row, axes, m);
        }
        for (int32_t a = 0; a < axes && jitter > 0; a++) {
            row[a] += jitter * train_normal(random);
        }
    }
}

void augment_raw(const struct lesson *l, int32_t index, uint64_t *random, void *to)
{
    const void *from = data_values(&l->data, index);
    if (l->data_options.kind == DATA_AUDIO) {
        change_audio(l, from, to, random);
    } else if (l->data_options.kind == DATA_SENSOR) {
        change_sensor(l, from, to, random);
    } else {
        memcpy(to, from, l->data.example_size);
    }
}

/*** Spectrograms ***/

/* Blanks out a stretch of frames and one of bands (SpecAugment): there each band is its mean over time. */
static void mask(const struct lesson *l, float *x, uint64_t *random)
{
    const int32_t frames = l->shape.dim[0], bands = l->shape.dim[1];
    float mean[MOST_BANDS];
    for (int32_t b = 0; b < bands; b++) {
        mean[b] = 0;
        for (int32_t t = 0; t < frames; t++) {
            mean[b] += x[t * bands + b] / (float)frames;
        }
    }
    const int32_t most[2] = {(int32_t)(l->recipe.augment_time_mask * frames),
                             (int32_t)(l->recipe.augment_band_mask * bands)};
    const int32_t size[2] = {frames, bands};
    for (int axis = 0; axis < 2; axis++) {
        const int32_t width = most[axis] > 0 ? (int32_t)(train_random(random) % (uint64_t)(most[axis] + 1)) : 0;
        const int32_t first = (int32_t)(train_random(random) % (uint64_t)(size[axis] - width + 1));
        for (int32_t i = 0; i < (axis == 0 ? bands : frames); i++) {
            for (int32_t k = first; k < first + width; k++) {
                const int32_t frame = axis == 0 ? k : i, band = axis == 0 ? i : k;
                x[frame * bands + band] = mean[band];
            }
        }
    }
}

void augment_features(void *context, float *example, size_t width, float *targets, int32_t index, uint64_t *random)
{
    const struct augment *a = context;
    const struct lesson *l = a->lesson;
    const int32_t i = a->examples[index];
    if (l->copy_count > 0) { /* copy 0 of copy_count + 1 is the example itself */
        const uint64_t copy = train_random(random) % (uint64_t)(l->copy_count + 1);
        if (copy > 0) {
            memcpy(example, l->copies + ((copy - 1) * (uint64_t)l->data.count + (uint64_t)i) * width,
                   width * sizeof *example);
        }
    }
    switch (l->front_options.kind) {
    case FRONT_MEL:
        mask(l, example, random);
        break;
    case FRONT_RAW:
        if (augment_is_raw(&l->recipe, DATA_SENSOR)) {
            augment_raw(l, i, random, example);
            for (size_t k = 0; k < width; k++) {
                const size_t axis = k % (size_t)l->shape.dim[1];
                example[k] = (example[k] - l->mean[axis]) / l->deviation[axis];
            }
        }
        break;
    case FRONT_PIXELS:
        if (l->recipe.augment_share >= 1 || train_uniform(random) < (float)l->recipe.augment_share) {
            augment_picture(a, i, example, targets, random);
        }
        break;
    case FRONT_STANDARD:
        for (size_t k = 0; k < width && l->recipe.augment_jitter > 0; k++) {
            example[k] += (float)l->recipe.augment_jitter * train_normal(random);
        }
        break;
    case FRONT_MFCC:
    case FRONT_SPECTRUM:
    case FRONT_STATISTICS:
    case FRONT_HASH:
        break;
    }
}
