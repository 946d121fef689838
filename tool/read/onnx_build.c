/* SPDX-License-Identifier: MIT
 *
 * How converters make nodes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "onnx.h"

int32_t onnx_fail(struct onnx *o, const char *format, ...)
{
    char text[240];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    diag_fail(o->diag, "op %d %s \"%.80s\": %s", o->index, o->row->name, onnx_out_name(o), text);
    return NO_TENSOR;
}

struct tensor *onnx_tensor(const struct onnx *o, int32_t tensor)
{
    static struct tensor none; /* after an error */
    return tensor < 0 ? &none : &o->g->tensors[tensor];
}

bool onnx_is_const(const struct onnx *o, int32_t tensor) { return tensor >= 0 && o->g->tensors[tensor].data != NULL; }

int onnx_in_list(struct onnx *o, int i, int64_t list[], int most)
{
    const int32_t index = onnx_in(o, i);
    const struct tensor *t = onnx_tensor(o, index);
    if (index == NO_TENSOR || onnx_failed(o)) {
        return -1;
    }
    const int64_t count = ir_count(t), limit = INT64_C(1) << 40;
    if (t->type != TYPE_S32 && t->type != TYPE_S64) {
        onnx_fail(o, "input %d is %s, want int64", i, ir_type_text(t->type));
    } else if (count > 0 && t->data == NULL) {
        onnx_fail(o, "input %d is known only at run time, so the shape of the result is not; export with static shapes",
                  i);
    } else if (count > most) {
        onnx_fail(o, "input %d has %lld values, want at most %d", i, (long long)count, most);
    }
    for (int64_t k = 0; k < count && !onnx_failed(o); k++) {
        const int64_t value = ir_const_int(t, k);
        list[k] = value < -limit ? -limit : value > limit ? limit : value;
    }
    return onnx_failed(o) ? -1 : (int)count;
}

int onnx_in_or_list(struct onnx *o, int i, const char *name, int since, int64_t list[], int most)
{
    return onnx_opset(o) >= since ? onnx_in_list(o, i, list, most) : onnx_list(o, name, list, most);
}

int32_t onnx_axis(struct onnx *o, int64_t axis, int32_t rank)
{
    if (axis < -rank || axis >= rank) {
        onnx_fail(o, "axis is %lld, want it in [%d, %d]", (long long)axis, -rank, rank - 1);
        return 0;
    }
    return (int32_t)(axis < 0 ? axis + rank : axis);
}

/*** Nodes ***/

/* A name for a tensor on the way to the node's output. */
static const char *inner_name(struct onnx *o)
{
    return arena_printf(o->arena, "%.80s~%d", onnx_out_name(o), o->made++);
}

static struct node *add_node(struct onnx *o)
{
    struct graph *g = o->g;
    ARENA_GROW(o->arena, g->nodes, g->node_count, o->node_capacity);
    return &g->nodes[g->node_count++];
}

/*** What is known about tensors ***/

static void make_room(struct onnx *o)
{
    if (o->g->tensor_count <= o->known) {
        return;
    }
    const int32_t room = 2 * o->g->tensor_count + 64;
    struct onnx_quantised *quantised = ARENA_ARRAY(o->arena, room, struct onnx_quantised);
    int32_t *writers = ARENA_ARRAY(o->arena, room, int32_t);
    for (int32_t i = 0; i < room; i++) {
        quantised[i] = i < o->known ? o->quantised[i] : (struct onnx_quantised){.tensor = NO_TENSOR};
        writers[i] = i < o->known ? o->writers[i] : -1;
    }
    o->quantised = quantised;
    o->writers = writers;
    o->known = room;
}

struct onnx_quantised onnx_quantised(const struct onnx *o, int32_t tensor)
{
    return tensor >= 0 && tensor < o->known ? o->quantised[tensor] : (struct onnx_quantised){.tensor = NO_TENSOR};
}

void onnx_set_quantised(struct onnx *o, int32_t tensor, const struct onnx_quantised *q)
{
    if (tensor >= 0) {
        make_room(o);
        o->quantised[tensor] = *q;
    }
}

