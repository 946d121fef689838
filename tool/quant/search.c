/* SPDX-License-Identifier: MIT
 *
 * Which of several ways is best is found by going them: the graph is built, run on the samples, and held against the
 * float graph.
 */
#include <math.h>

#include "work.h"

static bool observe(struct quant_work *w, struct quant_candidate *c, struct diag *diag)
{
    c->stats = ARENA_ARRAY(&w->arena, c->g.tensor_count, struct quant_stat);
    c->reason = ARENA_ARRAY(&w->arena, c->g.node_count, const char *);
    c->bits = ARENA_ARRAY(&w->arena, c->g.node_count, int);
    for (int32_t i = 0; i < c->g.node_count; i++) {
        c->bits[i] = 8;
    }
    return quant_observe(&c->g, &w->samples, c->stats, diag);
}

static bool prepare(struct quant_work *w, struct diag *diag)
{
    if (!quant_prepare(w->real, &w->arena, &w->plain.g, diag) || !observe(w, &w->plain, diag)) {
        return false;
    }
    if (quant_soften_masks(&w->plain.g, w->plain.stats)) {
        w->samples.total += 2 * w->samples.count;
        if (!observe(w, &w->plain, diag)) {
            return false;
        }
    }
    if (w->options->plain || w->options->ranges != NULL) {
        return true;
    }
    w->equalised.g = ir_copy(&w->plain.g, &w->arena);
    w->has_equalised = quant_equalise(&w->equalised.g, w->plain.stats);
    return !w->has_equalised || observe(w, &w->equalised, diag);
}

bool quant_build_one(struct quant_work *w, struct quant_candidate *c, enum quant_calibration how, struct graph *out,
                     struct diag *diag)
{
    for (int32_t i = 0; i < c->g.node_count; i++) {
        c->reason[i] = NULL;
    }
    const struct quant_plan plan = {&c->g, c->stats, w->options, how, w->real->tensor_count, c->bits, c->reason};
    return quant_build(&plan, &w->arena, out, diag);
}

bool quant_try(struct quant_work *w, struct quant_candidate *c, enum quant_calibration how, int32_t samples,
               struct quant_noise *noise, struct diag *diag)
{
    const struct arena_mark mark = arena_mark(&w->arena);
    const int32_t all = w->samples.count;
    struct graph out;
    w->samples.count = samples < all ? samples : all;
    const bool ok = quant_build_one(w, c, how, &out, diag) &&
                    quant_measure(&w->plain.g, &out, false, &w->samples, NULL, noise, diag);
    w->samples.count = all;
    arena_release(&w->arena, mark);
    return ok;
}

bool quant_find_best(struct quant_work *w, struct quant_candidate **best, enum quant_calibration *how,
                     struct diag *diag)
{
    const enum quant_calibration wish = w->options->calibration;
    struct quant_candidate *const candidates[] = {&w->plain, &w->equalised};
    double most = -INFINITY;
    if (!prepare(w, diag)) {
        return false;
    }
    for (int k = 0; k <= w->has_equalised; k++) {
        for (enum quant_calibration c = QUANT_MINMAX; c <= QUANT_ENTROPY; c++) {
            struct quant_noise noise;
            if (wish != QUANT_BEST && wish != c) {
                continue;
            }
            if (!quant_try(w, candidates[k], c, w->samples.count, &noise, diag)) {
                return false;
            }
            if (quant_decibel(noise) > most) {
                most = quant_decibel(noise);
                *best = candidates[k];
                *how = c;
            }
        }
    }
    return true;
}
