/* SPDX-License-Identifier: MIT
 *
 * Depthwise convolution, directly: the channels of a pixel side by side. Where a channel has several filters, the image
 * is spread to one channel for each filter first.
 */
#include <string.h>

#include "engine.h"

static size_t in_pixels(const struct engine_window *w) { return (size_t)w->in_h * (size_t)w->in_w; }
static size_t out_pixels(const struct engine_window *w) { return (size_t)w->out_h * (size_t)w->out_w; }
static bool spreads(const struct engine_window *w) { return w->in_c != w->out_c; }

static bool prepare(struct engine_layer *l, struct diag *diag)
{
    const struct tensor *filter = ir_in(l->graph, l->node, 1);
    if (filter->data == NULL || filter->type != TYPE_F32) {
        return ir_fail(l->node, diag, "filter is not a float32 constant");
    }
    if (!engine_set_window(l, filter->dim[1], filter->dim[2], diag)) {
        return false;
    }
    l->scratch = spreads(&l->window) ? 2 * in_pixels(&l->window) * (size_t)l->window.out_c : 0;
    return true;
}

/* Taps [first, end) of a filter at `from` that lie within an image of `size`. */
struct taps {
    int32_t first, end;
};

static struct taps find_taps(int32_t from, int32_t size, int32_t filter, int32_t dilation)
{
    struct taps t = {0, filter};
    while (t.first < filter && from + t.first * dilation < 0) {
        t.first++;
    }
    while (t.end > t.first && from + (t.end - 1) * dilation >= size) {
        t.end--;
    }
    return t;
}

/* One output pixel, whose window begins at (top, left) of the image. */
struct spot {
    const struct engine_window *w;
    struct taps y, x;
    int32_t top, left;
};

static struct spot find_spot(const struct engine_window *w, int32_t y, int32_t x)
{
    const int32_t top = y * w->stride_h - w->top, left = x * w->stride_w - w->left;
    return (struct spot){w, find_taps(top, w->in_h, w->filter_h, w->dilation_h),
                         find_taps(left, w->in_w, w->filter_w, w->dilation_w), top, left};
}

static inline size_t in_at(const struct spot *p, int32_t fy, int32_t fx)
{
    const int32_t y = p->top + fy * p->w->dilation_h, x = p->left + fx * p->w->dilation_w;
    return ((size_t)y * (size_t)p->w->in_w + (size_t)x) * (size_t)p->w->out_c;
}

static inline size_t filter_at(const struct spot *p, int32_t fy, int32_t fx)
{
    return ((size_t)fy * (size_t)p->w->filter_w + (size_t)fx) * (size_t)p->w->out_c;
}

ENGINE_SIMD static void forward_pixel(const struct spot *p, const float *in, const float *filter, float *out)
{
    const size_t depth = (size_t)p->w->out_c;
    size_t c = 0;
    for (; c + ENGINE_LANES <= depth; c += ENGINE_LANES) {
        engine_lanes sum = {0};
        for (int32_t fy = p->y.first; fy < p->y.end; fy++) {
            for (int32_t fx = p->x.first; fx < p->x.end; fx++) {
                sum += *(const engine_lanes *)(in + in_at(p, fy, fx) + c) *
                       *(const engine_lanes *)(filter + filter_at(p, fy, fx) + c);
            }
        }
        *(engine_lanes *)(out + c) = sum;
    }
    memset(out + c, 0, (depth - c) * sizeof *out);
    for (int32_t fy = p->y.first; c < depth && fy < p->y.end; fy++) {
        for (int32_t fx = p->x.first; fx < p->x.end; fx++) {
            const float *a = in + in_at(p, fy, fx), *b = filter + filter_at(p, fy, fx);
            for (size_t i = c; i < depth; i++) {
                out[i] += a[i] * b[i];
            }
        }
    }
}

/* Adds to the gradients of the image and of the filter; either may be NULL. */
ENGINE_SIMD static void backward_pixel(const struct spot *p, const float *in, const float *filter, const float *grad,
                                       float *in_grad, float *filter_grad)
{
    const size_t depth = (size_t)p->w->out_c;
    for (int32_t fy = p->y.first; fy < p->y.end; fy++) {
        for (int32_t fx = p->x.first; fx < p->x.end; fx++) {
            const size_t i = in_at(p, fy, fx), f = filter_at(p, fy, fx);
            for (size_t c = 0; filter_grad != NULL && c < depth; c++) {
                filter_grad[f + c] += in[i + c] * grad[c];
            }
            for (size_t c = 0; in_grad != NULL && c < depth; c++) {
                in_grad[i + c] += filter[f + c] * grad[c];
            }
        }
    }
}