const struct node *onnx_writer(const struct onnx *o, int32_t tensor)
{
    return tensor >= 0 && tensor < o->known && o->writers[tensor] >= 0 ? &o->g->nodes[o->writers[tensor]] : NULL;
}

static bool finish_node(struct onnx *o, struct node *n)
{
    struct graph *g = o->g;
    if (!ir_infer(g, n, o->diag)) {
        return false;
    }
    if (o->evaluate != NULL && ir_is_constant(g, n)) {
        g->node_count--;
        struct node folded = *n;
        return o->evaluate(g, &folded, o->diag);
    }
    make_room(o);
    for (int i = 0; i < n->out_count; i++) {
        o->writers[n->out[i]] = (int32_t)(n - g->nodes);
    }
    return true;
}

void onnx_node(struct onnx *o, enum op op, const struct attr *attr, const int32_t in[], int in_count,
               const enum type types[], int32_t out[], int out_count)
{
    for (int i = 0; i < out_count; i++) {
        out[i] = NO_TENSOR;
    }
    if (onnx_failed(o)) {
        return;
    }
    for (int i = 0; i < in_count; i++) {
        if (in[i] < NO_TENSOR) {
            onnx_fail(o, "takes a sequence or an optional value, want a tensor");
            return;
        }
    }
    struct node n = {.op = op, .index = o->index, .in_count = in_count, .out_count = out_count};
    n.attr = attr != NULL ? *attr : (struct attr){0};
    n.in = arena_copy(o->arena, in, (size_t)in_count * sizeof in[0]);
    n.out = ARENA_ARRAY(o->arena, out_count, int32_t);
    n.name = onnx_out_name(o);
    for (int i = 0; i < out_count; i++) {
        const int32_t t = ir_add_tensor(o->g);
        o->g->tensors[t] = (struct tensor){.name = inner_name(o), .type = types[i]};
        if (o->quant != NULL) {
            o->g->tensors[t].quant = *o->quant;
        }
        n.out[i] = t;
    }
    struct node *added = add_node(o);
    *added = n;
    const int32_t count = o->g->node_count - 1;
    if (finish_node(o, added)) {
        memcpy(out, n.out, (size_t)out_count * sizeof out[0]);
    } else {
        o->g->node_count = count; /* it has been said what is wrong with it */
    }
}

int32_t onnx_typed(struct onnx *o, enum op op, const struct attr *attr, enum type type, const int32_t in[], int count)
{
    int32_t out;
    onnx_node(o, op, attr, in, count, &type, &out, 1);
    return out;
}

int32_t onnx_emit_quantised(struct onnx *o, enum op op, const struct attr *attr, enum type type, const int32_t in[],
                            int count, const struct quant *quant)
{
    o->quant = quant;
    const int32_t out = onnx_typed(o, op, attr, type, in, count);
    o->quant = NULL;
    return out;
}

int32_t onnx_emit(struct onnx *o, enum op op, const struct attr *attr, const int32_t in[], int count)
{
    return onnx_typed(o, op, attr, onnx_tensor(o, in[0])->type, in, count);
}

int32_t onnx_unary(struct onnx *o, enum op op, int32_t x) { return onnx_emit(o, op, NULL, &x, 1); }

int32_t onnx_binary(struct onnx *o, enum op op, int32_t x, int32_t y)
{
    return onnx_emit(o, op, NULL, (int32_t[]){x, y}, 2);
}

int32_t onnx_compare(struct onnx *o, enum op op, int32_t x, int32_t y)
{
    return onnx_typed(o, op, NULL, TYPE_BOOL, (int32_t[]){x, y}, 2);
}

int32_t onnx_select(struct onnx *o, int32_t condition, int32_t yes, int32_t no)
{
    return onnx_typed(o, OP_SELECT_V2, NULL, onnx_tensor(o, yes)->type, (int32_t[]){condition, yes, no}, 3);
}

