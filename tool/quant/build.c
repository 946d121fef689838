/* SPDX-License-Identifier: MIT
 *
 * From the float graph to that of integers, node by node. A tensor keeps its number and becomes integers where the node
 * that writes it does; where a reader wants it otherwise, a QUANTIZE or DEQUANTIZE makes a second tensor of it, once.
 */
#include "build.h"

#include <string.h>

#include "../plan/plan.h"

enum { TURNS_MOST = 8 }; /* of looking for nodes among floats */

static bool is_float(const struct tensor *t) { return t != NULL && t->type == TYPE_F32; }

/* A value that flows: neither constant nor something else than a float. */
static bool flows(const struct tensor *t) { return is_float(t) && t->data == NULL; }

/*** Which nodes become integers ***/

static bool has_float(const struct graph *g, const struct node *n)
{
    bool has = false;
    for (int k = 0; k < n->in_count; k++) {
        has = has || is_float(ir_in(g, n, k));
    }
    for (int k = 0; k < n->out_count; k++) {
        has = has || is_float(ir_out(g, n, k));
    }
    return has;
}

static bool reads_state(const struct graph *g, const struct node *n)
{
    for (int k = 0; k < n->in_count; k++) {
        const struct tensor *t = ir_in(g, n, k);
        if (t != NULL && t->is_state) {
            return true;
        }
    }
    return false;
}

/* Why a node stays float; NULL: it does not. */
static const char *find_reason(const struct build *b, const struct node *n)
{
    const struct graph *g = b->plan->g;
    const struct quant_op *op = quant_op(n->op);
    const struct quant_ports ports = quant_ports(n->op);
    if (op->rule == RULE_NONE) {
        return "mote has no rule to make integers of it";
    }
    if (!(b->type == TYPE_S8 ? op->has_s8 : op->has_s16)) {
        return "TensorFlow Lite has no kernel of 16 bits for it";
    }
    if (op->rule == RULE_WEIGHTS) {
        const struct tensor *w = ir_in(g, n, ports.weights), *bias = ir_in(g, n, ports.bias);
        if (!is_float(w) || w->data == NULL || ir_count(w) == 0 || w->rank <= ports.axis) {
            return "its weights are no constant";
        }
        if (bias != NULL && (!is_float(bias) || bias->data == NULL || ir_count(bias) != w->dim[ports.axis])) {
            return "its bias is no constant";
        }
    }
    if (op->rule == RULE_LSTM) {
        return quant_is_plain_lstm(g, n) ? NULL : "its weights are no constant floats, or it is a variant of the LSTM";
    }
    return reads_state(g, n) ? "it keeps a state" : NULL;
}

/* Whether all that surrounds a node is float, so that conversions would only cost. */
static bool is_among_floats(const struct build *b, int32_t node)
{
    const struct graph *g = b->plan->g;
    const struct node *n = &g->nodes[node];
    bool written = false, read = false;
    for (int k = 0; k < n->in_count; k++) {
        written = written || (flows(ir_in(g, n, k)) && b->is_int_tensor[n->in[k]]);
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].in_count && b->is_int[i]; k++) {
            for (int o = 0; o < n->out_count; o++) {
                read = read || g->nodes[i].in[k] == n->out[o];
            }
        }
    }
    return !written && !read;
}

static void choose_tensors(struct build *b)
{
    const struct graph *g = b->plan->g;
    memset(b->is_int_tensor, 0, (size_t)g->tensor_count * sizeof *b->is_int_tensor);
    for (int i = 0; i < g->input_count; i++) {
        b->is_int_tensor[g->inputs[i]] = is_float(&g->tensors[g->inputs[i]]) && !b->plan->options->float_io;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].out_count && b->is_int[i]; k++) {
            if (is_float(ir_out(g, &g->nodes[i], k))) {
                b->is_int_tensor[g->nodes[i].out[k]] = true;
            }
        }
    }
}

static void choose_nodes(struct build *b)
{
    const struct graph *g = b->plan->g;
    for (int32_t i = 0; i < g->node_count; i++) {
        const bool can = has_float(g, &g->nodes[i]);
        if (can && b->plan->reason[i] == NULL) {
            b->plan->reason[i] = find_reason(b, &g->nodes[i]);
        }
        b->is_int[i] = can && b->plan->reason[i] == NULL;
    }
    bool changed = true;
    for (int turn = 0; turn < TURNS_MOST && changed; turn++) {
        changed = false;
        choose_tensors(b);
        for (int32_t i = 0; i < g->node_count; i++) {
            if (b->is_int[i] && quant_op(g->nodes[i].op)->rule == RULE_SAME && is_among_floats(b, i)) {
                b->is_int[i] = false;
                b->plan->reason[i] = "all around it is float";
                changed = true;
            }
        }
    }
    choose_tensors(b);
}

