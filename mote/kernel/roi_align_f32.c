/* SPDX-License-Identifier: MIT
 *
 * ROI_ALIGN: each bin of a region is the mean of samples spread evenly in it, taken between the four pixels round them.
 *
 * Source: He, Gkioxari, Dollar and Girshick 2017, Mask R-CNN; the operator of ONNX.
 */
#include <stddef.h>

#include "detect.h"
#include "real.h"

/* A place along an axis: between two pixels, how far from the first. */
struct place {
    int32_t low, high;
    float share; /* of `high` */
};

/* 0: outside of the image, more than a pixel away. */
static int find_place(float at, int32_t extent, struct place *place)
{
    if (!(at >= -1.0F && at <= (float)extent)) {
        return 0;
    }
    const float inside = mote_fclamp(at, 0.0F, (float)(extent - 1));
    place->low = (int32_t)inside;
    place->high = place->low + 1 < extent ? place->low + 1 : place->low;
    place->share = inside - (float)place->low;
    return 1;
}

/* Samples along a bin of `size` pixels: as many as said, or one a pixel. No more than the image has pixels, so that a
 * region without bounds ends, too. */
static int32_t sample_count(int32_t said, float size, int32_t extent)
{
    const float wanted = mote_ceil(size);
    if (said > 0) {
        return said;
    }
    return wanted >= 1.0F ? (wanted < (float)extent ? (int32_t)wanted : extent) : 0;
}

/* One line of bins. */
struct line {
    const struct mote_roi_align *p;
    const float *image;    /* [height, width, channels] */
    float top, left;       /* of the line; of the region */
    float height, width;   /* of a bin */
    int32_t rows, columns; /* of samples */
};

static void add_sample(const struct line *l, float y, float x, float *out)
{
    const int32_t channels = l->p->channels, stride = l->p->width * channels;
    struct place v, h;
    if (!find_place(y, l->p->height, &v) || !find_place(x, l->p->width, &h)) {
        return;
    }
    const float *top = l->image + (ptrdiff_t)v.low * stride, *bottom = l->image + (ptrdiff_t)v.high * stride;
    for (int32_t c = 0; c < channels; c++) {
        const int32_t a = h.low * channels + c, b = h.high * channels + c;
        out[c] += (1 - v.share) * ((1 - h.share) * top[a] + h.share * top[b]) +
                  v.share * ((1 - h.share) * bottom[a] + h.share * bottom[b]);
    }
}

static void make_bin(const struct line *l, int32_t column, float *out)
{
    const int32_t count = l->rows * l->columns;
    const float y_step = l->height / (float)l->rows, x_step = l->width / (float)l->columns;
    const float left = l->left + (float)column * l->width;
    for (int32_t c = 0; c < l->p->channels; c++) {
        out[c] = 0;
    }
    for (int32_t i = 0; i < count; i++) {
        add_sample(l, l->top + ((float)(i / l->columns) + 0.5F) * y_step,
                   left + ((float)(i % l->columns) + 0.5F) * x_step, out);
    }
    for (int32_t c = 0; c < l->p->channels && count > 1; c++) {
        out[c] /= (float)count;
    }
}

void mote_roi_align_f32(const void *params, const struct mote_io *io)
{
    const struct mote_roi_align *p = (const struct mote_roi_align *)params;
    const int32_t region = io->y / p->out_height, row = io->y % p->out_height;
    const float *roi = (const float *)io->in[1] + (ptrdiff_t)region * 4;
    const int64_t which =
        p->index_bytes == 8 ? ((const int64_t *)io->in[2])[region] : ((const int32_t *)io->in[2])[region];
    const int32_t image = which < 0 ? 0 : which >= p->images ? p->images - 1 : (int32_t)which;
    float *out = (float *)io->out[0];

    float size[2], first[2]; /* of the region: along x, along y */
    for (int d = 0; d < 2; d++) {
        first[d] = roi[d] * p->scale - p->offset;
        size[d] = roi[2 + d] * p->scale - p->offset - first[d];
        size[d] = mote_fmax(size[d], p->least_size);
    }
    struct line l = {p,
                     (const float *)io->in[0] + (ptrdiff_t)image * p->height * p->width * p->channels,
                     first[1],
                     first[0],
                     size[1] / (float)p->out_height,
                     size[0] / (float)p->out_width,
                     0,
                     0};
    l.top += (float)row * l.height;
    l.rows = sample_count(p->samples, l.height, p->height);
    l.columns = sample_count(p->samples, l.width, p->width);
    for (int32_t i = 0; i < p->out_width; i++, out += p->channels) {
        make_bin(&l, i, out);
    }
}
