/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <string.h>

void build_begin(struct build *b, struct graph *g, struct diag *diag)
{
    struct arena *arena = g->arena;
    *g = (struct graph){.arena = arena, .name = "main"};
    g->nodes = ARENA_ARRAY(arena, BUILD_MOST_NODES, struct node);
    *b = (struct build){g, diag};
    ir_add_tensor(g); /* tensor 0: what calls after an error return */
    g->tensors[0].name = "nothing";
}

struct tensor *build_at(const struct build *b, int32_t tensor) { return &b->graph->tensors[tensor]; }

int32_t build_tensor(struct build *b, const char *name, enum type type, int32_t rank, const int32_t dim[])
{
    const int32_t at = ir_add_tensor(b->graph);
    struct tensor *t = build_at(b, at);
    *t = (struct tensor){.name = arena_printf(b->graph->arena, "%s", name), .type = type, .rank = rank};
    for (int i = 0; i < rank; i++) {
        t->dim[i] = dim[i];
    }
    return at;
}

int32_t build_const(struct build *b, enum type type, int32_t rank, const int32_t dim[], const void *data)
{
    const int32_t at = build_tensor(b, "constant", type, rank, dim);
    struct tensor *t = build_at(b, at);
    t->name = arena_printf(b->graph->arena, "constant_%d", at);
    t->data = arena_copy(b->graph->arena, data, (size_t)ir_size(t));
    return at;
}

int32_t build_floats(struct build *b, int32_t count, const float *values)
{
    return build_const(b, TYPE_F32, 1, &count, values);
}

int32_t build_float(struct build *b, float value) { return build_const(b, TYPE_F32, 0, NULL, &value); }

int32_t build_ints(struct build *b, int32_t count, const int32_t *values)
{
    return build_const(b, TYPE_S32, 1, &count, values);
}

/* Without shapes yet; NULL after an error. */
static struct node *add_node(struct build *b, enum op op, const struct attr *attr, enum type type, int32_t in_count,
                             const int32_t in[])
{
    struct graph *g = b->graph;
    const bool has_second = op == OP_SignalFftAutoScale || op == OP_SignalFilterBankSpectralSubtraction ||
                            op == OP_SignalFramer || op == OP_MoteMoments;
    const enum type second = op == OP_SignalFftAutoScale ? TYPE_S32
                             : op == OP_SignalFramer     ? TYPE_BOOL
                             : op == OP_MoteMoments      ? TYPE_S16
                                                         : type;
    if (b->diag->failed || g->node_count == BUILD_MOST_NODES) {
        diag_fail(b->diag, "a front-end of more than %d operators", BUILD_MOST_NODES);
        return NULL;
    }
    struct node *n = &g->nodes[g->node_count];
    *n = (struct node){.op = op, .index = g->node_count, .in_count = in_count, .out_count = has_second ? 2 : 1};
    n->attr = attr != NULL ? *attr : (struct attr){0};
    n->in = arena_copy(g->arena, in, (size_t)in_count * sizeof *in);
    n->out = ARENA_ARRAY(g->arena, 2, int32_t);
    for (int32_t i = 0; i < n->out_count; i++) {
        n->out[i] = build_tensor(b, "value", i == 1 ? second : type, 0, NULL);
        build_at(b, n->out[i])->name = arena_printf(g->arena, "%s_%d", ir_op_text(op), n->out[i]);
    }
    n->name = build_at(b, n->out[0])->name;
    g->node_count++;
    return n;
}

int32_t build_node(struct build *b, enum op op, const struct attr *attr, enum type type, int32_t in_count,
                   const int32_t in[])
{
    struct node *n = add_node(b, op, attr, type, in_count, in);
    return n != NULL && ir_infer(b->graph, n, b->diag) ? n->out[0] : 0;
}

int32_t build_window(struct build *b, int32_t x, int32_t rows)
{
    const struct attr attr = {.cycles_max = 1};
    const struct tensor new = *build_at(b, x);
    struct node *n = add_node(b, OP_CIRCULAR_BUFFER, &attr, new.type, 1, LIST(x));
    if (n == NULL) {
        return 0;
    }
    struct tensor *out = build_at(b, n->out[0]);
    out->rank = new.rank;
    memcpy(out->dim, new.dim, sizeof out->dim);
    out->dim[1] = rows;
    out->quant = new.quant;
    return ir_infer(b->graph, n, b->diag) ? n->out[0] : 0;
}

int32_t build_unary(struct build *b, enum op op, int32_t x)
{
    return build_node(b, op, NULL, build_at(b, x)->type, 1, LIST(x));
}

int32_t build_binary(struct build *b, enum op op, int32_t x, int32_t y)
{
    return build_node(b, op, NULL, build_at(b, x)->type, 2, LIST(x, y));
}

