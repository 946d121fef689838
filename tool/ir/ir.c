/* SPDX-License-Identifier: MIT */
#include "ir.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shape.h"

static const struct {
    const char *text;
    int bits;
} types[] = {
#define TYPE(name, bits, code, text) [TYPE_##name] = {text, bits},
#include "type.def"
#undef TYPE
};

enum {
    PURE = IR_PURE,
    SHAPE_ONLY = IR_SHAPE_ONLY,
    STATEFUL = IR_STATEFUL,
    ELEMENTWISE = IR_ELEMENTWISE,
    MANY = INT32_MAX
};

static const struct {
    const char *text;
    int32_t in_min, in_max, out_min, out_max;
    shape_rule *shape;
    int flags;
} ops[] = {
#define OP(name, code, in_min, in_max, out_min, out_max, shape, lower, flags) \
    [OP_##name] = {#name, in_min, in_max, out_min, out_max, shape_##shape, flags},
#include "op.def"
#undef OP
};

const char *ir_type_text(enum type type) { return types[type].text; }
int ir_type_bits(enum type type) { return types[type].bits; }
const char *ir_op_text(enum op op) { return ops[op].text; }
int ir_op_flags(enum op op) { return ops[op].flags; }

int64_t ir_count(const struct tensor *t)
{
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++) {
        count *= t->dim[i];
    }
    return count;
}

int64_t ir_size(const struct tensor *t) { return (ir_count(t) * types[t->type].bits + 7) / 8; }

char *ir_shape_text(const struct tensor *t, char *text)
{
    size_t n = (size_t)sprintf(text, "[");
    for (int i = 0; i < t->rank; i++) {
        n += (size_t)sprintf(text + n, "%s%d", i > 0 ? ", " : "", t->dim[i]);
    }
    sprintf(text + n, "]");
    return text;
}

int32_t ir_dim(const struct tensor *t, int32_t i)
{
    if (i < 0) {
        i += t->rank;
    }
    return i < 0 || i >= t->rank ? 1 : t->dim[i];
}

float ir_scale(const struct tensor *t) { return t->quant.count > 0 ? t->quant.scale[0] : 0; }
int32_t ir_zero_point(const struct tensor *t) { return t->quant.count > 0 ? t->quant.zero_point[0] : 0; }

struct tensor *ir_in(const struct graph *g, const struct node *n, int i)
{
    return i >= n->in_count || n->in[i] == NO_TENSOR ? NULL : &g->tensors[n->in[i]];
}

struct tensor *ir_out(const struct graph *g, const struct node *n, int i)
{
    return i >= n->out_count || n->out[i] == NO_TENSOR ? NULL : &g->tensors[n->out[i]];
}

static bool same_list(const struct attr *a, const struct attr *b)
{
    const size_t size = (size_t)a->list_count * sizeof *a->list;
    return a->list_count == b->list_count && (size == 0 || memcmp(a->list, b->list, size) == 0);
}

bool ir_same_attr(const struct attr *a, const struct attr *b)
{
    bool same = a->padding == b->padding && a->activation == b->activation && a->type == b->type &&
                a->dilation_d == b->dilation_d && a->dilation_h == b->dilation_h && a->dilation_w == b->dilation_w &&
                a->custom == b->custom && a->container == b->container && a->call == b->call &&
                a->shared_name == b->shared_name && same_list(a, b);
#define ATTR(name, kind) same = same && a->name == b->name;
#include "attr.def"
#undef ATTR
    return same;
}

int ir_call_count(const struct node *n)
{
    return n->op == OP_IF || n->op == OP_WHILE ? 2 : n->op == OP_STABLEHLO_COMPOSITE ? 1 : 0;
}

/* Of all that a graph calls; where there is a choice, of the larger. */
static int64_t called_macs(const struct node *n)
{
    int64_t macs[2] = {0};
    for (int k = 0; k < 2 && n->attr.call != NULL; k++) {
        const struct graph *g = &n->attr.call[k].graph;
        for (int32_t i = 0; i < g->node_count; i++) {
            macs[k] += ir_macs(g, &g->nodes[i]);
        }
    }
    return n->op == OP_WHILE ? macs[0] + macs[1] : macs[0] > macs[1] ? macs[0] : macs[1];
}

/* Four gates, or three, see the input and the state; a projection sees the cells. */
static int64_t lstm_macs(const struct graph *g, const struct node *n)
{
    const struct tensor *weight = ir_in(g, n, 2), *state_weight = ir_in(g, n, 6), *projection = ir_in(g, n, 16);
    const int64_t gates = ir_in(g, n, 1) != NULL ? 4 : 3, units = ir_dim(ir_out(g, n, 0), -1);
    const int64_t rows = units > 0 ? ir_count(ir_out(g, n, 0)) / units : 0;
    return rows *
           (gates * (ir_count(weight) + ir_count(state_weight)) + (projection != NULL ? ir_count(projection) : 0));
}

