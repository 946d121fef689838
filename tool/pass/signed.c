/* SPDX-License-Identifier: MIT
 *
 * uint8 becomes int8: values and zero points less 128 are the same numbers, and kernels for all cores are made for int8.
 * Convolutions and matrix products change, and what lies between them where its arithmetic does not know one type from
 * the other; the rest, and the ends of the graph, get conversions. Weights that fit lose their zero point, too. What is
 * left of uint8 is how such operators round their factor: `from_uint8`.
 */
#include <string.h>

#include "wires.h"

enum { HALF = 128 };

struct signer {
    struct graph *g;
    int32_t *twin;      /* [tensor]: the same in int8; NO_TENSOR: none yet */
    bool *is_made;      /* [tensor]: it is there in uint8, too */
    struct node *nodes; /* the new ones */
    int32_t node_count;
};

static bool is_uint8(const struct tensor *t)
{
    return t != NULL && t->type == TYPE_U8 && t->quant.count == 1 && !t->is_state;
}

/*** Which nodes ***/

static bool is_sum(const struct graph *g, const struct node *n)
{
    if (n->op != OP_CONV_2D && n->op != OP_DEPTHWISE_CONV_2D && n->op != OP_FULLY_CONNECTED) {
        return false;
    }
    const struct tensor *filter = ir_in(g, n, 1), *bias = ir_in(g, n, 2);
    return is_uint8(ir_in(g, n, 0)) && is_uint8(filter) && filter->data != NULL &&
           (bias == NULL || bias->type == TYPE_S32) && is_uint8(ir_out(g, n, 0));
}

/* What computes the same on both types, with all inputs and the output alike. */
static bool is_alike(const struct graph *g, const struct node *n)
{
    const struct tensor *out = n->out_count == 1 ? ir_out(g, n, 0) : NULL;
    if (!is_uint8(out) || !is_uint8(ir_in(g, n, 0))) {
        return false;
    }
    switch (n->op) {
    case OP_MAX_POOL_2D:
    case OP_RESHAPE:
    case OP_SOFTMAX:
        return true;
    case OP_ADD:
    case OP_MUL:
        return is_uint8(ir_in(g, n, 1));
    case OP_CONCATENATION:
        for (int i = 0; i < n->in_count; i++) {
            if (!is_uint8(ir_in(g, n, i)) || !same_quant(ir_in(g, n, i), out)) {
                return false;
            }
        }
        return true;
    default:
        return false;
    }
}

/*** Tensors ***/

static int32_t add_signed(struct graph *g, const struct tensor *like, const void *data)
{
    const int32_t t = ir_add_tensor(g), zero = ir_zero_point(like) - HALF;
    g->tensors[t] = *like;
    g->tensors[t].name = arena_printf(g->arena, "%s_int8", like->name);
    g->tensors[t].type = TYPE_S8;
    g->tensors[t].data = data;
    g->tensors[t].quant.zero_point = arena_copy(g->arena, &zero, sizeof zero);
    return t;
}

/* The bytes of a constant less `offset`, which they can hold. */
static const int8_t *shift_bytes(struct graph *g, const struct tensor *t, int32_t offset)
{
    const int64_t count = ir_count(t);
    int8_t *shifted = ARENA_ARRAY(g->arena, count, int8_t);
    for (int64_t i = 0; i < count; i++) {
        shifted[i] = (int8_t)(((const uint8_t *)t->data)[i] - offset);
    }
    return shifted;
}

static void add_conversion(struct signer *s, int32_t from, int32_t to, int32_t index)
{
    struct graph *g = s->g;
    struct node *n = &s->nodes[s->node_count++];
    *n = (struct node){.op = OP_QUANTIZE, .name = g->tensors[to].name, .index = index, .in_count = 1, .out_count = 1};
    n->in = arena_copy(g->arena, &from, sizeof from);
    n->out = arena_copy(g->arena, &to, sizeof to);
}

