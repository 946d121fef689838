/* SPDX-License-Identifier: MIT */
#include "wires.h"

#include <string.h>

void wires_init(struct wires *w, struct graph *g)
{
    *w = (struct wires){.g = g, .tensor_count = g->tensor_count};
    w->writer = ARENA_ARRAY(g->arena, g->tensor_count, int32_t);
    w->readers = ARENA_ARRAY(g->arena, g->tensor_count, int32_t);
    w->is_output = ARENA_ARRAY(g->arena, g->tensor_count, bool);
    w->one = ARENA_ARRAY(g->arena, g->tensor_count, int32_t);
    w->is_dropped = ARENA_ARRAY(g->arena, g->node_count, bool);
    for (int32_t t = 0; t < g->tensor_count; t++) {
        w->writer[t] = NO_NODE;
        w->one[t] = t;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (int k = 0; k < n->in_count; k++) {
            if (n->in[k] != NO_TENSOR) {
                w->readers[n->in[k]]++;
            }
        }
        for (int k = 0; k < n->out_count; k++) {
            if (n->out[k] != NO_TENSOR && !g->tensors[n->out[k]].is_state) {
                w->writer[n->out[k]] = i;
            }
        }
    }
    for (int32_t i = 0; i < g->output_count; i++) {
        w->readers[g->outputs[i]]++;
        w->is_output[g->outputs[i]] = true;
    }
}

int32_t wires_tensor(const struct wires *w, int32_t tensor)
{
    while (tensor != NO_TENSOR && tensor < w->tensor_count && w->one[tensor] != tensor) {
        tensor = w->one[tensor] = w->one[w->one[tensor]];
    }
    return tensor;
}

int32_t wires_in(const struct wires *w, const struct node *n, int i)
{
    return i < n->in_count ? wires_tensor(w, n->in[i]) : NO_TENSOR;
}

struct node *wires_writer(const struct wires *w, int32_t tensor)
{
    const bool has_writer = tensor != NO_TENSOR && tensor < w->tensor_count && w->writer[tensor] != NO_NODE;
    return has_writer ? &w->g->nodes[w->writer[tensor]] : NULL;
}

/* Node n goes, and tensor `lost` becomes one with `kept`. */
static void join(struct wires *w, const struct node *n, int32_t lost, int32_t kept)
{
    for (int i = 0; i < n->in_count; i++) {
        if (n->in[i] != NO_TENSOR) {
            w->readers[wires_in(w, n, i)]--;
        }
    }
    w->readers[kept] += w->readers[lost];
    w->one[lost] = kept;
    w->is_dropped[n - w->g->nodes] = true;
}

bool wires_bypass(struct wires *w, const struct node *n, int32_t from)
{
    const int32_t to = n->out[0];
    if (w->g->tensors[from].is_state) { /* it may change before the output is read */
        return false;
    }
    if (!w->is_output[to]) {
        join(w, n, to, from);
        return true;
    }
    if (w->is_output[from] || w->writer[from] == NO_NODE) {
        return false;
    }
    w->writer[to] = w->writer[from];
    join(w, n, from, to);
    return true;
}

bool wires_absorb(struct wires *w, const struct node *n, int32_t from)
{
    if (w->is_output[from] || w->writer[from] == NO_NODE || w->readers[from] != 1) {
        return false;
    }
    w->writer[n->out[0]] = w->writer[from];
    join(w, n, from, n->out[0]);
    return true;
}

void wires_apply(struct wires *w)
{
    struct graph *g = w->g;
    int32_t kept = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (w->is_dropped[i]) {
            continue;
        }
        for (int k = 0; k < n->in_count; k++) {
            n->in[k] = wires_tensor(w, n->in[k]);
        }
        for (int k = 0; k < n->out_count; k++) {
            const int32_t t = wires_tensor(w, n->out[k]);
            if (k == 0 && t != n->out[0]) {
                n->name = g->tensors[t].name;
            }
            n->out[k] = t;
        }
        g->nodes[kept++] = *n;
    }
    g->node_count = kept;
}

/*** Comparing ***/

bool same_shape(const struct tensor *a, const struct tensor *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

bool same_quant(const struct tensor *a, const struct tensor *b)
{
    const struct quant *q = &a->quant, *p = &b->quant;
    bool same = q->count == p->count && (q->count < 2 || q->axis == p->axis);
    for (int32_t i = 0; i < q->count && same; i++) {
        same = q->scale[i] == p->scale[i] && q->zero_point[i] == p->zero_point[i];
    }
    return same;
}

bool same_kind(const struct tensor *a, const struct tensor *b)
{
    return a->type == b->type && same_shape(a, b) && same_quant(a, b);
}