int64_t ir_macs(const struct graph *g, const struct node *n)
{
    const struct tensor *weight = ir_in(g, n, 1);
    switch (n->op) {
    case OP_CONV_2D:
        return ir_count(ir_out(g, n, 0)) * weight->dim[1] * weight->dim[2] * weight->dim[3];
    case OP_CONV_3D:
        return ir_count(ir_out(g, n, 0)) * weight->dim[0] * weight->dim[1] * weight->dim[2] * weight->dim[3];
    case OP_CONV_3D_TRANSPOSE: /* each input meets each tap */
        return ir_count(ir_in(g, n, 2)) * weight->dim[0] * weight->dim[1] * weight->dim[2] * weight->dim[3];
    case OP_UNIDIRECTIONAL_SEQUENCE_RNN:
        return ir_count(ir_out(g, n, 0)) * (weight->dim[0] + weight->dim[1]);
    case OP_GRU: /* three gates see the input and the state */
        return ir_count(ir_out(g, n, 0)) * (weight->dim[0] + 3 * weight->dim[1]);
    case OP_DEPTHWISE_CONV_2D:
        return ir_count(ir_out(g, n, 0)) * weight->dim[1] * weight->dim[2];
    case OP_FULLY_CONNECTED:
        return ir_count(ir_out(g, n, 0)) * weight->dim[1];
    case OP_TRANSPOSE_CONV:
    case OP_Convolution2DTransposeBias: /* each input meets each tap */
        return ir_count(ir_in(g, n, n->op == OP_TRANSPOSE_CONV ? 2 : 0)) * weight->dim[0] * weight->dim[1] *
               weight->dim[2];
    case OP_BATCH_MATMUL:
        return ir_count(ir_out(g, n, 0)) * ir_dim(ir_in(g, n, 0), n->attr.adj_x ? -2 : -1);
    case OP_SVDF: /* feature and time filters, for each entry of the batch */
        return ir_in(g, n, 0)->dim[0] * (ir_count(weight) + ir_count(ir_in(g, n, 2)));
    case OP_UNIDIRECTIONAL_SEQUENCE_LSTM:
        return lstm_macs(g, n);
    case OP_IF:
    case OP_WHILE:
        return called_macs(n);
    default:
        return 0;
    }
}

int64_t ir_const_int(const struct tensor *t, int64_t i)
{
    return t->type == TYPE_S64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

struct graph ir_copy(const struct graph *g, struct arena *arena)
{
    struct graph copy = *g;
    copy.arena = arena;
    copy.tensor_capacity = g->tensor_count;
    copy.tensors = arena_copy(arena, g->tensors, (size_t)g->tensor_count * sizeof *g->tensors);
    copy.nodes = arena_copy(arena, g->nodes, (size_t)g->node_count * sizeof *g->nodes);
    for (int i = 0; i < g->node_count; i++) {
        struct node *n = &copy.nodes[i];
        n->in = arena_copy(arena, n->in, (size_t)n->in_count * sizeof *n->in);
        n->out = arena_copy(arena, n->out, (size_t)n->out_count * sizeof *n->out);
    }
    copy.inputs = arena_copy(arena, g->inputs, (size_t)g->input_count * sizeof *g->inputs);
    copy.outputs = arena_copy(arena, g->outputs, (size_t)g->output_count * sizeof *g->outputs);
    return copy;
}

int32_t ir_add_tensor(struct graph *g)
{
    ARENA_GROW(g->arena, g->tensors, g->tensor_count, g->tensor_capacity);
    g->tensors[g->tensor_count].name = "";
    return g->tensor_count++;
}

bool ir_fail(const struct node *n, struct diag *diag, const char *format, ...)
{
    char text[240];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return diag_fail(diag, "op %d %s \"%.80s\": %s", n->index, ops[n->op].text, n->name, text);
}

static bool check_arity(const struct node *n, struct diag *diag)
{
    const int32_t in_min = ops[n->op].in_min, in_max = ops[n->op].in_max;
    const int32_t out_min = ops[n->op].out_min, out_max = ops[n->op].out_max;
    if (n->in_count < in_min || n->in_count > in_max) {
        return ir_fail(n, diag, "has %d inputs, want %d%s", n->in_count, n->in_count < in_min ? in_min : in_max,
                       in_min == in_max       ? ""
                       : n->in_count < in_min ? " or more"
                                              : " at most");
    }
    if (n->out_count < out_min || n->out_count > out_max) {
        return ir_fail(n, diag, "has %d outputs, want %d%s", n->out_count, n->out_count < out_min ? out_min : out_max,
                       out_min == out_max       ? ""
                       : n->out_count < out_min ? " or more"
                                                : " at most");
    }
    for (int i = 0; i < in_min; i++) {
        if (n->in[i] == NO_TENSOR) {
            return ir_fail(n, diag, "input %d is left out, but is required", i);
        }
    }
    for (int i = 0; i < out_min; i++) {
        if (n->out[i] == NO_TENSOR) {
            return ir_fail(n, diag, "output %d is left out, but is required", i);
        }
    }
    return true;
}

bool ir_infer(struct graph *g, struct node *n, struct diag *diag)
{
    if (!check_arity(n, diag) || !ops[n->op].shape(g, n, diag)) {
        return false;
    }
    for (int i = 0; i < n->out_count; i++) {
        if (n->out[i] != NO_TENSOR && !ir_check_tensor(g, n->out[i], diag)) {
            return false;
        }
    }
    return true;
}

bool ir_is_constant(const struct graph *g, const struct node *n)
{
    const int flags = ir_op_flags(n->op);
    if ((flags & IR_PURE) == 0 || n->op == OP_WHILE) { /* how long a loop takes is not known beforehand */
        return false;
    }
    for (int i = 0; i < n->in_count && (flags & IR_SHAPE_ONLY) == 0; i++) {
        const struct tensor *t = ir_in(g, n, i);
        if (t != NULL && t->data == NULL) {
            return false;
        }
    }
    return true;
}
