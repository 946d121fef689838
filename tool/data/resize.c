/* SPDX-License-Identifier: MIT
 *
 * Scaling of pictures by a triangle as wide as the step from pixel to pixel, so that what shrinks is averaged and what
 * grows is interpolated; one axis after the other.
 */
#include <math.h>
#include <stdlib.h>

#include "reader.h"

/* The part [begin, begin + extent) of `from` pixels becomes `to` pixels. */
struct axis {
    double begin, extent;
    int32_t from, to;
};

/* The pixels that pixel `i` is made of: their weights, of sum 1; returns the first. `most` weights are set. */
static int32_t weigh(const struct axis *a, int32_t i, float *weights, int32_t most)
{
    const double step = a->extent / a->to, reach = step > 1 ? step : 1;
    const double centre = a->begin + (i + 0.5) * step - 0.5;
    const int32_t first = (int32_t)ceil(centre - reach);
    double sum = 0;
    for (int32_t k = 0; k < most; k++) {
        const double distance = fabs(first + k - centre) / reach;
        weights[k] = distance < 1 ? (float)(1 - distance) : 0;
        sum += weights[k];
    }
    for (int32_t k = 0; k < most; k++) {
        weights[k] = (float)(weights[k] / sum);
    }
    return first;
}

static int32_t weight_count(const struct axis *a)
{
    const double step = a->extent / a->to;
    return 2 * (int32_t)ceil(step > 1 ? step : 1) + 1;
}

static int32_t inside(int32_t i, int32_t count) { return i < 0 ? 0 : i >= count ? count - 1 : i; }

/* Row y of the result, still as wide as the picture. */
static void blend_rows(const struct picture *p, const struct axis *v, int32_t y, float *weights, float *row)
{
    const int32_t count = weight_count(v), first = weigh(v, y, weights, count), values = 3 * p->width;
    for (int32_t x = 0; x < values; x++) {
        row[x] = 0;
    }
    for (int32_t k = 0; k < count; k++) {
        const uint8_t *from = p->pixels + (size_t)inside(first + k, p->height) * (size_t)values;
        for (int32_t x = 0; x < values && weights[k] > 0; x++) {
            row[x] += weights[k] * from[x];
        }
    }
}

static uint8_t to_byte(float x) { return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x + 0.5F); }

static void blend_columns(const struct picture *p, const struct axis *h, const float *row, float *weights, uint8_t *to,
                          int32_t channels)
{
    const int32_t count = weight_count(h);
    for (int32_t x = 0; x < h->to; x++) {
        const int32_t first = weigh(h, x, weights, count);
        float sum[3] = {0, 0, 0};
        for (int32_t k = 0; k < count; k++) {
            const float *from = row + 3 * inside(first + k, p->width);
            for (int c = 0; c < 3; c++) {
                sum[c] += weights[k] * from[c];
            }
        }
        if (channels == 1) {
            to[x] = to_byte(0.299F * sum[0] + 0.587F * sum[1] + 0.114F * sum[2]);
            continue;
        }
        for (int c = 0; c < 3; c++) {
            to[3 * x + c] = to_byte(sum[c]);
        }
    }
}

void data_resize(const struct picture *p, bool crop, uint8_t *to, int32_t width, int32_t height, int32_t channels)
{
    struct axis h = {0, p->width, p->width, width}, v = {0, p->height, p->height, height};
    if (crop) {
        const double step = fmin(h.extent / width, v.extent / height);
        h.begin = (p->width - step * width) / 2;
        h.extent = step * width;
        v.begin = (p->height - step * height) / 2;
        v.extent = step * height;
    }
    const int32_t most = weight_count(&h) > weight_count(&v) ? weight_count(&h) : weight_count(&v);
    float *weights = malloc((size_t)most * sizeof *weights), *row = malloc(3 * (size_t)p->width * sizeof *row);
    for (int32_t y = 0; y < height && weights != NULL && row != NULL; y++) {
        blend_rows(p, &v, y, weights, row);
        blend_columns(p, &h, row, weights, to + (size_t)y * (size_t)width * (size_t)channels, channels);
    }
    free(weights);
    free(row);
}
