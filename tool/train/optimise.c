/* SPDX-License-Identifier: MIT
 *
 * A step of the optimiser: gradients of all slices are added in the order of the slices, piece by piece of the vector of
 * weights, and each piece moves on its own.
 */
#include <math.h>
#include <string.h>

#include "trainer.h"

enum { PIECE = 1 << 14 }; /* weights that one thread takes at a time */

static const float keep_moment = 0.9F, keep_square = 0.999F, epsilon = 1e-8F; /* Adam's, as published */
static const float most_warm_up = 250;                                        /* batches: large sets need no more */
static const float statistics_share = 0.1F; /* a batch's in the running statistics of normalisation */

float optimise_rate(const struct trainer *t)
{
    const struct train_options *o = t->options;
    const bool is_fine = t->at.phase > 0; /* what is learned already needs small steps to settle on 8 bits */
    const int32_t epochs = is_fine ? o->quantised : o->epochs - o->quantised;
    const float warm = is_fine ? 0 : fminf(o->warm_up * (float)t->batches, most_warm_up),
                total = (float)epochs * (float)t->batches;
    const float at = (float)t->at.step, peak = is_fine ? o->rate / 10 : o->rate;
    if (at < warm) {
        return peak * (at + 1) / (warm + 1);
    }
    return o->constant_rate ? peak : peak * 0.5F * (1 + cosf(3.14159265F * (at - warm) / fmaxf(total - warm, 1)));
}

struct step {
    struct trainer *t;
    int32_t slices;
    float rate, scale; /* scale: of the gradient, to keep its norm below the limit */
    float moment_correction, square_correction;
};

ENGINE_SIMD static void add_vectors(const float *from, size_t count, float *into)
{
    for (size_t i = 0; i < count; i++) {
        into[i] += from[i];
    }
}

static size_t piece_end(const struct trainer *t, size_t first)
{
    return first + PIECE < t->engine.weight_count ? first + PIECE : t->engine.weight_count;
}

static void add_piece(void *context, int32_t index, int32_t thread)
{
    (void)thread;
    const struct step *step = context;
    struct trainer *t = step->t;
    const size_t first = (size_t)index * PIECE, count = piece_end(t, first) - first;
    memcpy(t->grad + first, t->grads + first, count * sizeof *t->grad);
    for (int32_t i = 1; i < step->slices; i++) {
        add_vectors(t->grads + (size_t)i * t->engine.weight_count + first, count, t->grad + first);
    }
    double norm = 0;
    for (int32_t p = 0; t->options->clip > 0 && p < t->engine.param_count; p++) {
        const struct engine_param *param = &t->engine.params[p];
        for (size_t i = param->offset; !param->is_statistic && i < param->offset + param->count; i++) {
            norm += i >= first && i < first + count ? (double)t->grad[i] * (double)t->grad[i] : 0;
        }
    }
    t->norms[index] = norm;
}

ENGINE_SIMD static void adamw(const struct step *step, float rate, float decay, size_t count, const float *grad,
                              float *moment, float *square, float *weights)
{
    for (size_t i = 0; i < count; i++) {
        const float g = grad[i] * step->scale;
        moment[i] = keep_moment * moment[i] + (1 - keep_moment) * g;
        square[i] = keep_square * square[i] + (1 - keep_square) * g * g;
        const float move = moment[i] * step->moment_correction / (sqrtf(square[i] * step->square_correction) + epsilon);
        weights[i] -= rate * (move + decay * weights[i]);
    }
}

ENGINE_SIMD static void sgd(const struct step *step, float rate, float decay, size_t count, const float *grad,
                            float *moment, float *weights)
{
    const float momentum = step->t->options->momentum;
    for (size_t i = 0; i < count; i++) {
        moment[i] = momentum * moment[i] + grad[i] * step->scale + decay * weights[i];
        weights[i] -= rate * moment[i];
    }
}

/* The mean of all batches at first, so that few are enough. */
static void follow(const struct trainer *t, size_t count, const float *batch, float *running)
{
    const float share = fmaxf(statistics_share, 1 / ((float)t->at.step + 1));
    for (size_t i = 0; i < count; i++) {
        running[i] += share * (batch[i] - running[i]);
    }
}

/* The share of a step's weights in their average. Of the first steps it is larger, so that a tenth of all steps so far
 * is what counts and random weights are forgotten. */
static float average_share(const struct trainer *t)
{
    const float steps = t->options->average * (float)t->batches;
    return fmaxf(1 / (1 + steps), 10 / ((float)t->at.step + 10));
}

ENGINE_SIMD static void average(size_t count, float share, const float *weights, float *mean)
{
    for (size_t i = 0; i < count; i++) {
        mean[i] += share * (weights[i] - mean[i]);
    }
}

static void move_piece(void *context, int32_t index, int32_t thread)
{
    (void)thread;
    const struct step *step = context;
    struct trainer *t = step->t;
    const size_t piece = (size_t)index * PIECE, end = piece_end(t, piece);
    for (int32_t p = 0; p < t->engine.param_count; p++) {
        const struct engine_param *param = &t->engine.params[p];
        const size_t first = param->offset > piece ? param->offset : piece;
        const size_t last = param->offset + param->count < end ? param->offset + param->count : end;
        if (param->is_frozen || first >= last) {
            continue;
        }
        const float decay = param->decays ? t->options->weight_decay : 0;
        float *weights = t->engine.weights + first, *moment = t->moment + first;
        if (param->is_statistic) {
            follow(t, last - first, t->grad + first, weights);
        } else if (t->options->optimizer == TRAIN_SGD) {
            sgd(step, step->rate * t->paces[p] * t->paces[p], decay, last - first, t->grad + first, moment, weights);
        } else {
            adamw(step, step->rate * t->paces[p], decay, last - first, t->grad + first, moment, t->square + first,
                  weights);
        }
    }
    if (t->average != NULL) {
        average(end - piece, average_share(t), t->engine.weights + piece, t->average + piece);
    }
}

void optimise_step(struct trainer *t, int32_t slices)
{
    const double steps = (double)t->at.step + 1;
    struct step step = {.t = t,
                        .slices = slices,
                        .rate = optimise_rate(t),
                        .scale = 1,
                        .moment_correction = (float)(1 / (1 - pow((double)keep_moment, steps))),
                        .square_correction = (float)(1 / (1 - pow((double)keep_square, steps)))};
    const int32_t pieces = (int32_t)((t->engine.weight_count + PIECE - 1) / PIECE);
    threads_run(t->threads, pieces, add_piece, &step);
    double norm = 0;
    for (int32_t i = 0; i < pieces; i++) {
        norm += t->norms[i];
    }
    if (t->options->clip > 0 && sqrt(norm) > (double)t->options->clip) {
        step.scale = t->options->clip / (float)sqrt(norm);
    }
    threads_run(t->threads, pieces, move_piece, &step);
}