int32_t onnx_cast(struct onnx *o, int32_t x, enum type type)
{
    return onnx_tensor(o, x)->type == type ? x : onnx_typed(o, OP_CAST, &(struct attr){.type = type}, type, &x, 1);
}

int32_t onnx_to_single(struct onnx *o, int32_t x)
{
    static const struct onnx_row row = {.name = "input"};
    const struct onnx_row *before = o->row;
    o->row = before == NULL ? &row : before;
    const enum type type = onnx_tensor(o, x)->type;
    const int32_t result = type == TYPE_F16 || type == TYPE_F64 ? onnx_cast(o, x, TYPE_F32) : x;
    o->row = before;
    return result;
}

int32_t onnx_reshape(struct onnx *o, int32_t x, int32_t rank, const int64_t dim[])
{
    int32_t shape[IR_MAX_RANK];
    for (int32_t d = 0; d < rank; d++) {
        if (rank > IR_MAX_RANK || dim[d] < -1 || dim[d] > INT32_MAX) {
            return onnx_fail(o, "asks for a dim of %lld among %d", (long long)dim[d], rank);
        }
        shape[d] = (int32_t)dim[d];
    }
    const int32_t list = onnx_const(o, TYPE_S32, 1, &rank, shape);
    const int32_t y = onnx_emit(o, OP_RESHAPE, NULL, (int32_t[]){x, list}, 2);
    onnx_follow(o, x, y, OP_RESHAPE, list);
    return y;
}

int32_t onnx_copy(struct onnx *o, int32_t x)
{
    const struct tensor t = *onnx_tensor(o, x);
    int64_t dim[IR_MAX_RANK];
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = t.dim[d];
    }
    return onnx_reshape(o, x, t.rank, dim);
}

int32_t onnx_transpose(struct onnx *o, int32_t x, const int32_t permutation[])
{
    const int32_t rank = onnx_tensor(o, x)->rank;
    const int32_t list = onnx_const(o, TYPE_S32, 1, &rank, permutation);
    const int32_t y = onnx_emit(o, OP_TRANSPOSE, NULL, (int32_t[]){x, list}, 2);
    onnx_follow(o, x, y, OP_TRANSPOSE, list);
    return y;
}

int32_t onnx_reduce(struct onnx *o, enum op op, int32_t x, const bool reduced[], bool keep)
{
    int64_t axes[IR_MAX_RANK];
    int count = 0;
    for (int32_t d = 0; d < onnx_tensor(o, x)->rank; d++) {
        if (reduced[d]) {
            axes[count++] = d;
        }
    }
    return onnx_emit(o, op, &(struct attr){.keep_dims = keep}, (int32_t[]){x, onnx_const_list(o, count, axes)}, 2);
}

int32_t onnx_slice(struct onnx *o, int32_t x, int32_t axis, int64_t begin, int64_t count)
{
    const struct tensor t = *onnx_tensor(o, x);
    int64_t begins[IR_MAX_RANK], sizes[IR_MAX_RANK];
    for (int32_t d = 0; d < t.rank; d++) {
        begins[d] = d == axis ? begin : 0;
        sizes[d] = d == axis ? count : t.dim[d];
    }
    return onnx_emit(o, OP_SLICE, NULL,
                     (int32_t[]){x, onnx_const_list(o, t.rank, begins), onnx_const_list(o, t.rank, sizes)}, 3);
}

int32_t onnx_concat(struct onnx *o, const int32_t in[], int count, int32_t axis)
{
    return count == 1 ? in[0] : onnx_emit(o, OP_CONCATENATION, &(struct attr){.axis = axis}, in, count);
}

int32_t onnx_drop_axis(struct onnx *o, int32_t x, int32_t axis)
{
    const struct tensor t = *onnx_tensor(o, x);
    int64_t dim[IR_MAX_RANK];
    int32_t rank = 0;
    for (int32_t d = 0; d < t.rank; d++) {
        if (d != axis) {
            dim[rank++] = t.dim[d];
        }
    }
    return onnx_reshape(o, x, rank, dim);
}

