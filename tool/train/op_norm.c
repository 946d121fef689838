/* SPDX-License-Identifier: MIT
 *
 * What exists in training only: batch normalisation, by the statistics of a slice, with the activation after it; and
 * dropout. Statistics of all slices, weighted by their examples, gather where gradients of weights do.
 */
#include <math.h>
#include <string.h>

#include "engine.h"

enum { GAMMA = 1, BETA, MEAN, VARIANCE };

static bool prepare_norm(struct engine_layer *l, struct diag *diag)
{
    for (int k = GAMMA; k <= VARIANCE; k++) {
        const struct tensor *t = ir_in(l->graph, l->node, k);
        if (t->data == NULL || t->type != TYPE_F32 || ir_count(t) != l->depth) {
            return ir_fail(l->node, diag, "input %d is not a float32 constant of %d values", k, l->depth);
        }
    }
    l->scratch = 2 * (size_t)l->depth;
    l->saved = 2 * (size_t)l->depth; /* mean, and 1 over the deviation */
    return true;
}

/* Sums of x - origin and of its square, for each channel; so close to its mean nothing cancels. */
ENGINE_SIMD static void sum_channels(const float *x, size_t rows, size_t depth, const float *origin, float *sum,
                                     float *squares)
{
    for (size_t r = 0; r < rows; r++, x += depth) {
        for (size_t c = 0; c < depth; c++) {
            const float d = x[c] - origin[c];
            sum[c] += d;
            squares[c] += d * d;
        }
    }
}

/* Whether the statistics are those of the slice: of frozen layers they stay. */
static bool measures(const struct engine_layer *l, const struct engine_slice *s)
{
    return s->is_training && engine_in_grad(l, s, MEAN) != NULL;
}

static void find_statistics(const struct engine_layer *l, struct engine_slice *s, float *mean, float *inverse)
{
    const size_t depth = (size_t)l->depth, rows = l->rows * (size_t)s->count;
    const float *x = engine_in(l, s, 0), epsilon = l->node->attr.epsilon;
    if (!measures(l, s)) {
        for (size_t c = 0; c < depth; c++) {
            mean[c] = engine_in(l, s, MEAN)[c];
            inverse[c] = 1.0F / sqrtf(engine_in(l, s, VARIANCE)[c] + epsilon);
        }
        return;
    }
    float *sum = s->scratch, *squares = s->scratch + depth;
    memset(sum, 0, 2 * depth * sizeof *sum);
    sum_channels(x, rows, depth, x, sum, squares);
    const float n = (float)rows, unbiased = rows > 1 ? n / (n - 1) : 1.0F;
    for (size_t c = 0; c < depth; c++) {
        const float offset = sum[c] / n;
        const float variance = fmaxf(squares[c] / n - offset * offset, 0);
        mean[c] = x[c] + offset;
        inverse[c] = 1.0F / sqrtf(variance + epsilon);
        engine_in_grad(l, s, MEAN)[c] += s->share * mean[c];
        engine_in_grad(l, s, VARIANCE)[c] += s->share * variance * unbiased;
    }
}

ENGINE_SIMD static void scale_rows(const float *x, size_t rows, size_t depth, const float *scale, const float *shift,
                                   float *out)
{
    for (size_t r = 0; r < rows; r++, x += depth, out += depth) {
        for (size_t c = 0; c < depth; c++) {
            out[c] = x[c] * scale[c] + shift[c];
        }
    }
}

static void forward_norm(const struct engine_layer *l, struct engine_slice *s)
{
    const size_t depth = (size_t)l->depth, rows = l->rows * (size_t)s->count;
    float *mean = s->saved + l->saved_at, *inverse = mean + depth;
    find_statistics(l, s, mean, inverse);
    float *scale = s->scratch, *shift = s->scratch + depth;
    for (size_t c = 0; c < depth; c++) {
        scale[c] = engine_in(l, s, GAMMA)[c] * inverse[c];
        shift[c] = engine_in(l, s, BETA)[c] - mean[c] * scale[c];
    }
    const size_t step = 8192 / depth > 0 ? 8192 / depth : 1; /* rows that stay in the nearest cache */
    for (size_t r = 0; r < rows; r += step) {
        const size_t count = rows - r < step ? rows - r : step;
        scale_rows(engine_in(l, s, 0) + r * depth, count, depth, scale, shift, engine_out(l, s, 0) + r * depth);
        engine_finish_rows(l->activation, NULL, count, depth, engine_out(l, s, 0) + r * depth);
    }
}

