/* SPDX-License-Identifier: MIT
 *
 * The whole of it: prepare, observe, build in several ways, keep what leaves the outputs nearest.
 */
#include "quant.h"

#include <math.h>

#include "work.h"

enum { MEMORY_LIMIT = 1 << 30, TRIES_MOST = 2 * QUANT_ENTROPY };

static const char *const texts[] = {
    [QUANT_BEST] = "best", [QUANT_MINMAX] = "minmax",   [QUANT_PERCENTILE] = "percentile",
    [QUANT_MSE] = "mse",   [QUANT_ENTROPY] = "entropy",
};

const char *quant_calibration_text(enum quant_calibration calibration) { return texts[calibration]; }

/* A float graph that computes what the model computes, and what was seen of it. */
struct candidate {
    struct graph g;
    struct quant_stat *stats;
    const char **reason;
    int *bits;
};

struct work {
    const struct graph *real;
    const struct quant_options *options;
    struct quant_samples samples;
    struct arena arena; /* for all but the result */
    struct candidate plain, equalised;
    bool has_equalised;
};

static bool observe(struct work *w, struct candidate *c, struct diag *diag)
{
    c->stats = ARENA_ARRAY(&w->arena, c->g.tensor_count, struct quant_stat);
    c->reason = ARENA_ARRAY(&w->arena, c->g.node_count, const char *);
    c->bits = ARENA_ARRAY(&w->arena, c->g.node_count, int);
    for (int32_t i = 0; i < c->g.node_count; i++) {
        c->bits[i] = 8;
    }
    return quant_observe(&c->g, &w->samples, c->stats, diag);
}

static bool build(struct work *w, struct candidate *c, enum quant_calibration how, struct graph *out, struct diag *diag)
{
    for (int32_t i = 0; i < c->g.node_count; i++) {
        c->reason[i] = NULL;
    }
    const struct quant_plan plan = {&c->g, c->stats, w->options, how, w->real->tensor_count, c->bits, c->reason};
    return quant_build(&plan, &w->arena, out, diag);
}

/* How near one way comes, dB. */
static bool try(struct work *w, struct candidate *c, enum quant_calibration how, double *sqnr, struct diag *diag)
{
    const struct arena_mark mark = arena_mark(&w->arena);
    struct graph out;
    struct quant_noise noise;
    const bool ok =
        build(w, c, how, &out, diag) && quant_measure(&w->plain.g, &out, false, &w->samples, NULL, &noise, diag);
    arena_release(&w->arena, mark);
    *sqnr = ok ? quant_decibel(noise) : 0;
    return ok;
}

static bool find_best(struct work *w, struct candidate **best, enum quant_calibration *how, struct diag *diag)
{
    const enum quant_calibration wish = w->options->calibration;
    struct candidate *const candidates[] = {&w->plain, &w->equalised};
    double most = -INFINITY;
    for (int k = 0; k <= w->has_equalised; k++) {
        for (enum quant_calibration c = QUANT_MINMAX; c <= QUANT_ENTROPY; c++) {
            double sqnr;
            if (wish != QUANT_BEST && wish != c) {
                continue;
            }
            if (!try(w, candidates[k], c, &sqnr, diag)) {
                return false;
            }
            if (sqnr > most) {
                most = sqnr;
                *best = candidates[k];
                *how = c;
            }
        }
    }
    return true;
}

/*** The report ***/

static int64_t constant_bytes(const struct graph *g)
{
    int64_t bytes = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].in_count; k++) {
            const struct tensor *t = ir_in(g, &g->nodes[i], k);
            bytes += t != NULL && t->data != NULL ? (t->is_int4 ? (ir_count(t) + 1) / 2 : ir_size(t)) : 0;
        }
    }
    return bytes;
}

/* The least that an input of the node has. */
static double input_sqnr(const struct candidate *c, const struct node *n, const struct quant_noise *tensors)
{
    double least = INFINITY;
    for (int k = 0; k < n->in_count; k++) {
        const struct tensor *t = ir_in(&c->g, n, k);
        if (t != NULL && t->data == NULL && t->type == TYPE_F32) {
            least = fmin(least, quant_decibel(tensors[n->in[k]]));
        }
    }
    return least;
}

