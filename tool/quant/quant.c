/* SPDX-License-Identifier: MIT
 *
 * The whole of it: prepare, observe, build in several ways, keep what leaves the outputs nearest.
 */
#include "quant.h"

#include <math.h>

#include "work.h"

enum { MEMORY_LIMIT = 1 << 30 };

static const char *const texts[] = {
    [QUANT_BEST] = "best", [QUANT_MINMAX] = "minmax",   [QUANT_PERCENTILE] = "percentile",
    [QUANT_MSE] = "mse",   [QUANT_ENTROPY] = "entropy",
};

const char *quant_calibration_text(enum quant_calibration calibration) { return texts[calibration]; }

/*** The report ***/

/* Of constants that nodes read, each once. */
static int64_t constant_bytes(const struct graph *g, struct arena *scratch)
{
    bool *seen = ARENA_ARRAY(scratch, g->tensor_count, bool);
    int64_t bytes = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].in_count; k++) {
            const struct tensor *t = ir_in(g, &g->nodes[i], k);
            if (t != NULL && t->data != NULL && !seen[g->nodes[i].in[k]]) {
                seen[g->nodes[i].in[k]] = true;
                bytes += t->is_int4 ? (ir_count(t) + 1) / 2 : ir_size(t);
            }
        }
    }
    return bytes;
}

/* The least that an input of the node has. */
static double input_sqnr(const struct quant_candidate *c, const struct node *n, const struct quant_noise *tensors)
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

static void report_layers(const struct quant_candidate *c, const struct graph *made, const struct quant_noise *tensors,
                          struct arena *arena, struct quant_report *report)
{
    report->layers = ARENA_ARRAY(arena, c->g.node_count, struct quant_layer);
    report->layer_count = 0;
    for (int32_t i = 0; i < c->g.node_count; i++) {
        const struct node *n = &c->g.nodes[i];
        if (n->out_count == 0 || n->out[0] == NO_TENSOR || c->g.tensors[n->out[0]].type != TYPE_F32) {
            continue;
        }
        struct quant_layer *l = &report->layers[report->layer_count++];
        const bool has_weights = quant_op(n->op)->rule == RULE_WEIGHTS;
        *l = (struct quant_layer){.name = arena_printf(arena, "%s", n->name), .op = n->op, .index = n->index};
        l->type = made->tensors[n->out[0]].type;
        l->weight_bits = has_weights && c->reason[i] == NULL ? c->bits[c->leader[i]] : 0;
        l->sqnr = quant_decibel(tensors[n->out[0]]);
        l->loss = input_sqnr(c, n, tensors) - l->sqnr;
        l->reason = c->reason[i] != NULL ? arena_printf(arena, "%s", c->reason[i]) : NULL;
    }
}

/*** ***/

static bool run(struct quant_work *w, struct graph *out, struct quant_report *report, struct diag *diag)
{
    struct quant_candidate *best = &w->plain;
    enum quant_calibration how = QUANT_MINMAX;
    struct graph made;
    if (!quant_find_best(w, &best, &how, diag) ||
        (w->options->scheme == QUANT_INT4 && !quant_narrow(w, best, how, diag)) ||
        !quant_build_one(w, best, how, &made, diag)) {
        return false;
    }
    struct quant_noise noise, *tensors = ARENA_ARRAY(&w->arena, made.tensor_count, struct quant_noise);
    if (!quant_measure(&best->g, &made, true, &w->samples, tensors, &noise, diag)) {
        return false;
    }
    *out = quant_keep(&made, w->real->arena);
    *report = (struct quant_report){.sqnr = quant_decibel(noise), .calibration = how};
    report->is_equalised = best == &w->equalised;
    report->float_bytes = constant_bytes(w->real, &w->arena);
    report->bytes = constant_bytes(out, &w->arena);
    report_layers(best, &made, tensors, out->arena, report);
    return true;
}

/* Times that a sample is run, for the progress. */
static int64_t count_runs(const struct quant_work *w)
{
    const int64_t ways = w->options->calibration == QUANT_BEST ? QUANT_ENTROPY : 1;
    const int64_t graphs = w->options->plain || w->options->ranges != NULL ? 1 : 2;
    return w->samples.count * (graphs * (2 + ways) + 1);
}

/* Does work in memory of its own, which comes to an end. */
static bool guarded(struct quant_work *w, bool (*body)(struct quant_work *w, void *context, struct diag *diag),
                    void *context, struct diag *diag)
{
    jmp_buf exhausted;
    arena_init(&w->arena, MEMORY_LIMIT);
    w->arena.on_exhaustion = &exhausted;
    const bool ok = setjmp(exhausted) == 0 ? body(w, context, diag)
                                           : diag_fail(diag,
                                                       "quantisation needs more than %d MiB of memory; take fewer "
                                                       "samples",
                                                       MEMORY_LIMIT >> 20);
    arena_free(&w->arena);
    return ok;
}

struct result {
    struct graph *out;
    struct quant_report *report;
};

static bool quantise(struct quant_work *w, void *context, struct diag *diag)
{
    const struct result *r = context;
    return run(w, r->out, r->report, diag);
}

bool quant_graph(const struct graph *real, const float *const *calibration, int32_t count,
                 const struct quant_options *options, struct graph *out, struct quant_report *report, struct diag *diag)
{
    struct quant_work w = {.real = real, .options = options, .samples = {calibration, count, options, 0, 0}};
    if (count < 1) {
        return diag_fail(diag, "quantisation needs a sample of the inputs to see the ranges");
    }
    w.samples.total = count_runs(&w);
    struct result result = {out, report};
    return guarded(&w, quantise, &result, diag);
}

/*** Comparing ***/

struct comparison {
    const struct graph *quantised;
    struct quant_noise *noise;
};

static bool compare(struct quant_work *w, void *context, struct diag *diag)
{
    const struct comparison *c = context;
    const struct graph real = ir_copy(w->real, &w->arena), quantised = ir_copy(c->quantised, &w->arena);
    return quant_measure(&real, &quantised, false, &w->samples, NULL, c->noise, diag);
}

bool quant_compare(const struct graph *real, const struct graph *quantised, const float *const *samples, int32_t count,
                   struct quant_noise *noise, struct diag *diag)
{
    static const struct quant_options silent = {0};
    struct quant_work w = {.real = real, .options = &silent, .samples = {samples, count, &silent, 0, 0}};
    struct comparison comparison = {quantised, noise};
    return guarded(&w, compare, &comparison, diag);
}
