/* SPDX-License-Identifier: MIT
 *
 * Tensors that must have one scale form a group, whose range is that of all of them. An output whose scale the kernels
 * fix brings that scale along; what does not fit into it stays outside, and is converted.
 */
#include <math.h>

#include "build.h"

static int32_t find_root(struct group *groups, int32_t tensor)
{
    while (groups[tensor].parent != tensor) {
        groups[tensor].parent = groups[groups[tensor].parent].parent;
        tensor = groups[tensor].parent;
    }
    return tensor;
}

static bool is_float(const struct tensor *t) { return t != NULL && t->type == TYPE_F32; }

static struct quant_range constant_range(const struct tensor *t)
{
    struct quant_range r = {0, 0};
    const float *values = t->data;
    for (int64_t i = 0; i < ir_count(t); i++) {
        r.low = fminf(r.low, values[i]);
        r.high = fmaxf(r.high, values[i]);
    }
    return r;
}

static void widen(struct quant_range *r, struct quant_range by)
{
    r->low = fminf(r->low, by.low);
    r->high = fmaxf(r->high, by.high);
}

/* All that a scale can hold, and half a step more, which rounding takes in. */
static bool holds(struct quant_params p, enum type type, struct quant_range r)
{
    const float low = (float)(type == TYPE_S8 ? INT8_MIN : INT16_MIN), high = -1 - low;
    return r.low >= (low - (float)p.zero_point - 1) * p.scale && r.high <= (high - (float)p.zero_point + 1) * p.scale;
}

/* One group of two, if they can be. */
static bool unite(struct build *b, int32_t x, int32_t y)
{
    const int32_t r = find_root(b->groups, x), s = find_root(b->groups, y);
    struct group *one = &b->groups[r], *two = &b->groups[s];
    if (r == s) {
        return true;
    }
    if (one->is_fixed && two->is_fixed) {
        if (one->params.scale != two->params.scale || one->params.zero_point != two->params.zero_point) {
            return false;
        }
    } else if (one->is_fixed || two->is_fixed) {
        const struct group *fixed = one->is_fixed ? one : two, *free = one->is_fixed ? two : one;
        if (!holds(fixed->params, b->type, free->range)) {
            return false;
        }
    }
    if (two->is_fixed) {
        one->is_fixed = true;
        one->params = two->params;
    }
    widen(&one->range, two->range);
    one->is_shared = one->is_shared || two->is_shared;
    two->parent = r;
    return true;
}

static struct quant_range tensor_range(const struct build *b, int32_t tensor)
{
    const struct quant_plan *p = b->plan;
    const struct quant_range *given = p->options->ranges;
    if (given != NULL && tensor < p->given_count && given[tensor].low <= given[tensor].high) {
        return given[tensor];
    }
    return quant_calibrate(&p->stats[tensor], p->calibration, b->type);
}

static void fix(struct build *b, const struct node *n)
{
    struct group *group = &b->groups[n->out[0]];
    group->is_fixed = true;
    group->params = b->type == TYPE_S8 ? quant_op(n->op)->fixed : (struct quant_params){1.0F / 32768, 0};
}

/* Inputs and outputs of a node into the group of its first output. */
static void unite_ends(struct build *b, const struct node *n)
{
    const struct graph *g = b->plan->g;
    for (int k = 1; k < n->out_count; k++) {
        if (is_float(ir_out(g, n, k))) {
            unite(b, n->out[0], n->out[k]);
        }
    }
    for (int k = 0; k < n->in_count; k++) {
        const struct tensor *t = ir_in(g, n, k);
        if (is_float(t) && t->data == NULL) {
            unite(b, n->out[0], n->in[k]);
        } else if (is_float(t)) {
            widen(&b->groups[find_root(b->groups, n->out[0])].range, constant_range(t));
        }
    }
}

/*** Steps of one layer ***/