static void report_layers(const struct candidate *c, const struct graph *out, const struct quant_noise *tensors,
                          struct quant_report *report)
{
    report->layers = ARENA_ARRAY(out->arena, c->g.node_count, struct quant_layer);
    report->layer_count = 0;
    for (int32_t i = 0; i < c->g.node_count; i++) {
        const struct node *n = &c->g.nodes[i];
        if (n->out_count == 0 || n->out[0] == NO_TENSOR || c->g.tensors[n->out[0]].type != TYPE_F32) {
            continue;
        }
        struct quant_layer *l = &report->layers[report->layer_count++];
        const bool has_weights = quant_op(n->op)->rule == RULE_WEIGHTS;
        *l = (struct quant_layer){.name = arena_printf(out->arena, "%s", n->name), .op = n->op, .index = n->index};
        l->type = out->tensors[n->out[0]].type;
        l->weight_bits = has_weights && c->reason[i] == NULL ? c->bits[i] : 0;
        l->sqnr = quant_decibel(tensors[n->out[0]]);
        l->loss = input_sqnr(c, n, tensors) - l->sqnr;
        l->reason = c->reason[i] != NULL ? arena_printf(out->arena, "%s", c->reason[i]) : NULL;
    }
}

/*** ***/

static bool run(struct work *w, struct graph *out, struct quant_report *report, struct diag *diag)
{
    struct candidate *best = &w->plain;
    enum quant_calibration how = QUANT_MINMAX;
    if (!quant_prepare(w->real, &w->arena, &w->plain.g, diag) || !observe(w, &w->plain, diag)) {
        return false;
    }
    if (!w->options->plain && w->options->ranges == NULL) {
        w->equalised.g = ir_copy(&w->plain.g, &w->arena);
        w->has_equalised = quant_equalise(&w->equalised.g, w->plain.stats);
        if (w->has_equalised && !observe(w, &w->equalised, diag)) {
            return false;
        }
    }
    struct graph made;
    if (!find_best(w, &best, &how, diag) || !build(w, best, how, &made, diag)) {
        return false;
    }
    struct quant_noise noise, *tensors = ARENA_ARRAY(&w->arena, made.tensor_count, struct quant_noise);
    if (!quant_measure(&best->g, &made, true, &w->samples, tensors, &noise, diag)) {
        return false;
    }
    *out = quant_keep(&made, w->real->arena);
    *report = (struct quant_report){.sqnr = quant_decibel(noise), .calibration = how};
    report->is_equalised = best == &w->equalised;
    report->float_bytes = constant_bytes(w->real);
    report->bytes = constant_bytes(out);
    report_layers(best, out, tensors, report);
    return true;
}

/* Times that a sample is run, for the progress. */
static int64_t count_runs(const struct work *w)
{
    const int64_t ways = w->options->calibration == QUANT_BEST ? QUANT_ENTROPY : 1;
    const int64_t graphs = w->options->plain || w->options->ranges != NULL ? 1 : 2;
    return w->samples.count * (graphs * (2 + ways) + 1);
}

bool quant_graph(const struct graph *real, const float *const *calibration, int32_t count,
                 const struct quant_options *options, struct graph *out, struct quant_report *report, struct diag *diag)
{
    struct work w = {.real = real, .options = options, .samples = {calibration, count, options, 0, 0}};
    if (count < 1) {
        return diag_fail(diag, "quantisation needs a sample of the inputs to see the ranges");
    }
    w.samples.total = count_runs(&w);
    jmp_buf exhausted;
    arena_init(&w.arena, MEMORY_LIMIT);
    w.arena.on_exhaustion = &exhausted;
    bool ok;
    if (setjmp(exhausted) == 0) {
        ok = run(&w, out, report, diag);
    } else {
        ok = diag_fail(diag, "quantisation needs more than %d MiB of memory", MEMORY_LIMIT >> 20);
    }
    arena_free(&w.arena);
    return ok;
}
