/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "../run/run.h"
#include "work.h"

double quant_decibel(struct quant_noise n)
{
    return n.noise <= 0 ? (n.signal > 0 ? INFINITY : 0) : n.signal <= 0 ? 0 : 10 * log10(n.signal / n.noise);
}

static void add_noise(struct quant_noise *n, const float *is, const float *was, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const double error = (double)is[i] - (double)was[i];
        n->signal += (double)was[i] * (double)was[i];
        n->noise += error * error;
    }
}

static bool is_real(const struct tensor *t)
{
    return t->type == TYPE_F32 || ((t->type == TYPE_S8 || t->type == TYPE_S16) && t->quant.count == 1);
}

struct pair {
    struct quant_watch real, quantised;
    float *was, *is;
};

static void compare(const struct pair *p, int32_t was, int32_t is, struct quant_noise *n)
{
    const struct tensor *t = &p->real.graph.tensors[was], *u = &p->quantised.graph.tensors[is];
    if (p->real.values[was] != NULL && p->quantised.values[is] != NULL && t->type == TYPE_F32 && is_real(u) &&
        ir_count(t) == ir_count(u)) {
        quant_watch_real(&p->real, was, p->was);
        quant_watch_real(&p->quantised, is, p->is);
        add_noise(n, p->is, p->was, ir_count(t));
    }
}

bool quant_measure(const struct graph *g, const struct graph *quantised, bool all, struct quant_samples *samples,
                   struct quant_noise *tensors, struct quant_noise *outputs, struct diag *diag)
{
    struct pair p;
    if (!quant_watch_init(&p.real, g, all, diag) || !quant_watch_init(&p.quantised, quantised, all, diag)) {
        return false;
    }
    p.was = quant_watch_room(&p.real);
    p.is = quant_watch_room(&p.quantised);
    *outputs = (struct quant_noise){0};
    for (int32_t i = 0; i < samples->count; i++) {
        quant_watch_run(&p.real, samples->data[i]);
        quant_watch_run(&p.quantised, samples->data[i]);
        for (int32_t k = 0; k < g->tensor_count && all; k++) {
            compare(&p, k, k, &tensors[k]);
        }
        for (int32_t k = 0; k < g->output_count; k++) {
            compare(&p, g->outputs[k], quantised->outputs[k], outputs);
        }
        quant_step(samples);
    }
    return true;
}