/* What the same weights read has one scale, as what they write: so that they are the same integers. */
static void unite_shared(struct build *b, int32_t node, int32_t leader)
{
    const struct node *n = &b->plan->g->nodes[node], *first = &b->plan->g->nodes[leader];
    const int port = quant_ports(n->op).input;
    unite(b, first->in[port], n->in[port]);
    unite(b, first->out[0], n->out[0]);
    b->groups[find_root(b->groups, n->in[port])].is_shared = true;
    b->groups[find_root(b->groups, n->out[0])].is_shared = true;
}

/* Whether two nodes do the same to inputs of the same scales. */
static bool are_alike(struct build *b, const struct node *x, const struct node *y)
{
    const struct graph *g = b->plan->g;
    bool alike = x->op == y->op && x->in_count == y->in_count && x->out_count == y->out_count &&
                 ir_same_attr(&x->attr, &y->attr);
    for (int k = 0; k < x->in_count && alike; k++) {
        const struct tensor *s = ir_in(g, x, k), *t = ir_in(g, y, k);
        alike = x->in[k] == y->in[k] || (is_float(s) && is_float(t) && s->data == NULL && t->data == NULL &&
                                         find_root(b->groups, x->in[k]) == find_root(b->groups, y->in[k]));
    }
    return alike;
}

static bool reads_shared(struct build *b, const struct node *n)
{
    bool reads = false;
    for (int k = 0; k < n->in_count; k++) {
        const struct tensor *t = ir_in(b->plan->g, n, k);
        reads = reads || (is_float(t) && t->data == NULL && b->groups[find_root(b->groups, n->in[k])].is_shared);
    }
    return reads;
}

/* The same for what follows on such weights: what steps of one layer do likewise has the same scales in each, so that one
 * set of parameters and one piece of code do for all. Nodes come in their order, those before it are settled. */
static void unite_alike(struct build *b)
{
    enum { LOOK_BACK = 64 }; /* kinds of nodes */
    const struct graph *g = b->plan->g;
    int32_t kinds[LOOK_BACK], count = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (!b->is_int[i] || !reads_shared(b, n) || !is_float(ir_out(g, n, 0))) {
            continue;
        }
        int32_t k = 0;
        while (k < count && k < LOOK_BACK && !are_alike(b, n, &g->nodes[kinds[k]])) {
            k++;
        }
        const bool is_new = k == count || k == LOOK_BACK;
        if (is_new) {
            kinds[count++ % LOOK_BACK] = i;
        }
        for (int o = 0; o < n->out_count; o++) {
            unite(b, is_new ? n->out[o] : g->nodes[kinds[k]].out[o], n->out[o]);
            b->groups[find_root(b->groups, n->out[o])].is_shared = true;
        }
    }
}

/*** ***/

void build_groups(struct build *b)
{
    const struct graph *g = b->plan->g;
    for (int32_t i = 0; i < g->tensor_count; i++) {
        b->groups[i] = (struct group){.parent = i};
        if (is_float(&g->tensors[i]) && !g->tensors[i].is_state) {
            b->groups[i].range = g->tensors[i].data != NULL ? constant_range(&g->tensors[i]) : tensor_range(b, i);
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        if (b->is_int[i] && quant_op(g->nodes[i].op)->rule == RULE_FIXED) {
            fix(b, &g->nodes[i]);
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        if (b->is_int[i] && quant_op(g->nodes[i].op)->rule == RULE_SAME) {
            unite_ends(b, &g->nodes[i]);
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const int32_t leader = b->plan->leader[i];
        if (b->is_int[i] && b->is_int[leader] && leader != i) {
            unite_shared(b, i, leader);
        }
    }
    unite_alike(b);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        struct group *group = &b->groups[find_root(b->groups, i)];
        if (!group->is_fixed) {
            group->params = quant_from_range(group->range, b->type);
        }
    }
}

struct quant_params build_params(const struct build *b, int32_t tensor)
{
    return b->groups[find_root(b->groups, tensor)].params;
}

bool build_requantises(const struct build *b, const struct node *n, int k)
{
    return quant_op(n->op)->rule == RULE_SAME && find_root(b->groups, n->in[k]) != find_root(b->groups, n->out[0]);
}
