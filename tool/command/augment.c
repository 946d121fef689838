/* SPDX-License-Identifier: MIT
 *
 * Changed copies of examples: what may happen to a recording without changing what it is. Sound and the spectra of sensors
 * are changed before the front-end, in copies made ahead; steps of sensors, spectrograms and pictures while training.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "heat.h"
#include "lesson.h"

enum { MOST_AXES = 64 };

static const float pi = 3.14159265F;

static float between(uint64_t *random, float low, float high) { return low + (high - low) * train_uniform(random); }

static float either_way(uint64_t *random, double most) { return between(random, -(float)most, (float)most); }

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
    const float keep = between(random, 0, 0.98F);
    const int32_t offset = (int32_t)(train_random(random) % (uint64_t)count);
    float last = 0;
    for (int32_t i = 0; i < count; i++) {
        last = noise != NULL ? (float)noise[(i + offset) % count] : keep * last + train_normal(random);
        n[i] = last;
    }
    const double signal = power_of(x, count) + 1, power = power_of(n, count) + 1e-9;
    const float factor = (float)sqrt(signal / power * pow(10, -between(random, 0.3F, 3)));
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
    const float speed = 1 + either_way(random, r->augment_speed);
    const float shift = either_way(random, r->augment_shift) * (float)count;
    const float gain = powf(10, either_way(random, r->augment_gain) / 20);
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
    const float angle = either_way(random, degrees) * pi / 180, c = cosf(angle), s = sinf(angle);
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
    const float speed = 1 + either_way(random, r->augment_speed), scale = 1 + either_way(random, r->augment_scale);
    const float shift = either_way(random, r->augment_shift) * (float)steps, middle = (float)steps / 2;
    const float jitter = (float)(r->augment_jitter * l->front_options.level);
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

/* Blanks out a stretch of frames and one of bands (SpecAugment). */
static void mask(const struct lesson *l, float *x, uint64_t *random)
{
    const int32_t frames = l->shape.dim[0], bands = l->shape.dim[1];
    const int32_t most[2] = {(int32_t)(l->recipe.augment_time_mask * frames),
                             (int32_t)(l->recipe.augment_band_mask * bands)};
    const int32_t size[2] = {frames, bands};
    for (int axis = 0; axis < 2; axis++) {
        const int32_t width = most[axis] > 0 ? (int32_t)(train_random(random) % (uint64_t)(most[axis] + 1)) : 0;
        const int32_t first = (int32_t)(train_random(random) % (uint64_t)(size[axis] - width + 1));
        for (int32_t i = 0; i < (axis == 0 ? bands : frames); i++) {
            for (int32_t k = first; k < first + width; k++) {
                x[axis == 0 ? k * bands + i : i * bands + k] = 0;
            }
        }
    }
}

/*** Pictures ***/

/* Where a pixel of the changed picture comes from: x' = m[0] x + m[1] y + m[2], y' likewise. */
struct affine {
    float m[6];
};

static struct affine make_affine(const struct recipe *r, int32_t width, int32_t height, uint64_t *random)
{
    const float angle = either_way(random, r->augment_rotate) * pi / 180;
    const float scale = 1 + either_way(random, r->augment_scale);
    const float sign_x = r->augment_flip && train_uniform(random) < 0.5F ? -1.0F : 1.0F;
    const float sign_y = r->augment_flip_vertical && train_uniform(random) < 0.5F ? -1.0F : 1.0F;
    const float dx = either_way(random, r->augment_move) * (float)width;
    const float dy = either_way(random, r->augment_move) * (float)height;
    const float c = cosf(angle) * scale, s = sinf(angle) * scale;
    const float cx = (float)(width - 1) / 2, cy = (float)(height - 1) / 2;
    const float a = c * sign_x, b = -s * sign_y, d = s * sign_x, e = c * sign_y;
    return (struct affine){{a, b, cx + dx - a * cx - b * cy, d, e, cy + dy - d * cx - e * cy}};
}

static int32_t inside(int32_t i, int32_t count) { return i < 0 ? 0 : i >= count ? count - 1 : i; }

static void warp(const float *from, float *to, int32_t width, int32_t height, int32_t channels, const struct affine *t)
{
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            const float u = t->m[0] * (float)x + t->m[1] * (float)y + t->m[2];
            const float v = t->m[3] * (float)x + t->m[4] * (float)y + t->m[5];
            const float i = floorf(u), j = floorf(v), p = u - i, q = v - j;
            const int32_t left = inside((int32_t)i, width) * channels, right = inside((int32_t)i + 1, width) * channels;
            const float *top = from + inside((int32_t)j, height) * width * channels;
            const float *low = from + inside((int32_t)j + 1, height) * width * channels;
            for (int32_t c = 0; c < channels; c++) {
                *to++ = (1 - q) * ((1 - p) * top[left + c] + p * top[right + c]) +
                        q * ((1 - p) * low[left + c] + p * low[right + c]);
            }
        }
    }
}

/* Cuts [middle - size / 2, middle + size / 2] where the picture ends. */
static void cut_side(float *middle, float *size)
{
    const float low = fmaxf(0, *middle - *size / 2), high = fminf(1, *middle + *size / 2);
    *middle = (low + high) / 2;
    *size = fmaxf(0, high - low);
}

