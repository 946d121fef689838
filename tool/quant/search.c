/* SPDX-License-Identifier: MIT
 *
 * Which of several ways is best is found by going them: the graph is built, run on the samples, and held against the
 * float graph.
 */
#include <math.h>

#include "work.h"

static bool share_weights(const struct node *a, const struct node *b)
{
    const struct quant_ports p = quant_ports(a->op);
    const int32_t bias = a->in_count > p.bias ? a->in[p.bias] : NO_TENSOR;
    return a->op == b->op && a->in[p.weights] == b->in[p.weights] && ir_same_attr(&a->attr, &b->attr) &&
           bias == (b->in_count > p.bias ? b->in[p.bias] : NO_TENSOR);
}

/* Nodes that share their weights follow the first of them. */
static void find_leaders(const struct graph *g, int32_t leader[])
{
    int32_t *first = ARENA_ARRAY(g->arena, g->tensor_count, int32_t); /* [weights]: 1 + node */
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        const struct quant_ports ports = quant_ports(n->op);
        leader[i] = i;
        if (quant_op(n->op)->rule != RULE_WEIGHTS || n->in_count <= ports.weights ||
            n->in[ports.weights] == NO_TENSOR) {
            continue;
        }
        int32_t *seen = &first[n->in[ports.weights]];
        if (*seen == 0) {
            *seen = i + 1;
        } else if (share_weights(&g->nodes[*seen - 1], n)) {
            leader[i] = *seen - 1;
        }
    }
}

static bool observe(struct quant_work *w, struct quant_candidate *c, struct diag *diag)
{
    c->stats = ARENA_ARRAY(&w->arena, c->g.tensor_count, struct quant_stat);
    c->reason = ARENA_ARRAY(&w->arena, c->g.node_count, const char *);
    c->leader = ARENA_ARRAY(&w->arena, c->g.node_count, int32_t);
    c->bits = ARENA_ARRAY(&w->arena, c->g.node_count, int);
    find_leaders(&c->g, c->leader);
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
    const struct quant_plan plan = {&c->g,     c->stats, w->options, how, w->real->tensor_count,
                                    c->leader, c->bits,  c->reason};
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