/*** Tensors ***/

struct quant build_one_scale(struct build *b, struct quant_params p)
{
    float *scale = ARENA_NEW(b->out->arena, float);
    int32_t *zero = ARENA_NEW(b->out->arena, int32_t);
    *scale = p.scale;
    *zero = p.zero_point;
    return (struct quant){1, 0, scale, zero};
}

static void make_int(struct build *b, struct tensor *t, struct quant_params p)
{
    t->type = b->type;
    t->quant = build_one_scale(b, p);
}

void build_set_index(struct build *b, struct node *n, int k, int32_t tensor)
{
    if (k >= n->in_count) {
        int32_t *in = ARENA_ARRAY(b->out->arena, k + 1, int32_t);
        for (int i = 0; i <= k; i++) {
            in[i] = i < n->in_count ? n->in[i] : NO_TENSOR;
        }
        n->in = in;
        n->in_count = k + 1;
    }
    n->in[k] = tensor;
}

void build_set_input(struct build *b, struct node *n, int k, const struct tensor *t)
{
    const int32_t index = ir_add_tensor(b->out);
    b->out->tensors[index] = *t;
    build_set_index(b, n, k, index);
}

static void set_constant(struct build *b, struct node *n, int k, struct quant_params p)
{
    struct tensor t = *ir_in(b->out, n, k);
    const float *values = t.data;
    const int64_t count = ir_count(&t);
    int8_t *narrow = ARENA_ARRAY(b->out->arena, count, int8_t);
    int16_t *wide = ARENA_ARRAY(b->out->arena, count, int16_t);
    for (int64_t i = 0; i < count; i++) {
        const int32_t q = quant_to_int(values[i], p, b->type);
        narrow[i] = (int8_t)q;
        wide[i] = (int16_t)q;
    }
    t.data = b->type == TYPE_S8 ? (const void *)narrow : (const void *)wide;
    make_int(b, &t, p);
    build_set_input(b, n, k, &t);
}

/*** Nodes ***/

static struct node *add_node(struct build *b, const struct node *like)
{
    struct graph *g = b->out;
    ARENA_GROW(g->arena, g->nodes, g->node_count, b->node_capacity);
    g->nodes[g->node_count] = *like;
    return &g->nodes[g->node_count++];
}

/* QUANTIZE or DEQUANTIZE of a tensor; returns the new one. */
static int32_t convert(struct build *b, int32_t from, bool to_int, struct quant_params p, int32_t index)
{
    struct graph *g = b->out;
    struct tensor t = g->tensors[from];
    t.name = arena_printf(g->arena, "%s_%s", t.name, to_int ? "quantized" : "float");
    if (to_int) {
        make_int(b, &t, p);
    } else {
        t.type = TYPE_F32;
        t.quant = (struct quant){0};
    }
    const int32_t to = ir_add_tensor(g);
    g->tensors[to] = t;
    const struct node n = {.op = to_int ? OP_QUANTIZE : OP_DEQUANTIZE,
                           .name = t.name,
                           .index = index,
                           .in = arena_copy(g->arena, &from, sizeof from),
                           .out = arena_copy(g->arena, &to, sizeof to),
                           .in_count = 1,
                           .out_count = 1};
    add_node(b, &n);
    return to;
}

/* The tensor as a reader wants it. */
static int32_t tensor_as(struct build *b, int32_t tensor, bool as_int, int32_t index)
{
    if (b->is_int_tensor[tensor] == as_int) {
        return tensor;
    }
    if (b->other[tensor] == NO_TENSOR) {
        b->other[tensor] = convert(b, tensor, as_int, build_params(b, tensor), index);
    }
    return b->other[tensor];
}

static void set_inputs(struct build *b, const struct node *from, struct node *n, bool is_int)
{
    const struct graph *g = b->plan->g;
    for (int k = 0; k < from->in_count; k++) {
        const struct tensor *t = ir_in(g, from, k);
        if (!flows(t) || t->is_state) {
            continue;
        }
        n->in[k] = tensor_as(b, from->in[k], is_int, from->index);
        if (is_int && build_requantises(b, from, k)) {
            n->in[k] = convert(b, n->in[k], true, build_params(b, from->out[0]), from->index);
        }
    }
}