int32_t build_reduce(struct build *b, enum op op, int32_t x, int32_t axis, bool keep)
{
    const struct attr attr = {.keep_dims = keep};
    return build_node(b, op, &attr, build_at(b, x)->type, 2, LIST(x, build_ints(b, 1, &axis)));
}

int32_t build_reshape(struct build *b, int32_t x, int32_t rank, const int32_t dim[])
{
    const struct attr attr = {.list = arena_copy(b->graph->arena, dim, (size_t)rank * sizeof *dim), .list_count = rank};
    const int32_t y = build_node(b, OP_RESHAPE, &attr, build_at(b, x)->type, 2, LIST(x, build_ints(b, rank, dim)));
    build_at(b, y)->quant = build_at(b, x)->quant;
    return y;
}

void build_quant(struct build *b, int32_t tensor, float scale, int32_t zero_point)
{
    struct tensor *t = build_at(b, tensor);
    t->quant.count = 1;
    t->quant.scale = arena_copy(b->graph->arena, &scale, sizeof scale);
    t->quant.zero_point = arena_copy(b->graph->arena, &zero_point, sizeof zero_point);
}

int32_t build_like(struct build *b, int32_t x, const struct tensor *wanted)
{
    const struct tensor *t = build_at(b, x);
    const bool is_float = wanted->type == TYPE_F32;
    const bool is_same = t->type == wanted->type &&
                         (is_float || (ir_scale(t) == ir_scale(wanted) && ir_zero_point(t) == ir_zero_point(wanted)));
    if (!is_same) {
        x = build_node(b, is_float ? OP_DEQUANTIZE : OP_QUANTIZE, NULL, wanted->type, 1, LIST(x));
        if (!is_float) {
            build_quant(b, x, ir_scale(wanted), ir_zero_point(wanted));
        }
    }
    return x;
}

static const char **names(struct graph *g, const int32_t *list, int32_t count)
{
    const char **out = ARENA_ARRAY(g->arena, count, const char *);
    for (int32_t i = 0; i < count; i++) {
        out[i] = g->tensors[list[i]].name;
    }
    return out;
}

void build_end(struct build *b, int32_t input, int32_t output)
{
    struct graph *g = b->graph;
    g->inputs = arena_copy(g->arena, &input, sizeof input);
    g->outputs = arena_copy(g->arena, &output, sizeof output);
    g->input_count = g->output_count = 1;
    g->input_names = names(g, g->inputs, 1);
    g->output_names = names(g, g->outputs, 1);
}

bool build_behind(struct build *b, const struct graph *front, const struct graph *network, struct graph *g,
                  struct diag *diag)
{
    enum { MORE_NODES = 12 };
    if (front->input_count != 1 || network->input_count != 1) {
        return diag_fail(diag, "a network of %d inputs does not go behind a front-end", network->input_count);
    }
    *g = *front;
    g->tensors = arena_copy(front->arena, front->tensors, (size_t)front->tensor_count * sizeof *g->tensors);
    g->tensor_capacity = g->tensor_count; /* its own copy grows */
    g->nodes = ARENA_ARRAY(g->arena, front->node_count + network->node_count + MORE_NODES, struct node);
    memcpy(g->nodes, front->nodes, (size_t)front->node_count * sizeof *g->nodes);
    *b = (struct build){g, diag};
    return true;
}

void build_append(struct build *b, const struct graph *network, int32_t input)
{
    struct graph *g = b->graph;
    int32_t *to = ARENA_ARRAY(g->arena, network->tensor_count + 1, int32_t);
    for (int32_t i = 0; i < network->tensor_count; i++) {
        to[i] = i == network->inputs[0] ? input : ir_add_tensor(g);
        if (i != network->inputs[0]) {
            g->tensors[to[i]] = network->tensors[i];
        }
    }
    for (int32_t i = 0; i < network->node_count; i++) {
        struct node *n = &g->nodes[g->node_count];
        *n = network->nodes[i];
        n->index = g->node_count++;
        n->in = ARENA_ARRAY(g->arena, n->in_count, int32_t);
        n->out = ARENA_ARRAY(g->arena, n->out_count, int32_t);
        for (int32_t k = 0; k < n->in_count; k++) {
            n->in[k] = network->nodes[i].in[k] == NO_TENSOR ? NO_TENSOR : to[network->nodes[i].in[k]];
        }
        for (int32_t k = 0; k < n->out_count; k++) {
            n->out[k] = to[network->nodes[i].out[k]];
        }
    }
    g->outputs = ARENA_ARRAY(g->arena, network->output_count, int32_t);
    g->output_names = ARENA_ARRAY(g->arena, network->output_count, const char *);
    g->output_count = network->output_count;
    for (int32_t i = 0; i < network->output_count; i++) {
        g->outputs[i] = to[network->outputs[i]];
        g->output_names[i] = g->tensors[g->outputs[i]].name;
    }
}
