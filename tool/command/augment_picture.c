/* SPDX-License-Identifier: MIT
 *
 * Changed copies of pictures: flipped, turned, scaled and moved in one step, boxes along with them; other colours; a part
 * blanked out.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heat.h"

static const float radian = 3.14159265F / 180; /* of a degree */

/* Where a pixel of the changed picture comes from: x' = m[0] x + m[1] y + m[2], y' likewise. */
struct affine {
    float m[6];
};

static struct affine make_affine(const struct recipe *r, int32_t width, int32_t height, uint64_t *random)
{
    const float angle = augment_either_way(random, r->augment_rotate) * radian;
    const float scale = 1 + augment_either_way(random, r->augment_scale);
    const float sign_x = r->augment_flip && train_uniform(random) < 0.5F ? -1.0F : 1.0F;
    const float sign_y = r->augment_flip_vertical && train_uniform(random) < 0.5F ? -1.0F : 1.0F;
    const float dx = augment_either_way(random, r->augment_move) * (float)width;
    const float dy = augment_either_way(random, r->augment_move) * (float)height;
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
    const float contrast = 1 + augment_either_way(random, r->augment_colour);
    const float light =
        augment_either_way(random, r->augment_colour) * 0.5F + augment_either_way(random, r->augment_jitter);
    float tint[3];
    for (int32_t c = 0; c < 3; c++) {
        tint[c] = width * (light + (channels == 3 ? augment_either_way(random, r->augment_colour) * 0.15F : 0));
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
    const int32_t w = (int32_t)(augment_between(random, 0, (float)r->augment_cutout) * (float)width);
    const int32_t h = (int32_t)(augment_between(random, 0, (float)r->augment_cutout) * (float)height);
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

void augment_picture(const struct augment *a, int32_t i, float *to, float *targets, uint64_t *random)
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