static void set_constants(struct build *b, const struct node *from, struct node *n)
{
    const bool is_same = quant_op(from->op)->rule == RULE_SAME;
    for (int k = 0; k < from->in_count; k++) {
        const struct tensor *t = ir_in(b->plan->g, from, k);
        if (is_float(t) && t->data != NULL) {
            set_constant(b, n, k, build_params(b, is_same ? from->out[0] : from->in[k]));
        }
    }
}

static void build_node(struct build *b, int32_t i)
{
    const struct node *from = &b->plan->g->nodes[i];
    struct node n = *from;
    n.in = arena_copy(b->out->arena, from->in, (size_t)from->in_count * sizeof *from->in);
    n.out = arena_copy(b->out->arena, from->out, (size_t)from->out_count * sizeof *from->out);
    set_inputs(b, from, &n, b->is_int[i]);
    if (b->is_int[i]) {
        switch (quant_op(n.op)->rule) {
        case RULE_WEIGHTS:
            build_weights(b, &n, i, build_params(b, from->in[quant_ports(n.op).input]));
            break;
        case RULE_LSTM:
            build_lstm(b, &n, build_params(b, from->in[0]));
            break;
        default:
            set_constants(b, from, &n);
        }
        for (int k = 0; k < n.out_count; k++) {
            if (is_float(ir_out(b->plan->g, from, k))) {
                make_int(b, &b->out->tensors[n.out[k]], build_params(b, n.out[k]));
            }
        }
    }
    add_node(b, &n);
}

/* Outputs are of the type that was asked for, and keep their names. */
static void build_outputs(struct build *b)
{
    struct graph *g = b->out;
    for (int i = 0; i < g->output_count; i++) {
        const int32_t tensor = g->outputs[i];
        if (flows(&b->plan->g->tensors[tensor])) {
            g->outputs[i] = tensor_as(b, tensor, !b->plan->options->float_io, b->plan->g->node_count);
        }
        if (g->outputs[i] != tensor) {
            const char *name = g->tensors[tensor].name;
            g->tensors[g->outputs[i]].name = name;
            g->tensors[tensor].name =
                arena_printf(g->arena, "%s_%s", name, b->plan->options->float_io ? "quantized" : "float");
        }
    }
}

/* The first node of integers that mote has no kernel for stays float, too. */
static bool check_nodes(struct build *b)
{
    const struct graph *g = b->plan->g;
    const struct node *n = b->out->nodes;
    for (int32_t i = 0; i < g->node_count; i++, n++) {
        while (n->op != g->nodes[i].op || n->out_count != g->nodes[i].out_count ||
               (n->out_count > 0 && n->out[0] != g->nodes[i].out[0])) {
            n++; /* conversions between them */
        }
        struct node copy = *n;
        struct diag refusal = {0};
        if (b->is_int[i] && !plan_can_lower(b->out, &copy, &refusal)) {
            b->plan->reason[i] = arena_printf(g->arena, "%s", refusal.text);
            return false;
        }
    }
    return true;
}

static void build_all(struct build *b, struct arena *arena, struct graph *out)
{
    const struct graph *g = b->plan->g;
    *out = ir_copy(g, arena);
    out->nodes = NULL;
    out->node_count = 0;
    b->out = out;
    b->node_capacity = 0;
    for (int32_t i = 0; i < g->tensor_count; i++) {
        b->other[i] = NO_TENSOR;
    }
    memset(b->shared, 0, (size_t)g->node_count * sizeof *b->shared);
    choose_nodes(b);
    build_groups(b);
    for (int i = 0; i < g->input_count; i++) {
        if (b->is_int_tensor[g->inputs[i]]) {
            make_int(b, &out->tensors[g->inputs[i]], build_params(b, g->inputs[i]));
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        build_node(b, i);
    }
    build_outputs(b);
}

bool quant_build(const struct quant_plan *plan, struct arena *arena, struct graph *out, struct diag *diag)
{
    const struct graph *g = plan->g;
    struct build b = {.plan = plan, .type = plan->options->scheme == QUANT_INT16X8 ? TYPE_S16 : TYPE_S8};
    b.is_int = ARENA_ARRAY(g->arena, g->node_count, bool);
    b.is_int_tensor = ARENA_ARRAY(g->arena, g->tensor_count, bool);
    b.groups = ARENA_ARRAY(g->arena, g->tensor_count, struct group);
    b.shared = ARENA_ARRAY(g->arena, g->node_count, struct shared);
    b.other = ARENA_ARRAY(g->arena, g->tensor_count, int32_t);
    do {
        build_all(&b, arena, out);
    } while (!check_nodes(&b));
    return ir_check(out, diag);
}
