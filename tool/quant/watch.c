/* SPDX-License-Identifier: MIT
 *
 * Looking into a graph while it runs: all tensors become outputs, so that the plan keeps them to the end.
 */
#include <math.h>
#include <string.h>

#include "../run/run.h"
#include "work.h"

enum { NO_OUTPUT = -1 };

static bool is_computed(const struct graph *g, const struct node *n, int i)
{
    const struct tensor *t = ir_out(g, n, i);
    return t != NULL && !t->is_state && ir_count(t) > 0;
}

/* The outputs first, then everything else that nodes write. */
static void choose_outputs(struct quant_watch *w, bool all)
{
    struct graph *g = &w->graph;
    int32_t most = g->output_count;
    for (int32_t i = 0; i < g->node_count; i++) {
        most += g->nodes[i].out_count;
    }
    int32_t *outputs = ARENA_ARRAY(g->arena, most, int32_t);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        w->output_of[i] = NO_OUTPUT;
    }
    for (int32_t i = 0; i < g->output_count; i++) {
        outputs[i] = g->outputs[i];
        w->output_of[g->outputs[i]] = i;
    }
    for (int32_t i = 0; i < g->node_count && all; i++) {
        const struct node *n = &g->nodes[i];
        for (int k = 0; k < n->out_count; k++) {
            if (is_computed(g, n, k) && w->output_of[n->out[k]] == NO_OUTPUT) {
                w->output_of[n->out[k]] = g->output_count;
                outputs[g->output_count++] = n->out[k];
            }
        }
    }
    g->outputs = outputs;
}

/* Where each tensor is, in the copy of the inputs or of the outputs. */
static void find_values(struct quant_watch *w)
{
    const struct graph *g = &w->graph;
    const struct mote_plan *code = &w->plan->code;
    const uint8_t *at = w->in;
    for (int i = 0; i < g->input_count; i++) {
        w->values[g->inputs[i]] = at;
        at += code->inputs[i].size;
    }
    at = w->out;
    for (int i = 0; i < g->output_count; i++) {
        w->values[g->outputs[i]] = at;
        at += code->outputs[i].size;
    }
}

bool quant_watch_init(struct quant_watch *w, const struct graph *g, bool all, struct diag *diag)
{
    *w = (struct quant_watch){.graph = *g};
    w->graph.work = 0; /* what it may take is allowed for each sample */
    w->output_of = ARENA_ARRAY(g->arena, g->tensor_count, int32_t);
    w->values = ARENA_ARRAY(g->arena, g->tensor_count, const uint8_t *);
    choose_outputs(w, all);
    w->plan = ARENA_NEW(g->arena, struct plan);
    w->runner = ARENA_NEW(g->arena, struct runner);
    if (!plan_graph(&w->graph, PLAN_LAYERS, w->plan, diag)) {
        return false;
    }
    run_init(w->runner, w->plan);
    w->in = arena_alloc(g->arena, run_input_size(w->plan));
    w->out = arena_alloc(g->arena, run_output_size(w->plan));
    find_values(w);
    return true;
}

/* Samples are floats; inputs have their own types, and follow each other without gaps: they may lie anywhere. */
static void set_input(uint8_t *to, const struct tensor *t, const float *from)
{
    const struct quant_params p = {ir_scale(t), ir_zero_point(t)};
    const int64_t count = ir_count(t);
    for (int64_t i = 0; i < count; i++) {
        if (t->type == TYPE_F32) {
            memcpy(to + 4 * i, &from[i], 4);
        } else if (t->type == TYPE_S8 && p.scale > 0) {
            ((int8_t *)to)[i] = (int8_t)quant_to_int(from[i], p, TYPE_S8);
        } else if (t->type == TYPE_S16 && p.scale > 0) {
            const int16_t q = (int16_t)quant_to_int(from[i], p, TYPE_S16);
            memcpy(to + 2 * i, &q, 2);
        } else { /* whole numbers, little-endian */
            const int64_t whole = (int64_t)fmaxf(fminf(from[i], 0x1p62F), -0x1p62F);
            const size_t bytes = (size_t)ir_type_bits(t->type) / 8;
            memcpy(to + (size_t)i * bytes, &whole, bytes);
        }
    }
}

void quant_watch_run(struct quant_watch *w, const float *sample)
{
    uint8_t *to = w->in;
    for (int i = 0; i < w->graph.input_count; i++) {
        const struct tensor *t = &w->graph.tensors[w->graph.inputs[i]];
        set_input(to, t, sample);
        sample += ir_count(t);
        to += ir_size(t);
    }
    mote_init(&w->plan->code, w->runner->arena); /* samples are apart: states start anew */
    run_invoke(w->runner, w->in, w->out);
}

float *quant_watch_room(const struct quant_watch *w)
{
    int64_t most = 1;
    for (int32_t i = 0; i < w->graph.tensor_count; i++) {
        most = ir_count(&w->graph.tensors[i]) > most ? ir_count(&w->graph.tensors[i]) : most;
    }
    return ARENA_ARRAY(w->graph.arena, most, float);
}

void quant_watch_real(const struct quant_watch *w, int32_t tensor, float *values)
{
    const struct tensor *t = &w->graph.tensors[tensor];
    const uint8_t *from = w->values[tensor];
    const float scale = ir_scale(t);
    const int32_t zero = ir_zero_point(t);
    const int64_t count = ir_count(t);
    for (int64_t i = 0; i < count; i++) {
        if (t->type == TYPE_F32) {
            memcpy(&values[i], from + 4 * i, 4);
        } else if (t->type == TYPE_S8) {
            values[i] = scale * (float)(((const int8_t *)from)[i] - zero);
        } else {
            int16_t q;
            memcpy(&q, from + 2 * i, 2);
            values[i] = scale * (float)(q - zero);
        }
    }
}