/* From `in_c` channels to `out_c`, each several times. */
static void spread(const struct engine_window *w, const float *in, float *out)
{
    const int32_t times = w->out_c / w->in_c;
    for (size_t i = 0; i < in_pixels(w) * (size_t)w->in_c; i++) {
        for (int32_t k = 0; k < times; k++) {
            *out++ = in[i];
        }
    }
}

static void gather(const struct engine_window *w, const float *spread_grad, float *grad)
{
    const int32_t times = w->out_c / w->in_c;
    for (size_t i = 0; i < in_pixels(w) * (size_t)w->in_c; i++) {
        grad[i] = 0;
        for (int32_t k = 0; k < times; k++) {
            grad[i] += *spread_grad++;
        }
    }
}

/* The image to work on: spread into scratch memory where that is needed. */
static const float *find_image(const struct engine_layer *l, struct engine_slice *s, size_t i)
{
    const struct engine_window *w = &l->window;
    const float *in = engine_in(l, s, 0) + i * in_pixels(w) * (size_t)w->in_c;
    if (!spreads(w)) {
        return in;
    }
    spread(w, in, s->scratch);
    return s->scratch;
}

static void forward(const struct engine_layer *l, struct engine_slice *s)
{
    const struct engine_window *w = &l->window;
    const size_t images = (size_t)s->count * (size_t)l->images, depth = (size_t)w->out_c;
    for (size_t i = 0; i < images; i++) {
        const float *in = find_image(l, s, i);
        float *out = engine_out(l, s, 0) + i * out_pixels(w) * depth, *at = out;
        for (int32_t y = 0; y < w->out_h; y++) {
            for (int32_t x = 0; x < w->out_w; x++, at += depth) {
                const struct spot p = find_spot(w, y, x);
                forward_pixel(&p, in, engine_in(l, s, 1), at);
            }
        }
        engine_finish_rows(l->activation, engine_in(l, s, 2), out_pixels(w), depth, out);
    }
}

static void backward_image(const struct engine_layer *l, struct engine_slice *s, size_t i, const float *grad)
{
    const struct engine_window *w = &l->window;
    const size_t depth = (size_t)w->out_c, size = in_pixels(w) * (size_t)w->in_c;
    const float *in = find_image(l, s, i);
    float *to = engine_in_grad(l, s, 0) == NULL ? NULL : engine_in_grad(l, s, 0) + i * size;
    float *in_grad = to != NULL && spreads(w) ? s->scratch + in_pixels(w) * depth : to;
    if (to != NULL) {
        memset(in_grad, 0, in_pixels(w) * depth * sizeof *in_grad);
    }
    for (int32_t y = 0; y < w->out_h; y++) {
        for (int32_t x = 0; x < w->out_w; x++, grad += depth) {
            const struct spot p = find_spot(w, y, x);
            backward_pixel(&p, in, engine_in(l, s, 1), grad, in_grad, engine_in_grad(l, s, 1));
        }
    }
    if (in_grad != to) {
        gather(w, in_grad, to);
    }
}

static void backward(const struct engine_layer *l, struct engine_slice *s)
{
    const struct engine_window *w = &l->window;
    const size_t images = (size_t)s->count * (size_t)l->images, rows = out_pixels(w), depth = (size_t)w->out_c;
    float *grad = engine_out_grad(l, s, 0);
    engine_unfinish(l->activation, engine_out(l, s, 0), images * rows * depth, grad);
    if (engine_in_grad(l, s, 2) != NULL) {
        engine_add_rows(grad, images * rows, depth, engine_in_grad(l, s, 2));
    }
    for (size_t i = 0; i < images; i++) {
        backward_image(l, s, i, grad + i * rows * depth);
    }
}

const struct engine_op engine_depthwise[] = {{OP_DEPTHWISE_CONV_2D, prepare, forward, backward}, {0}};
