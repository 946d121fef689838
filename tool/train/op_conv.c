/* SPDX-License-Identifier: MIT
 *
 * Convolutions and dense layers as matrix products: each output pixel is a row, its window of the input the row of
 * another matrix, made a few images at a time so that it stays in the cache. A filter of one pixel needs no copy.
 */
#include <string.h>

#include "../ir/shape.h"
#include "engine.h"

enum { COLUMN_FLOATS = 64 * 1024 }; /* about this much of the matrix of windows at once */

bool engine_set_window(struct engine_layer *l, int32_t filter_h, int32_t filter_w, struct diag *diag)
{
    const struct tensor *in = ir_in(l->graph, l->node, 0), *out = ir_out(l->graph, l->node, 0);
    const struct attr *a = &l->node->attr;
    if (in->rank != 4 || out->rank != 4) {
        return ir_fail(l->node, diag, "input has %d dims, want 4", in->rank);
    }
    const int32_t dilation_h = a->dilation_h > 0 ? a->dilation_h : 1,
                  dilation_w = a->dilation_w > 0 ? a->dilation_w : 1;
    l->window =
        (struct engine_window){.in_h = in->dim[1],
                               .in_w = in->dim[2],
                               .in_c = in->dim[3],
                               .out_h = out->dim[1],
                               .out_w = out->dim[2],
                               .out_c = out->dim[3],
                               .filter_h = filter_h,
                               .filter_w = filter_w,
                               .stride_h = a->stride_h,
                               .stride_w = a->stride_w,
                               .dilation_h = dilation_h,
                               .dilation_w = dilation_w,
                               .top = a->pad_top + shape_window_pad(a->padding, in->dim[1] + a->pad_top + a->pad_bottom,
                                                                    filter_h, a->stride_h, dilation_h),
                               .left =
                                   a->pad_left + shape_window_pad(a->padding, in->dim[2] + a->pad_left + a->pad_right,
                                                                  filter_w, a->stride_w, dilation_w)};
    return true;
}

static size_t in_size(const struct engine_window *w) { return (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c; }
static size_t out_rows(const struct engine_window *w) { return (size_t)w->out_h * (size_t)w->out_w; }
static size_t window_size(const struct engine_window *w)
{
    return (size_t)w->filter_h * (size_t)w->filter_w * (size_t)w->in_c;
}

/* A filter of one pixel at every pixel: the input is the matrix. */
static bool is_pointwise(const struct engine_window *w)
{
    return w->filter_h == 1 && w->filter_w == 1 && w->in_h == w->out_h && w->in_w == w->out_w;
}

static size_t block_images(const struct engine_window *w)
{
    const size_t images = COLUMN_FLOATS / (out_rows(w) * window_size(w));
    return images > 0 ? images : 1;
}

static bool prepare_conv(struct engine_layer *l, struct diag *diag)
{
    const struct tensor *in = ir_in(l->graph, l->node, 0), *filter = ir_in(l->graph, l->node, 1);
    if (filter->data == NULL || filter->type != TYPE_F32) {
        return ir_fail(l->node, diag, "filter is not a float32 constant");
    }
    if (in->dim[3] != filter->dim[3]) {
        return ir_fail(l->node, diag, "has %d groups: only one can be trained", in->dim[3] / filter->dim[3]);
    }
    if (!engine_set_window(l, filter->dim[1], filter->dim[2], diag)) {
        return false;
    }
    const struct engine_window *w = &l->window;
    l->scratch = is_pointwise(w) ? 0 : block_images(w) * out_rows(w) * window_size(w);
    return true;
}

/* Taps [first, end) of a filter row whose window begins at `from` that lie within `size`. */
static void find_inside(int32_t from, int32_t size, int32_t filter, int32_t dilation, int32_t *first, int32_t *end)
{
    *first = 0;
    *end = filter;
    while (*first < filter && from + *first * dilation < 0) {
        ++*first;
    }
    while (*end > *first && from + (*end - 1) * dilation >= size) {
        --*end;
    }
}

static inline void copy(const float *from, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

static inline void add_to(const float *from, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] += from[i];
    }
}

/* One row of a window, between `row` [filter_w * in_c] and the image's line; pixels side by side in one go. */
static inline void move_line(const struct engine_window *w, int32_t left, int32_t first, int32_t end, float *row,
                             float *line, bool back)
{
    const size_t pixel = (size_t)w->in_c, step = w->dilation_w == 1 ? (size_t)(end - first) : 1;
    for (size_t f = (size_t)first; f < (size_t)end; f += step) {
        float *at = line + (size_t)(left + (int32_t)f * w->dilation_w) * pixel;
        if (back) {
            add_to(row + f * pixel, step * pixel, at);
        } else {
            copy(at, step * pixel, row + f * pixel);
        }
    }
}

/* Windows of one image as rows, [out_h * out_w, filter_h * filter_w * in_c]: gathered from it, or back, where each
 * element is added to where it came from. */
ENGINE_SIMD static void move_windows(const struct engine_window *w, float *in, float *rows, bool back)
{
    const size_t line = (size_t)w->in_w * (size_t)w->in_c, row = (size_t)w->filter_w * (size_t)w->in_c;
    for (int32_t y = 0; y < w->out_h; y++) {
        for (int32_t x = 0; x < w->out_w; x++) {
            const int32_t left = x * w->stride_w - w->left;
            int32_t first, end;
            find_inside(left, w->in_w, w->filter_w, w->dilation_w, &first, &end);
            for (int32_t fy = 0; fy < w->filter_h; fy++, rows += row) {
                const int32_t at = y * w->stride_h - w->top + fy * w->dilation_h;
                const bool is_inside = at >= 0 && at < w->in_h;
                if (!back && (!is_inside || end - first < w->filter_w)) {
                    memset(rows, 0, row * sizeof *rows);
                }
                if (is_inside) {
                    move_line(w, left, first, end, rows, in + (size_t)at * line, back);
                }
            }
        }
    }
}

