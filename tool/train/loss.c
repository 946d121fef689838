/* SPDX-License-Identifier: MIT
 *
 * What is to become small, and its gradient at the network's output: cross entropy and focal loss fused with softmax,
 * row by row of the last dim; mean squared error.
 */
#include <math.h>

#include "trainer.h"

static const float least = 1e-12F; /* probability, for the logarithm */

bool loss_check(const struct trainer *t, const struct train_set *set, struct diag *diag)
{
    const bool is_class = t->options->loss != TRAIN_SQUARED;
    const struct tensor *in = &t->graph->tensors[t->graph->inputs[0]];
    if (set->count < 1 || set->inputs == NULL || set->width != (size_t)ir_count(in)) {
        return diag_fail(diag, "there are %d examples of %zu values, the network takes %lld", set->count, set->width,
                         (long long)ir_count(in));
    }
    if (set->labels == NULL && (set->targets == NULL || set->target_width != (size_t)t->outputs)) {
        return diag_fail(diag, "examples have %zu target values, the network makes %d", set->target_width, t->outputs);
    }
    if (set->labels != NULL && (!is_class || t->outputs != t->classes)) {
        return diag_fail(diag, "examples have a class each, which does not fit the network or the loss");
    }
    for (int32_t i = 0; set->labels != NULL && i < set->count; i++) {
        if (set->labels[i] < 0 || set->labels[i] >= t->classes) {
            return diag_fail(diag, "example %d is of class %d, the network has %d", i, set->labels[i], t->classes);
        }
    }
    return true;
}

static int32_t find_most(const float *row, int32_t count)
{
    int32_t best = 0;
    for (int32_t c = 1; c < count; c++) {
        best = row[c] > row[best] ? c : best;
    }
    return best;
}

/* Cross entropy of a row of logits with a distribution; `grad` may be NULL. */
static float cross_entropy(const float *p, const float *target, int32_t classes, float scale, float *grad)
{
    float loss = 0, total = 0;
    for (int32_t c = 0; c < classes; c++) {
        loss -= target[c] > 0 ? target[c] * logf(p[c] + least) : 0;
        total += target[c];
    }
    for (int32_t c = 0; grad != NULL && c < classes; c++) {
        grad[c] = scale * (total * p[c] - target[c]);
    }
    return loss;
}

/* (1 - p)^gamma times the cross entropy: what the network is sure of counts little. With f(p) the loss of the class
 * c, the gradient at logit j is sum over c of target[c] * f'(p[c]) * p[c] * ([c = j] - p[j]). */
static float focal(const float *p, const float *target, int32_t classes, float gamma, float scale, float *grad)
{
    float loss = 0, total = 0;
    for (int32_t c = 0; grad != NULL && c < classes; c++) {
        grad[c] = 0;
    }
    for (int32_t c = 0; c < classes; c++) {
        if (target[c] <= 0) {
            continue;
        }
        const float rest = fmaxf(1 - p[c], least), log_p = logf(p[c] + least), power = powf(rest, gamma);
        loss -= target[c] * power * log_p;
        const float slope = target[c] * (gamma * powf(rest, gamma - 1) * log_p * p[c] - power); /* f'(p) * p */
        total += slope;
        if (grad != NULL) {
            grad[c] += scale * slope;
        }
    }
    for (int32_t c = 0; grad != NULL && c < classes; c++) {
        grad[c] -= scale * total * p[c];
    }
    return loss;
}

static struct tally find_class_loss(const struct trainer *t, struct engine_slice *s, struct sample sample, float scale)
{
    const int32_t classes = t->classes, rows = t->outputs / classes;
    const float *logits = s->value[t->engine.output], *targets = sample.targets;
    float *grad = s->is_training ? s->grad[t->engine.output] : NULL, *p = sample.spare;
    struct tally tally = {0};
    for (int32_t i = 0; i < s->count * rows; i++) {
        const float weight = sample.weights[i], row_scale = scale * weight / (float)rows;
        engine_softmax(logits, classes, p);
        const float loss = t->options->loss == TRAIN_FOCAL
                               ? focal(p, targets, classes, t->options->focal_gamma, row_scale, grad)
                               : cross_entropy(p, targets, classes, row_scale, grad);
        tally.loss += (double)(loss * weight) / rows;
        const int32_t wanted = find_most(targets, classes);
        if (rows == 1 || wanted > 0) { /* of a heat map: where something is */
            tally.count++;
            tally.correct += find_most(logits, classes) == wanted;
        }
        logits += classes, targets += classes;
        grad = grad != NULL ? grad + classes : NULL;
    }
    return tally;
}

struct tally loss_find(const struct trainer *t, struct engine_slice *s, struct sample sample, int32_t batch)
{
    if (t->options->loss != TRAIN_SQUARED) {
        return find_class_loss(t, s, sample, 1 / (float)batch);
    }
    const float *out = s->value[t->engine.output], scale = 2 / ((float)batch * (float)t->outputs);
    float *grad = s->is_training ? s->grad[t->engine.output] : NULL;
    struct tally tally = {0};
    for (int32_t i = 0; i < s->count * t->outputs; i++) {
        const float difference = out[i] - sample.targets[i];
        tally.loss += (double)(difference * difference) / t->outputs;
        if (grad != NULL) {
            grad[i] = scale * difference;
        }
    }
    return tally;
}
