/* SPDX-License-Identifier: MIT
 *
 * Pooling by windows, and the mean over neighbouring axes.
 */
#include <math.h>
#include <string.h>

#include "../ir/shape.h"
#include "engine.h"

static bool prepare(struct engine_layer *l, struct diag *diag)
{
    const struct attr *a = &l->node->attr;
    return engine_set_window(l, a->filter_h, a->filter_w, diag);
}

/* Rows and columns of the image that the window of output (y, x) covers. */
struct area {
    int32_t top, bottom, left, right;
};

static struct area find_area(const struct engine_window *w, int32_t y, int32_t x)
{
    const int32_t top = y * w->stride_h - w->top, left = x * w->stride_w - w->left;
    const int32_t bottom = top + w->filter_h, right = left + w->filter_w;
    return (struct area){top > 0 ? top : 0, bottom < w->in_h ? bottom : w->in_h, left > 0 ? left : 0,
                         right < w->in_w ? right : w->in_w};
}

/* What is done with the window of one output pixel: `in` and `out` or their gradients. */
typedef void pixel_step(const struct engine_window *w, struct area a, const float *in, float *out, float *in_grad,
                        const float *out_grad);

static void for_pixels(const struct engine_layer *l, struct engine_slice *s, pixel_step *step, bool back)
{
    const struct engine_window *w = &l->window;
    const size_t depth = (size_t)w->in_c, size = (size_t)w->in_h * (size_t)w->in_w * depth;
    const float *in = engine_in(l, s, 0);
    float *out = engine_out(l, s, 0), *in_grad = back ? engine_in_grad(l, s, 0) : NULL;
    const float *out_grad = back ? engine_out_grad(l, s, 0) : NULL;
    size_t at = 0;
    for (size_t i = 0; i < (size_t)s->count * (size_t)l->images; i++) {
        for (int32_t y = 0; y < w->out_h; y++) {
            for (int32_t x = 0; x < w->out_w; x++, at += depth) {
                step(w, find_area(w, y, x), in + i * size, out + at, back ? in_grad + i * size : NULL,
                     back ? out_grad + at : NULL);
            }
        }
    }
}

static inline size_t pixel(const struct engine_window *w, int32_t y, int32_t x)
{
    return ((size_t)y * (size_t)w->in_w + (size_t)x) * (size_t)w->in_c;
}

/* How much of the mean each pixel of the area is. */
static float share(struct area a) { return 1.0F / (float)((a.bottom - a.top) * (a.right - a.left)); }

ENGINE_SIMD static void average(const struct engine_window *w, struct area a, const float *in, float *out,
                                float *in_grad, const float *out_grad)
{
    (void)in_grad, (void)out_grad;
    const float scale = share(a);
    memset(out, 0, (size_t)w->in_c * sizeof *out);
    for (int32_t y = a.top; y < a.bottom; y++) {
        for (int32_t x = a.left; x < a.right; x++) {
            const float *from = in + pixel(w, y, x);
            for (int32_t c = 0; c < w->in_c; c++) {
                out[c] += from[c] * scale;
            }
        }
    }
}

ENGINE_SIMD static void average_back(const struct engine_window *w, struct area a, const float *in, float *out,
                                     float *in_grad, const float *out_grad)
{
    (void)in, (void)out;
    const float scale = share(a);
    for (int32_t y = a.top; y < a.bottom; y++) {
        for (int32_t x = a.left; x < a.right; x++) {
            float *to = in_grad + pixel(w, y, x);
            for (int32_t c = 0; c < w->in_c; c++) {
                to[c] += out_grad[c] * scale;
            }
        }
    }
}

ENGINE_SIMD static void most(const struct engine_window *w, struct area a, const float *in, float *out, float *in_grad,
                             const float *out_grad)
{
    (void)in_grad, (void)out_grad;
    for (int32_t c = 0; c < w->in_c; c++) {
        out[c] = -INFINITY;
    }
    for (int32_t y = a.top; y < a.bottom; y++) {
        for (int32_t x = a.left; x < a.right; x++) {
            const float *from = in + pixel(w, y, x);
            for (int32_t c = 0; c < w->in_c; c++) {
                out[c] = from[c] > out[c] ? from[c] : out[c];
            }
        }
    }
}

