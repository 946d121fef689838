/* SPDX-License-Identifier: MIT
 *
 * Quantisation-aware training: layers compute with weights and activations rounded as 8 bits would round them, while
 * gradients pass as if nothing had been rounded. Weights have a scale for each channel, around 0; activations a range
 * that follows what batches show.
 */
#include <math.h>
#include <string.h>

#include "trainer.h"

enum { WEIGHT_STEPS = 127, STEPS = 255 };
static const float range_share = 0.05F; /* a batch's in the running range */

/*** Weights ***/

static void quantise_channel(const float *from, size_t count, size_t step, float *to)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmaxf(most, fabsf(from[i * step]));
    }
    const float scale = most > 0 ? most / WEIGHT_STEPS : 1;
    for (size_t i = 0; i < count; i++) {
        to[i * step] = rintf(from[i * step] / scale) * scale;
    }
}

static void quantise_param(void *context, int32_t index, int32_t thread)
{
    (void)thread;
    const struct trainer *t = context;
    const struct engine_param *p = &t->engine.params[index];
    const float *from = t->engine.weights + p->offset;
    float *to = t->quantised + p->offset;
    if (p->channels == 0) {
        memcpy(to, from, p->count * sizeof *to);
        return;
    }
    const size_t channels = (size_t)p->channels, size = p->count / channels;
    for (size_t c = 0; c < channels; c++) {
        const size_t first = p->channels_last ? c : c * size;
        quantise_channel(from + first, size, p->channels_last ? channels : 1, to + first);
    }
}

void quantise_begin(struct trainer *t)
{
    if (t->quantised != NULL) {
        threads_run(t->threads, t->engine.param_count, quantise_param, t);
        t->engine.quantised = t->quantised;
        t->engine.ranges = t->at.range_batches > 0 ? t->ranges : NULL; /* the first batch only looks */
    }
}

void quantise_end(struct trainer *t, int32_t slices)
{
    const int32_t tensors = t->graph->tensor_count;
    const float share = t->at.range_batches == 0 ? 1 : range_share;
    for (int32_t i = 0; t->quantised != NULL && i < tensors; i++) {
        struct train_range all = t->seen[i];
        for (int32_t s = 1; s < slices; s++) {
            all.low = fminf(all.low, t->seen[s * tensors + i].low);
            all.high = fmaxf(all.high, t->seen[s * tensors + i].high);
        }
        t->ranges[i].low += share * (all.low - t->ranges[i].low);
        t->ranges[i].high += share * (all.high - t->ranges[i].high);
    }
    t->at.range_batches += t->quantised != NULL;
}

/*** Activations ***/

/* Ranges contain 0, which must have a whole number of its own. */
struct steps {
    float scale, low, high; /* the ends, moved so that 0 is a step */
};

static struct steps find_steps(struct train_range range)
{
    const float scale = fmaxf(range.high - range.low, 1e-8F) / STEPS, zero = rintf(-range.low / scale);
    return (struct steps){scale, -zero * scale, (STEPS - zero) * scale};
}

ENGINE_SIMD static struct train_range find_range(const float *values, size_t count)
{
    float low = 0, high = 0;
    for (size_t i = 0; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    return (struct train_range){low, high};
}

/* Rounds by adding and taking away what leaves no room for a fraction. */
ENGINE_SIMD static void round_values(struct steps steps, size_t count, float *values)
{
    const float to_integer = 12582912.0F, inverse = 1 / steps.scale;
    for (size_t i = 0; i < count; i++) {
        float x = values[i] < steps.low ? steps.low : values[i];
        x = x > steps.high ? steps.high : x;
        values[i] = ((x * inverse + to_integer) - to_integer) * steps.scale;
    }
}

ENGINE_SIMD static void stop_ends(struct steps steps, const float *values, size_t count, float *grad)
{
    const float half = steps.scale / 2;
    for (size_t i = 0; i < count; i++) {
        grad[i] = values[i] < steps.low + half || values[i] > steps.high - half ? 0 : grad[i];
    }
}

void engine_quantise(struct engine_slice *s, int32_t tensor)
{
    const struct engine_tensor *t = &s->engine->tensors[tensor];
    const size_t count = t->count * (size_t)s->count;
    if (!t->is_quantised) {
        return;
    }
    if (s->seen != NULL) {
        s->seen[tensor] = find_range(s->value[tensor], count);
    }
    if (s->engine->ranges != NULL) {
        round_values(find_steps(s->engine->ranges[tensor]), count, s->value[tensor]);
    }
}

void engine_unquantise(struct engine_slice *s, int32_t tensor)
{
    const struct engine_tensor *t = &s->engine->tensors[tensor];
    if (t->is_quantised && s->engine->ranges != NULL) {
        stop_ends(find_steps(s->engine->ranges[tensor]), s->value[tensor], t->count * (size_t)s->count,
                  s->grad[tensor]);
    }
}