/* Tensor t in int8. */
static int32_t find_twin(struct signer *s, int32_t t, int32_t index)
{
    struct graph *g = s->g;
    if (s->twin[t] == NO_TENSOR) {
        const struct tensor like = g->tensors[t];
        s->twin[t] = add_signed(g, &like, like.data != NULL ? shift_bytes(g, &like, HALF) : NULL);
        if (like.data == NULL) {
            add_conversion(s, t, s->twin[t], index);
        }
    }
    return s->twin[t];
}

/* Weights in int8, without a zero point if they fit. */
static int32_t add_weights(struct graph *g, int32_t t)
{
    static const int32_t none = 0;
    const struct tensor like = g->tensors[t];
    const int32_t zero = ir_zero_point(&like);
    const int64_t count = ir_count(&like);
    bool fits = true;
    for (int64_t i = 0; i < count && fits; i++) {
        const int32_t w = ((const uint8_t *)like.data)[i] - zero;
        fits = w >= INT8_MIN && w <= INT8_MAX;
    }
    const int32_t weights = add_signed(g, &like, shift_bytes(g, &like, fits ? zero : HALF));
    if (fits) {
        g->tensors[weights].quant.zero_point = &none;
    }
    return weights;
}

/*** Nodes ***/

static void make_signed(struct signer *s, struct node n)
{
    struct graph *g = s->g;
    const bool has_weights = is_sum(g, &n);
    int32_t *in = arena_copy(g->arena, n.in, (size_t)n.in_count * sizeof n.in[0]);
    for (int i = 0; i < n.in_count; i++) {
        if (has_weights && i == 1) {
            in[i] = add_weights(g, n.in[i]);
        } else if (n.in[i] != NO_TENSOR && is_uint8(&g->tensors[n.in[i]])) {
            in[i] = find_twin(s, n.in[i], n.index);
        }
    }
    const struct tensor like = *ir_out(g, &n, 0);
    s->twin[n.out[0]] = add_signed(g, &like, NULL);
    s->is_made[n.out[0]] = false;
    n.in = in;
    n.out = arena_copy(g->arena, &s->twin[n.out[0]], sizeof n.out[0]);
    n.attr.from_uint8 = has_weights;
    s->nodes[s->node_count++] = n;
}

/* Makes tensor t in uint8, if it is there in int8 only. */
static void make_plain(struct signer *s, int32_t t, int32_t index)
{
    if (t != NO_TENSOR && !s->is_made[t]) {
        add_conversion(s, s->twin[t], t, index);
        s->is_made[t] = true;
    }
}

static bool has_twin(const struct signer *s, const struct node *n)
{
    for (int i = 0; i < n->in_count; i++) {
        if (n->in[i] != NO_TENSOR && s->twin[n->in[i]] != NO_TENSOR) {
            return true;
        }
    }
    return false;
}

bool pass_make_signed(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)evaluate;
    (void)diag;
    struct signer s = {.g = g};
    s.twin = ARENA_ARRAY(g->arena, g->tensor_count, int32_t);
    s.is_made = ARENA_ARRAY(g->arena, g->tensor_count, bool);
    s.nodes = ARENA_ARRAY(g->arena, g->node_count + 2 * g->tensor_count, struct node);
    for (int32_t t = 0; t < g->tensor_count; t++) {
        s.twin[t] = NO_TENSOR;
        s.is_made[t] = true;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (is_sum(g, n) || (is_alike(g, n) && has_twin(&s, n))) {
            make_signed(&s, *n);
            continue;
        }
        for (int k = 0; k < n->in_count; k++) {
            make_plain(&s, n->in[k], n->index);
        }
        s.nodes[s.node_count++] = *n;
    }
    for (int32_t i = 0; i < g->output_count; i++) {
        const int32_t last = g->node_count > 0 ? g->nodes[g->node_count - 1].index : 0;
        make_plain(&s, g->outputs[i], last);
    }
    g->nodes = s.nodes;
    g->node_count = s.node_count;
    return true;
}