/* Where boxes are after warp(). A box becomes the one round the ellipse that it held, cut where the picture ends, as who
 * draws boxes does; one of which little is left is gone. */
static int32_t warp_boxes(const struct data_box *from, int32_t count, int32_t width, int32_t height,
                          const struct affine *t, struct data_box *to)
{
    const float least = 0.3F; /* of its area */
    const float *m = t->m, area = m[0] * m[4] - m[1] * m[3];
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        struct data_box b = from[i];
        const float u = b.x * (float)width - 0.5F - m[2], v = b.y * (float)height - 0.5F - m[5];
        const float w = b.width * (float)width, h = b.height * (float)height;
        b.x = ((m[4] * u - m[1] * v) / area + 0.5F) / (float)width;
        b.y = ((m[0] * v - m[3] * u) / area + 0.5F) / (float)height;
        b.width = hypotf(m[4] * w, m[1] * h) / fabsf(area) / (float)width;
        b.height = hypotf(m[0] * h, m[3] * w) / fabsf(area) / (float)height;
        const float whole = b.width * b.height;
        cut_side(&b.x, &b.width);
        cut_side(&b.y, &b.height);
        if (b.width * b.height > least * whole) {
            to[kept++] = b;
        }
    }
    return kept;
}

/* What features have for black and white. */
struct range {
    float low, high;
};

static struct range find_range(const struct lesson *l)
{
    static const struct range ranges[] = {[FRONT_UNIT] = {0, 1}, [FRONT_SIGNED] = {-1, 1}, [FRONT_BYTES] = {0, 255}};
    return ranges[l->front_options.range];
}

static void change_colour(const struct recipe *r, struct range range, float *x, size_t pixels, int32_t channels,
                          uint64_t *random)
{
    const float middle = (range.low + range.high) / 2, width = range.high - range.low;
    const float contrast = 1 + either_way(random, r->augment_colour);
    const float light = either_way(random, r->augment_colour) * 0.5F + either_way(random, r->augment_jitter);
    float tint[3];
    for (int32_t c = 0; c < 3; c++) {
        tint[c] = width * (light + (channels == 3 ? either_way(random, r->augment_colour) * 0.15F : 0));
    }
    for (size_t i = 0; i < pixels; i++) {
        for (int32_t c = 0; c < channels; c++) {
            const float v = (x[i * (size_t)channels + (size_t)c] - middle) * contrast + middle + tint[c];
            x[i * (size_t)channels + (size_t)c] = v < range.low ? range.low : v > range.high ? range.high : v;
        }
    }
}

static void cut_out(const struct recipe *r, struct range range, float *x, int32_t width, int32_t height,
                    int32_t channels, uint64_t *random)
{
    const int32_t w = (int32_t)(between(random, 0, (float)r->augment_cutout) * (float)width);
    const int32_t h = (int32_t)(between(random, 0, (float)r->augment_cutout) * (float)height);
    const int32_t left = (int32_t)(train_random(random) % (uint64_t)(width - w + 1));
    const int32_t top = (int32_t)(train_random(random) % (uint64_t)(height - h + 1));
    for (int32_t y = top; y < top + h; y++) {
        for (int32_t k = left * channels; k < (left + w) * channels; k++) {
            x[y * width * channels + k] = (range.low + range.high) / 2;
        }
    }
}

static bool is_warped(const struct recipe *r)
{
    return r->augment_rotate > 0 || r->augment_scale > 0 || r->augment_move > 0 || r->augment_flip ||
           r->augment_flip_vertical;
}

/* The heat map of the boxes of an example, which were warped with its picture. */
static void redraw(const struct augment *a, const struct data_example *e, const struct affine *t, float *targets)
{
    const struct tensor *shape = &a->lesson->shape;
    struct data_box *boxes = malloc(((size_t)e->box_count + 1) * sizeof *boxes);
    if (boxes != NULL) {
        heat_draw(boxes, warp_boxes(e->boxes, e->box_count, shape->dim[1], shape->dim[0], t, boxes), a->heat, targets);
    }
    free(boxes);
}

static void change_picture(const struct augment *a, int32_t i, float *to, float *targets, uint64_t *random)
{
    const struct lesson *l = a->lesson;
    const struct recipe *r = &l->recipe;
    const int32_t height = l->shape.dim[0], width = l->shape.dim[1], channels = l->shape.dim[2];
    if (is_warped(r)) {
        const struct affine t = make_affine(r, width, height, random);
        warp(l->features + (size_t)i * l->width, to, width, height, channels, &t);
        if (targets != NULL) {
            redraw(a, &l->data.examples[i], &t, targets);
        }
    }
    if (r->augment_colour > 0 || r->augment_jitter > 0) {
        change_colour(r, find_range(l), to, (size_t)width * (size_t)height, channels, random);
    }
    if (r->augment_cutout > 0) {
        cut_out(r, find_range(l), to, width, height, channels, random);
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
        change_picture(a, i, example, targets, random);
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