/* Sums of the gradient, and of its product with x - mean. */
ENGINE_SIMD static void sum_gradients(const float *grad, const float *x, size_t rows, size_t depth, const float *mean,
                                      float *sum, float *products)
{
    for (size_t r = 0; r < rows; r++, x += depth, grad += depth) {
        for (size_t c = 0; c < depth; c++) {
            sum[c] += grad[c];
            products[c] += grad[c] * (x[c] - mean[c]);
        }
    }
}

/* to = a * grad + b * x + c, channel by channel. */
ENGINE_SIMD static void combine_rows(const float *grad, const float *x, size_t rows, size_t depth, const float *a,
                                     const float *b, const float *c, float *to)
{
    for (size_t r = 0; r < rows; r++, x += depth, grad += depth, to += depth) {
        for (size_t i = 0; i < depth; i++) {
            to[i] = a[i] * grad[i] + b[i] * x[i] + c[i];
        }
    }
}

static void backward_norm(const struct engine_layer *l, struct engine_slice *s)
{
    const size_t depth = (size_t)l->depth, rows = l->rows * (size_t)s->count;
    const float *x = engine_in(l, s, 0), *mean = s->saved + l->saved_at, *inverse = mean + depth;
    float *grad = engine_out_grad(l, s, 0), *sum = s->scratch, *products = s->scratch + depth;
    memset(sum, 0, 2 * depth * sizeof *sum);
    const size_t step = 8192 / depth > 0 ? 8192 / depth : 1;
    for (size_t r = 0; r < rows; r += step) {
        const size_t count = rows - r < step ? rows - r : step;
        engine_unfinish(l->activation, engine_out(l, s, 0) + r * depth, count * depth, grad + r * depth);
        sum_gradients(grad + r * depth, x + r * depth, count, depth, mean, sum, products);
    }
    float *a = s->saved + l->saved_at, *b = s->scratch + depth,
          *constant = s->scratch; /* in the place of what is used */
    for (size_t c = 0; c < depth; c++) {
        const float m = mean[c], i = inverse[c], gamma = engine_in(l, s, GAMMA)[c], total = sum[c],
                    product = products[c];
        if (engine_in_grad(l, s, GAMMA) != NULL) {
            engine_in_grad(l, s, GAMMA)[c] += product * i;
            engine_in_grad(l, s, BETA)[c] += total;
        }
        const float n = measures(l, s) ? 1.0F / (float)rows : 0; /* fixed statistics do not depend on x */
        a[c] = gamma * i;
        b[c] = -gamma * i * i * i * product * n;
        constant[c] = -gamma * i * total * n - b[c] * m;
    }
    if (engine_in_grad(l, s, 0) != NULL) {
        combine_rows(grad, x, rows, depth, a, b, constant, engine_in_grad(l, s, 0));
    }
}

/*** Dropout ***/

static bool prepare_dropout(struct engine_layer *l, struct diag *diag)
{
    const float rate = l->node->attr.alpha;
    return (rate >= 0 && rate < 1) ||
           ir_fail(l->node, diag, "drops %g of the values, want 0 up to but not 1", (double)rate);
}

/* The same mask forwards and backwards: it follows from the slice's random state and the layer. */
static void drop(const struct engine_layer *l, const struct engine_slice *s, const float *from, float *to)
{
    const size_t count = l->rows * (size_t)l->depth * (size_t)s->count;
    const float rate = s->is_training ? l->node->attr.alpha : 0, scale = 1 / (1 - rate);
    uint64_t random = s->random + (uint64_t)l->index * 0x9e3779b97f4a7c15U;
    for (size_t i = 0; i < count; i++) {
        to[i] = rate > 0 && train_uniform(&random) < rate ? 0 : from[i] * scale;
    }
}

static void forward_dropout(const struct engine_layer *l, struct engine_slice *s)
{
    drop(l, s, engine_in(l, s, 0), engine_out(l, s, 0));
}

static void backward_dropout(const struct engine_layer *l, struct engine_slice *s)
{
    if (engine_in_grad(l, s, 0) != NULL) {
        drop(l, s, engine_out_grad(l, s, 0), engine_in_grad(l, s, 0));
    }
}

const struct engine_op engine_norms[] = {
    {OP_BATCH_NORM, prepare_norm, forward_norm, backward_norm},
    {OP_DROPOUT, prepare_dropout, forward_dropout, backward_dropout},
    {0},
};
