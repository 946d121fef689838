/* SPDX-License-Identifier: MIT
 *
 * Twice through the samples: for the range of each tensor, then for a histogram over that range.
 */
#include <math.h>

#include "../run/run.h"
#include "work.h"

static void look_at_range(struct quant_stat *s, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const int32_t c = (int32_t)(i % s->channel_count);
        const float x = isfinite(values[i]) ? values[i] : 0;
        s->low = !s->is_seen || x < s->low ? x : s->low;
        s->high = !s->is_seen || x > s->high ? x : s->high;
        s->is_seen = true;
        s->most[c] = fmaxf(s->most[c], fabsf(x));
        s->mean[c] += (double)x;
        s->square[c] += (double)x * (double)x;
    }
}

static void look_at_bins(struct quant_stat *s, const float *values, int64_t count)
{
    const float step = (s->high - s->low) / QUANT_BINS;
    for (int64_t i = 0; i < count && step > 0; i++) {
        const float bin = isfinite(values[i]) ? (values[i] - s->low) / step : 0;
        s->bins[bin >= QUANT_BINS ? QUANT_BINS - 1 : bin <= 0 ? 0 : (int)bin]++;
    }
}

typedef void look(struct quant_stat *stat, const float *values, int64_t count);

static void look_at_all(const struct quant_watch *w, struct quant_stat *stats, look *look, float *room)
{
    for (int32_t i = 0; i < w->graph.tensor_count; i++) {
        const struct tensor *t = &w->graph.tensors[i];
        if (w->values[i] != NULL && t->type == TYPE_F32) {
            quant_watch_real(w, i, room);
            look(&stats[i], room, ir_count(t));
        }
    }
}

static void look_at_states(const struct quant_watch *w, struct quant_stat *stats, float *in, float *out)
{
    const struct graph *g = &w->graph;
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (quant_op(n->op)->rule == RULE_LSTM && quant_is_plain_lstm(g, n) && w->values[n->in[0]] != NULL) {
            quant_watch_real(w, n->in[0], in);
            quant_watch_real(w, n->out[0], out);
            quant_look_at_cells(g, n, in, out, &stats[n->in[QUANT_LSTM_CELL]]);
        }
    }
}

static void begin_stat(struct arena *arena, const struct tensor *t, struct quant_stat *s)
{
    s->channel_count = t->rank > 0 && ir_count(t) > 0 ? t->dim[t->rank - 1] : 1;
    s->bins = ARENA_ARRAY(arena, QUANT_BINS, uint32_t);
    s->most = ARENA_ARRAY(arena, s->channel_count, float);
    s->mean = ARENA_ARRAY(arena, s->channel_count, double);
    s->square = ARENA_ARRAY(arena, s->channel_count, double);
}

bool quant_observe(const struct graph *g, struct quant_samples *samples, struct quant_stat *stats, struct diag *diag)
{
    struct quant_watch w;
    if (!quant_watch_init(&w, g, true, diag)) {
        return false;
    }
    for (int32_t i = 0; i < g->tensor_count; i++) {
        if (w.values[i] != NULL && g->tensors[i].type == TYPE_F32) {
            begin_stat(g->arena, &g->tensors[i], &stats[i]);
        }
    }
    float *room = quant_watch_room(&w), *other = quant_watch_room(&w);
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < samples->count; i++) {
            quant_watch_run(&w, samples->data[i]);
            look_at_all(&w, stats, pass == 0 ? look_at_range : look_at_bins, room);
            if (pass == 0) {
                look_at_states(&w, stats, room, other);
            }
            quant_step(samples);
        }
    }
    for (int32_t i = 0; i < g->tensor_count; i++) {
        struct quant_stat *s = &stats[i];
        const double each = s->is_seen ? (double)ir_count(&g->tensors[i]) / s->channel_count : 1;
        for (int32_t c = 0; c < s->channel_count; c++) {
            s->mean[c] /= each * samples->count;
            s->square[c] /= each * samples->count;
        }
    }
    return true;
}

void quant_step(struct quant_samples *s)
{
    s->done++;
    if (s->options->progress != NULL) {
        s->options->progress(s->options->context, s->done, s->total);
    }
}