/* The first of the largest takes all of the gradient. */
ENGINE_SIMD static void most_back(const struct engine_window *w, struct area a, const float *in, float *out,
                                  float *in_grad, const float *out_grad)
{
    enum { CHANNELS = 64 }; /* at once */
    (void)out;
    for (int32_t c = 0; c < w->in_c; c += CHANNELS) {
        const int32_t count = w->in_c - c < CHANNELS ? w->in_c - c : CHANNELS;
        float best[CHANNELS];
        int32_t where[CHANNELS];
        for (int32_t i = 0; i < count; i++) {
            best[i] = -INFINITY;
            where[i] = (int32_t)pixel(w, a.top, a.left);
        }
        for (int32_t y = a.top; y < a.bottom; y++) {
            for (int32_t x = a.left; x < a.right; x++) {
                const int32_t at = (int32_t)pixel(w, y, x);
                const float *from = in + at + c;
                for (int32_t i = 0; i < count; i++) {
                    where[i] = from[i] > best[i] ? at : where[i];
                    best[i] = from[i] > best[i] ? from[i] : best[i];
                }
            }
        }
        for (int32_t i = 0; i < count; i++) {
            in_grad[where[i] + c + i] += out_grad[c + i];
        }
    }
}

static void finish(const struct engine_layer *l, struct engine_slice *s)
{
    engine_finish_rows(l->activation, NULL, l->rows * (size_t)s->count, (size_t)l->depth, engine_out(l, s, 0));
}

/* The gradient of the output before the activation, and a clean one of the input. False: nobody wants it. */
static bool begin_back(const struct engine_layer *l, struct engine_slice *s)
{
    engine_unfinish(l->activation, engine_out(l, s, 0), l->rows * (size_t)s->count * (size_t)l->depth,
                    engine_out_grad(l, s, 0));
    float *grad = engine_in_grad(l, s, 0);
    if (grad != NULL) {
        memset(grad, 0, (size_t)ir_count(ir_in(l->graph, l->node, 0)) * (size_t)s->count * sizeof *grad);
    }
    return grad != NULL;
}

static void forward_average(const struct engine_layer *l, struct engine_slice *s)
{
    for_pixels(l, s, average, false);
    finish(l, s);
}

static void backward_average(const struct engine_layer *l, struct engine_slice *s)
{
    if (begin_back(l, s)) {
        for_pixels(l, s, average_back, true);
    }
}

static void forward_max(const struct engine_layer *l, struct engine_slice *s)
{
    for_pixels(l, s, most, false);
    finish(l, s);
}

static void backward_max(const struct engine_layer *l, struct engine_slice *s)
{
    if (begin_back(l, s)) {
        for_pixels(l, s, most_back, true);
    }
}

/*** Mean over axes that lie side by side: as pooling of an image of one column ***/

static bool prepare_mean(struct engine_layer *l, struct diag *diag)
{
    const struct tensor *in = ir_in(l->graph, l->node, 0), *axes = ir_in(l->graph, l->node, 1);
    bool named[IR_MAX_RANK] = {0};
    for (int64_t i = 0; axes->data != NULL && i < ir_count(axes); i++) {
        const int64_t axis = ir_const_int(axes, i);
        named[axis < 0 ? axis + in->rank : axis] = true; /* in range: the shape rule has checked it */
    }
    int32_t first = 0, end = 0, size[3] = {1, 1, 1};
    for (first = 0; first < in->rank && !named[first]; first++) {
        size[0] *= in->dim[first];
    }
    for (end = first; end < in->rank && named[end]; end++) {
        size[1] *= in->dim[end];
    }
    for (int32_t d = end; d < in->rank; d++) {
        if (named[d]) {
            return ir_fail(l->node, diag, "takes the mean over axes that are not neighbours");
        }
        size[2] *= in->dim[d];
    }
    l->images = size[0];
    l->window = (struct engine_window){.in_h = size[1],
                                       .in_w = 1,
                                       .in_c = size[2],
                                       .out_h = 1,
                                       .out_w = 1,
                                       .out_c = size[2],
                                       .filter_h = size[1],
                                       .filter_w = 1,
                                       .stride_h = 1,
                                       .stride_w = 1,
                                       .dilation_h = 1,
                                       .dilation_w = 1};
    return true;
}

const struct engine_op engine_pools[] = {
    {OP_AVERAGE_POOL_2D, prepare, forward_average, backward_average},
    {OP_MAX_POOL_2D, prepare, forward_max, backward_max},
    {OP_MEAN, prepare_mean, forward_average, backward_average},
    {0},
};