int32_t onnx_move_axis(struct onnx *o, int32_t x, int32_t from, int32_t to)
{
    const int32_t rank = onnx_tensor(o, x)->rank;
    int32_t permutation[IR_MAX_RANK], other = 0;
    for (int32_t d = 0; d < rank; d++) {
        other += d == 0 && from == 0;
        if (d == to) {
            permutation[d] = from;
        } else {
            permutation[d] = other++;
            other += other == from;
        }
    }
    return from == to ? x : onnx_transpose(o, x, permutation);
}

int32_t onnx_expand_rank(struct onnx *o, int32_t x, int32_t rank)
{
    const struct tensor t = *onnx_tensor(o, x);
    int64_t dim[IR_MAX_RANK];
    for (int32_t d = 0; d < rank && rank <= IR_MAX_RANK; d++) {
        dim[d] = d < rank - t.rank ? 1 : t.dim[d - (rank - t.rank)];
    }
    return t.rank >= rank ? x : onnx_reshape(o, x, rank, dim);
}

int32_t onnx_channels(struct onnx *o, int32_t x, int32_t rank)
{
    int64_t dim[IR_MAX_RANK] = {ir_count(onnx_tensor(o, x)), 1, 1, 1, 1, 1, 1, 1};
    return rank <= 2 ? x : onnx_reshape(o, x, rank - 1, dim);
}

/*** Constants ***/

int32_t onnx_const(struct onnx *o, enum type type, int32_t rank, const int32_t dim[], const void *data)
{
    if (onnx_failed(o)) {
        return NO_TENSOR;
    }
    const int32_t index = ir_add_tensor(o->g);
    struct tensor *t = &o->g->tensors[index];
    *t = (struct tensor){.name = inner_name(o), .type = type, .rank = rank};
    if (rank > 0) {
        memcpy(t->dim, dim, (size_t)rank * sizeof dim[0]);
    }
    t->data = arena_copy(o->arena, data, (size_t)ir_size(t));
    return index;
}

int32_t onnx_real(struct onnx *o, float value) { return onnx_const(o, TYPE_F32, 0, NULL, &value); }

int32_t onnx_number(struct onnx *o, enum type type, int64_t value)
{
    const float real = (float)value;
    return type == TYPE_F32 ? onnx_real(o, real) : onnx_const(o, type, 0, NULL, &value); /* little-endian */
}

int32_t onnx_const_list(struct onnx *o, int count, const int64_t list[])
{
    int32_t *values = ARENA_ARRAY(o->arena, count, int32_t);
    for (int i = 0; i < count; i++) {
        if (list[i] < INT32_MIN || list[i] > INT32_MAX) {
            return onnx_fail(o, "has the number %lld, which is too large here", (long long)list[i]);
        }
        values[i] = (int32_t)list[i];
    }
    return onnx_const(o, TYPE_S32, 1, &(int32_t){count}, values);
}

int32_t onnx_filled(struct onnx *o, int32_t scalar, int32_t like)
{
    const struct tensor t = *onnx_tensor(o, like);
    int64_t dim[IR_MAX_RANK];
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = t.dim[d];
    }
    const int32_t in[] = {onnx_const_list(o, t.rank, dim), scalar};
    return onnx_typed(o, OP_FILL, NULL, onnx_tensor(o, scalar)->type, in, 2);
}

int32_t onnx_affine(struct onnx *o, int32_t x, float factor, float bias)
{
    x = factor == 1 ? x : onnx_binary(o, OP_MUL, x, onnx_real(o, factor));
    return bias == 0 ? x : onnx_binary(o, OP_ADD, x, onnx_real(o, bias));
}

enum type onnx_wide_type(enum type type)
{
    switch (type) {
    case TYPE_S8:
    case TYPE_U8:
    case TYPE_S16:
    case TYPE_U16:
        return TYPE_S32;
    case TYPE_U32:
        return TYPE_S64;
    default:
        return type;
    }
}
