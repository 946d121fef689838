/* SPDX-License-Identifier: MIT
 *
 * An activation that clamps goes into the operator before it. That operator clamps its outputs anyway, after rounding;
 * so with the same quantisation on both sides the result is the same to the bit. For integers that is tried out: all
 * values of the type through the activation, and through a pooling operator of one pixel that has it fused.
 */
#include <string.h>

#include "probe.h"
#include "wires.h"

/* Two ranges, one after the other: the range of both; ACT_SIGN_BIT: none has a name. */
static const enum activation both[4][4] = {
    [ACT_NONE] = {ACT_NONE, ACT_RELU, ACT_RELU_N1_TO_1, ACT_RELU6},
    [ACT_RELU] = {ACT_RELU, ACT_RELU, ACT_SIGN_BIT, ACT_RELU6},
    [ACT_RELU_N1_TO_1] = {ACT_RELU_N1_TO_1, ACT_SIGN_BIT, ACT_RELU_N1_TO_1, ACT_SIGN_BIT},
    [ACT_RELU6] = {ACT_RELU6, ACT_RELU6, ACT_SIGN_BIT, ACT_RELU6},
};

static const enum op operators[] = {[ACT_RELU] = OP_RELU, [ACT_RELU_N1_TO_1] = OP_RELU_N1_TO_1, [ACT_RELU6] = OP_RELU6};

/* The activation that the operator is; ACT_NONE: it is another. */
static enum activation find_activation(enum op op)
{
    return op == OP_RELU ? ACT_RELU : op == OP_RELU_N1_TO_1 ? ACT_RELU_N1_TO_1 : op == OP_RELU6 ? ACT_RELU6 : ACT_NONE;
}

static bool may_fuse(enum op op)
{
    switch (op) {
    case OP_CONV_2D:
    case OP_DEPTHWISE_CONV_2D:
    case OP_FULLY_CONNECTED:
    case OP_TRANSPOSE_CONV:
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_AVERAGE_POOL_2D:
    case OP_MAX_POOL_2D:
    case OP_L2_POOL_2D:
        return true;
    default:
        return false;
    }
}

/* All values of an integer type of up to 16 bits that is quantised as `like`, as a constant [1, 1, count, 1]. */
static int32_t add_all_values(struct graph *g, const struct tensor *like)
{
    const int bytes = ir_type_bits(like->type) / 8, count = 1 << 8 * bytes;
    uint8_t *data = arena_array(g->arena, (size_t)count, (size_t)bytes);
    for (int i = 0; i < count; i++) {
        memcpy(data + i * bytes, &i, (size_t)bytes); /* little-endian */
    }
    return probe_add(g, like, 4, (int32_t[]){1, 1, count, 1}, data);
}

/* Clamps the activation as it does when it is fused? */
static bool clamps_alike(struct graph *g, const struct node *n, enum activation activation, pass_evaluate *evaluate)
{
    const struct tensor like = *ir_in(g, n, 0);
    if (like.type == TYPE_F32) {
        return true;
    }
    const int32_t mark = g->tensor_count, values = add_all_values(g, &like);
    struct node fused = {.op = OP_MAX_POOL_2D, .name = n->name, .index = n->index, .out = n->out, .out_count = 1};
    fused.attr = (struct attr){
        .padding = PADDING_VALID, .stride_h = 1, .stride_w = 1, .filter_h = 1, .filter_w = 1, .activation = activation};
    const void *alone = probe_run(g, n, &values, 1, evaluate), *inside = probe_run(g, &fused, &values, 1, evaluate);
    const size_t size = (size_t)ir_size(&g->tensors[values]);
    g->tensor_count = mark;
    return alone != NULL && inside != NULL && memcmp(alone, inside, size) == 0;
}

/* Puts the activation into the node that writes its input; false: it cannot have it. */
static bool set_activation(const struct graph *g, struct node *writer, enum activation activation)
{
    const enum activation own = find_activation(writer->op);
    const bool is_clamp = own != ACT_NONE && same_kind(ir_in(g, writer, 0), ir_out(g, writer, 0));
    if (!is_clamp && !may_fuse(writer->op)) {
        return false;
    }
    const enum activation before = own != ACT_NONE ? own : writer->attr.activation;
    const enum activation result = before <= ACT_RELU6 ? both[before][activation] : ACT_SIGN_BIT;
    if (result == ACT_SIGN_BIT) {
        return false;
    }
    if (own != ACT_NONE) {
        writer->op = operators[result];
    } else {
        writer->attr.activation = result;
    }
    return true;
}

static bool has_right_types(const struct tensor *in, const struct tensor *out)
{
    const bool is_integer = in->type == TYPE_S8 || in->type == TYPE_U8 || in->type == TYPE_S16;
    return same_kind(in, out) && (in->type == TYPE_F32 || (is_integer && in->quant.count == 1)) && ir_count(in) > 0;
}

bool pass_fuse_activations(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)diag;
    struct wires w;
    wires_init(&w, g);
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const enum activation activation = find_activation(n->op);
        const int32_t from = activation == ACT_NONE ? NO_TENSOR : wires_in(&w, n, 0);
        struct node *writer = wires_writer(&w, from);
        if (writer == NULL || w.readers[from] != 1 || w.is_output[from] ||
            !has_right_types(&g->tensors[from], ir_out(g, n, 0)) || !clamps_alike(g, n, activation, evaluate)) {
            continue;
        }
        if (set_activation(g, writer, activation)) {
            wires_absorb(&w, n, from);
        }
    }
    wires_apply(&w);
    return true;
}