/* Rows of `count` images from image `first` on: the input itself, or gathered in scratch memory. */
static const float *find_rows(const struct engine_layer *l, struct engine_slice *s, size_t first, size_t count)
{
    const struct engine_window *w = &l->window;
    const float *in = engine_in(l, s, 0) + first * in_size(w);
    if (is_pointwise(w)) {
        return in;
    }
    for (size_t i = 0; i < count; i++) {
        move_windows(w, (float *)(uintptr_t)in + i * in_size(w), s->scratch + i * out_rows(w) * window_size(w), false);
    }
    return s->scratch;
}

static size_t image_count(const struct engine_layer *l, const struct engine_slice *s)
{
    return (size_t)s->count * (size_t)l->images;
}

static void forward_conv(const struct engine_layer *l, struct engine_slice *s)
{
    const struct engine_window *w = &l->window;
    const size_t images = image_count(l, s), step = block_images(w), depth = (size_t)w->out_c;
    for (size_t first = 0; first < images; first += step) {
        const size_t count = images - first < step ? images - first : step, rows = count * out_rows(w);
        float *out = engine_out(l, s, 0) + first * out_rows(w) * depth;
        gemm(false, true, rows, depth, window_size(w), find_rows(l, s, first, count), engine_in(l, s, 1), 0, out);
        engine_finish_rows(l->activation, engine_in(l, s, 2), rows, depth, out);
    }
}

static void backward_block(const struct engine_layer *l, struct engine_slice *s, size_t first, size_t count)
{
    const struct engine_window *w = &l->window;
    const size_t rows = count * out_rows(w), depth = (size_t)w->out_c, window = window_size(w);
    const float *grad = engine_out_grad(l, s, 0) + first * out_rows(w) * depth;
    if (engine_in_grad(l, s, 1) != NULL) {
        gemm(true, false, depth, window, rows, grad, find_rows(l, s, first, count), 1, engine_in_grad(l, s, 1));
    }
    if (engine_in_grad(l, s, 0) == NULL) {
        return;
    }
    float *in = engine_in_grad(l, s, 0) + first * in_size(w);
    if (is_pointwise(w)) {
        gemm(false, false, rows, window, depth, grad, engine_in(l, s, 1), 0, in);
        return;
    }
    gemm(false, false, rows, window, depth, grad, engine_in(l, s, 1), 0, s->scratch);
    memset(in, 0, count * in_size(w) * sizeof *in);
    for (size_t i = 0; i < count; i++) {
        move_windows(w, in + i * in_size(w), s->scratch + i * out_rows(w) * window, true);
    }
}

static void backward_conv(const struct engine_layer *l, struct engine_slice *s)
{
    const struct engine_window *w = &l->window;
    const size_t images = image_count(l, s), step = block_images(w), depth = (size_t)w->out_c;
    float *grad = engine_out_grad(l, s, 0);
    engine_unfinish(l->activation, engine_out(l, s, 0), images * out_rows(w) * depth, grad);
    if (engine_in_grad(l, s, 2) != NULL) {
        engine_add_rows(grad, images * out_rows(w), depth, engine_in_grad(l, s, 2));
    }
    for (size_t first = 0; first < images; first += step) {
        backward_block(l, s, first, images - first < step ? images - first : step);
    }
}

/*** Dense: one row an example, or several ***/

static bool prepare_dense(struct engine_layer *l, struct diag *diag)
{
    const struct tensor *filter = ir_in(l->graph, l->node, 1);
    if (filter->data == NULL || filter->type != TYPE_F32 || filter->rank != 2) {
        return ir_fail(l->node, diag, "weights are not a float32 constant of two dims");
    }
    return true;
}

static void forward_dense(const struct engine_layer *l, struct engine_slice *s)
{
    const size_t rows = l->rows * (size_t)s->count, depth = (size_t)l->depth;
    const size_t in_depth = (size_t)ir_in(l->graph, l->node, 1)->dim[1];
    gemm(false, true, rows, depth, in_depth, engine_in(l, s, 0), engine_in(l, s, 1), 0, engine_out(l, s, 0));
    engine_finish_rows(l->activation, engine_in(l, s, 2), rows, depth, engine_out(l, s, 0));
}

static void backward_dense(const struct engine_layer *l, struct engine_slice *s)
{
    const size_t rows = l->rows * (size_t)s->count, depth = (size_t)l->depth;
    const size_t in_depth = (size_t)ir_in(l->graph, l->node, 1)->dim[1];
    float *grad = engine_out_grad(l, s, 0);
    engine_unfinish(l->activation, engine_out(l, s, 0), rows * depth, grad);
    if (engine_in_grad(l, s, 2) != NULL) {
        engine_add_rows(grad, rows, depth, engine_in_grad(l, s, 2));
    }
    if (engine_in_grad(l, s, 1) != NULL) {
        gemm(true, false, depth, in_depth, rows, grad, engine_in(l, s, 0), 1, engine_in_grad(l, s, 1));
    }
    if (engine_in_grad(l, s, 0) != NULL) {
        gemm(false, false, rows, in_depth, depth, grad, engine_in(l, s, 1), 0, engine_in_grad(l, s, 0));
    }
}

const struct engine_op engine_convolutions[] = {
    {OP_CONV_2D, prepare_conv, forward_conv, backward_conv},
    {OP_FULLY_CONNECTED, prepare_dense, forward_dense, backward_dense},
    {0},
};
