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

int32_t build_node(struct build *b, enum op op, const struct attr *attr, enum type type, int32_t in_count,
                   const int32_t in[])
{
    struct graph *g = b->graph;
    const bool has_second = op == OP_SignalFftAutoScale || op == OP_SignalFilterBankSpectralSubtraction;
    if (b->diag->failed || g->node_count == BUILD_MOST_NODES) {
        diag_fail(b->diag, "a front-end of more than %d operators", BUILD_MOST_NODES);
        return 0;
    }
    struct node *n = &g->nodes[g->node_count];
    *n = (struct node){.op = op, .index = g->node_count, .in_count = in_count, .out_count = has_second ? 2 : 1};
    n->attr = attr != NULL ? *attr : (struct attr){0};
    n->in = arena_copy(g->arena, in, (size_t)in_count * sizeof *in);
    n->out = ARENA_ARRAY(g->arena, 2, int32_t);
    for (int32_t i = 0; i < n->out_count; i++) {
        n->out[i] = build_tensor(b, "value", i == 1 && op == OP_SignalFftAutoScale ? TYPE_S32 : type, 0, NULL);
        build_at(b, n->out[i])->name = arena_printf(g->arena, "%s_%d", ir_op_text(op), n->out[i]);
    }
    n->name = build_at(b, n->out[0])->name;
    g->node_count++;
    return ir_infer(g, n, b->diag) ? n->out[0] : 0;
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
