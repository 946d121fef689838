/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* Place of an operator in the order of the plan. One without a step, a view, follows the operator before it. */
struct place {
    int32_t step, node;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->step != y->step ? x->step - y->step : x->node - y->node;
}

static struct place *order_nodes(const struct plan *plan)
{
    const struct graph *g = plan->graph;
    struct place *places = ARENA_ARRAY(plan->arena, g->node_count, struct place);
    for (int i = 0; i < g->node_count; i++) {
        places[i] = (struct place){-1, i};
    }
    for (int i = 0; i < plan->step_count; i++) {
        places[plan->steps[i].node - plan->graph->nodes].step = i;
    }
    for (int i = 1; i < g->node_count; i++) {
        places[i].step = places[i].step < 0 ? places[i - 1].step : places[i].step;
    }
    qsort(places, (size_t)g->node_count, sizeof *places, by_place);
    return places;
}

static int32_t find_segment(const struct plan *plan, int32_t step)
{
    for (int i = 0; i < plan->segment_count; i++) {
        const struct plan_segment *s = &plan->segments[i];
        if (s->count > 1 && step >= s->first && step < s->first + s->count) {
            return i;
        }
    }
    return -1;
}

static int64_t count_weights(const struct graph *g, const struct node *n, bool *is_counted)
{
    int64_t bytes = 0;
    for (int i = 0; i < n->in_count; i++) {
        const struct tensor *t = ir_in(g, n, i);
        if (t != NULL && t->data != NULL && !is_counted[n->in[i]]) {
            is_counted[n->in[i]] = true;
            bytes += ir_size(t);
        }
    }
    return bytes;
}

static void collect_operators(struct report *r)
{
    const struct graph *g = r->graph;
    const struct place *places = order_nodes(r->plan);
    bool *is_counted = ARENA_ARRAY(r->plan->arena, g->tensor_count, bool);
    r->operators = ARENA_ARRAY(r->plan->arena, g->node_count, struct report_operator);
    for (int i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[places[i].node];
        struct report_operator *o = &r->operators[i];
        *o = (struct report_operator){n, ir_macs(g, n), count_weights(g, n, is_counted),
                                      find_segment(r->plan, places[i].step)};
        r->macs += o->macs;
        r->weight_bytes += o->weight_bytes;
    }
}

static int by_bytes(const void *a, const void *b)
{
    const struct report_resident *x = a, *y = b;
    return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

/* The tensor that a buffer holds, of several views the first. */
static const struct tensor *find_tensor(const struct plan *plan, int32_t buffer)
{
    for (int i = 0; i < plan->graph->tensor_count; i++) {
        if (plan->buffer_of[i] == buffer) {
            return &plan->graph->tensors[i];
        }
    }
    return NULL;
}

static void collect_residents(struct report *r)
{
    const struct plan *plan = r->plan;
    r->residents = ARENA_ARRAY(plan->arena, plan->buffer_count, struct report_resident);
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        if (b->data == NULL && b->peak_rows > 0) {
            const bool is_whole = b->peak_rows == b->row_count;
            const int64_t bytes = is_whole ? (int64_t)b->size : (int64_t)b->peak_rows * b->row_bytes;
            r->residents[r->resident_count++] = (struct report_resident){find_tensor(plan, i), b, bytes};
        }
    }
    qsort(r->residents, (size_t)r->resident_count, sizeof *r->residents, by_bytes);
}

void report_make(struct report *r, const char *path, size_t file_size, const struct plan *plan, uint32_t layered_size)
{
    *r = (struct report){
        .path = path, .file_size = file_size, .graph = plan->graph, .plan = plan, .layered_size = layered_size};
    if (plan->peak_step < plan->step_count) {
        r->peak = plan->steps[plan->peak_step].node;
        r->peak_scratch = (int64_t)plan->steps[plan->peak_step].scratch_size;
    }
    collect_operators(r);
    collect_residents(r);
}

int64_t report_fit_ram(const struct report_fit *f) { return f->arena + f->stack; }
int64_t report_fit_flash(const struct report_fit *f) { return f->constants + f->code; }

int64_t report_core_ram(const struct report_core *c) { return (int64_t)c->arena + c->statics + c->stack; }
int64_t report_core_flash(const struct report_core *c) { return (int64_t)c->weights + c->constants + c->code; }

double report_core_ms(const struct report_core *c, const struct report_board *b)
{
    return (double)c->layers[c->layer_count + 1].cycles / b->clock * 1e3;
}

char *report_name(const char *name, char *text, size_t size)
{
    const size_t length = strcspn(name, ";"), fits = size - 1;
    const char *from = length > fits ? name + length - fits : name;
    const size_t n = length > fits ? fits : length;
    for (size_t i = 0; i < n; i++) {
        text[i] = from[i] > ' ' && from[i] < 127 ? from[i] : from[i] == ' ' ? ' ' : '?';
    }
    if (length > fits && n > 0) {
        text[0] = '~';
    }
    text[n] = '\0';
    return text;
}
