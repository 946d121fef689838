/* SPDX-License-Identifier: MIT
 *
 * What the converters of hlo_*.c share: options, bodies, nodes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hlo.h"

static const struct hlo_row rows[] = {
#define HLO(name, convert, op) {TFLITE_##name, OP_##op, hlo_convert_##convert},
#include "hlo_ops.def"
#undef HLO
};

static const struct hlo_join joins[] = {
    {OP_ADD, OP_SUM, OP_UNSORTED_SEGMENT_SUM},
    {OP_MUL, OP_REDUCE_PROD, OP_UNSORTED_SEGMENT_PROD},
    {OP_MAXIMUM, OP_REDUCE_MAX, OP_UNSORTED_SEGMENT_MAX},
    {OP_MINIMUM, OP_REDUCE_MIN, OP_UNSORTED_SEGMENT_MIN},
    {OP_LOGICAL_AND, OP_REDUCE_ALL, OP_COUNT},
    {OP_LOGICAL_OR, OP_REDUCE_ANY, OP_COUNT},
};

const struct hlo_row *hlo_find(int64_t code)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct hlo_join *hlo_find_join(enum op two)
{
    for (size_t i = 0; i < COUNT_OF(joins); i++) {
        if (joins[i].two == two) {
            return &joins[i];
        }
    }
    return NULL;
}

int32_t hlo_fail(struct hlo *h, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (h->fault == NULL) {
        h->fault = arena_printf(h->r->arena, "%s", text);
    }
    return NO_TENSOR;
}

const char *hlo_expand(struct tflite_reader *r, const struct fb_table *operator, struct graph * g,
                       const struct node *from, const struct hlo_row *row)
{
    struct hlo h = {.r = r, .g = g, .from = from, .row = row, .options = fb_sub(operator, OPERATOR_OPTIONS_2)};
    if (from->in_count < 1 && row->convert != hlo_convert_iota) {
        return "has no inputs";
    }
    for (int i = 0; i < from->in_count + from->out_count; i++) {
        const int32_t t = i < from->in_count ? from->in[i] : from->out[i - from->in_count];
        if (t < 0 || t >= g->tensor_count) {
            return arena_printf(r->arena, "has tensor %d of %d", t, g->tensor_count);
        }
        if (!ir_check_tensor(g, t, r->diag)) {
            return "has a tensor that is none";
        }
    }
    if (from->out_count != 1 || g->tensors[from->out[0]].is_state) {
        return arena_printf(r->arena, "has %d outputs, want 1, which is no variable", from->out_count);
    }
    row->convert(&h);
    return h.fault;
}

/*** Inputs, outputs and options ***/

struct tensor hlo_in(const struct hlo *h, int i)
{
    return i < h->from->in_count ? h->g->tensors[h->from->in[i]] : (struct tensor){0};
}

struct tensor hlo_out(const struct hlo *h) { return h->g->tensors[h->from->out[0]]; }

int32_t hlo_list(struct hlo *h, int field, int32_t count, int32_t most, int32_t list[])
{
    const struct fb_vector v = fb_vector(&h->options, field, 8);
    if (count >= 0 ? v.count != (uint32_t)count : v.count > (uint32_t)most) {
        hlo_fail(h, "has %u numbers in list %d of its options, want %s%d", v.count, field, count < 0 ? "at most " : "",
                 count < 0 ? most : count);
        return 0;
    }
    for (uint32_t i = 0; i < v.count; i++) {
        const int64_t value = fb_vector_int(&v, i, 8);
        list[i] = (int32_t)value;
        if (value < -INT32_MAX || value > INT32_MAX) {
            hlo_fail(h, "has %lld in its options, which fits no 32 bits", (long long)value);
            list[i] = 0;
        }
    }
    return (int32_t)v.count;
}

void hlo_in_list(struct hlo *h, int i, int32_t count, int32_t list[])
{
    const struct tensor t = hlo_in(h, i);
    const bool is_list = i < h->from->in_count && t.data != NULL && (t.type == TYPE_S32 || t.type == TYPE_S64);
    if (!is_list || ir_count(&t) != count) {
        hlo_fail(h, "input %d is not %d whole numbers that are known", i, count);
    }
    for (int32_t k = 0; k < count; k++) {
        const int64_t value = h->fault == NULL ? ir_const_int(&t, k) : 1;
        list[k] = value < 0 || value > INT32_MAX ? 0 : (int32_t)value;
    }
}

const struct hlo_join *hlo_body(struct hlo *h, int64_t subgraph)
{
    const struct hlo_join *join = NULL;
    bool takes_second = false;
    if (subgraph > 0 && subgraph < h->r->subgraphs.count) {
        const struct fb_table body = fb_vector_table(&h->r->subgraphs, (uint32_t)subgraph);
        const struct fb_vector in = fb_vector(&body, SUBGRAPH_INPUTS, 4), out = fb_vector(&body, SUBGRAPH_OUTPUTS, 4);
        const struct fb_vector operators = fb_vector(&body, SUBGRAPH_OPERATORS, 4);
        if (in.count == 2 && out.count == 1 && operators.count == 0) {
            takes_second = fb_vector_int(&out, 0, 4) == fb_vector_int(&in, 1, 4);
        } else if (in.count == 2 && out.count == 1 && operators.count == 1) {
            const struct fb_table op = fb_vector_table(&operators, 0);
            const int64_t code = fb_int(&op, OPERATOR_CODE, 4, 0);
            const struct tflite_code *c = code >= 0 && code < h->r->code_count ? &h->r->codes[code] : NULL;
            join = c != NULL ? hlo_find_join(c->hlo != NULL ? c->hlo->op : c->op) : NULL;
        }
    }
    if (join == NULL && !takes_second) {
        hlo_fail(h, "joins values by more than one sum, product, maximum, minimum, and, or; write it as those");
    }
    return join;
}

/*** Making nodes ***/

static int32_t add_tensor(struct hlo *h, enum type type)
{
    const int32_t t = ir_add_tensor(h->g);
    h->g->tensors[t] = (struct tensor){.name = h->from->name, .type = type};
    return t;
}

static void add_node(struct hlo *h, enum op op, const struct attr *attr, const int32_t in[], int32_t count, int32_t out)
{
    struct node *n = tflite_add_node(h->r, h->g);
    *n = (struct node){.op = op, .name = h->from->name, .index = h->from->index, .in_count = count, .out_count = 1};
    n->in = arena_copy(h->r->arena, in, (size_t)count * sizeof *in);
    n->out = arena_copy(h->r->arena, &out, sizeof out);
    if (attr != NULL) {
        n->attr = *attr;
    }
}

int32_t hlo_node(struct hlo *h, enum op op, const struct attr *attr, enum type type, const int32_t in[], int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (in[i] < 0) {
            return hlo_fail(h, "has too few inputs");
        }
    }
    const int32_t out = add_tensor(h, type);
    const struct tensor *x = &h->g->tensors[in[0]];
    if (x->type == type && x->quant.count == 1) {
        h->g->tensors[out].quant = x->quant;
    }
    add_node(h, op, attr, in, count, out);
    return out;
}

static enum type type_of(const struct hlo *h, int32_t x) { return x < 0 ? TYPE_F32 : h->g->tensors[x].type; }

int32_t hlo_binary(struct hlo *h, enum op op, int32_t x, int32_t y)
{
    return hlo_node(h, op, NULL, type_of(h, x), (int32_t[]){x, y}, 2);
}

int32_t hlo_compare(struct hlo *h, enum op op, int32_t x, int32_t y)
{
    return hlo_node(h, op, NULL, TYPE_BOOL, (int32_t[]){x, y}, 2);
}

int32_t hlo_cast(struct hlo *h, int32_t x, enum type type)
{
    return type_of(h, x) == type ? x : hlo_node(h, OP_CAST, &(struct attr){.type = type}, type, &x, 1);
}

int32_t hlo_reshape(struct hlo *h, int32_t x, int32_t rank, const int32_t dim[])
{
    return hlo_binary(h, OP_RESHAPE, x, hlo_const_list(h, rank, dim));
}

int32_t hlo_transpose(struct hlo *h, int32_t x, int32_t rank, const int32_t permutation[])
{
    bool is_same = true;
    for (int32_t d = 0; d < rank; d++) {
        is_same = is_same && permutation[d] == d;
    }
    return is_same ? x : hlo_binary(h, OP_TRANSPOSE, x, hlo_const_list(h, rank, permutation));
}

int32_t hlo_slice(struct hlo *h, int32_t x, int32_t rank, const int32_t begin[], const int32_t size[])
{
    const int32_t in[] = {x, hlo_const_list(h, rank, begin), hlo_const_list(h, rank, size)};
    return hlo_node(h, OP_SLICE, NULL, type_of(h, x), in, 3);
}

int32_t hlo_const(struct hlo *h, int32_t rank, const int32_t dim[], const int32_t values[])
{
    const int32_t t = add_tensor(h, TYPE_S32);
    struct tensor *to = &h->g->tensors[t];
    to->rank = rank;
    for (int32_t d = 0; d < rank; d++) {
        to->dim[d] = dim[d];
    }
    to->data = arena_copy(h->r->arena, values, (size_t)ir_count(to) * sizeof *values);
    return t;
}

int32_t hlo_const_list(struct hlo *h, int32_t count, const int32_t values[]) { return hlo_const(h, 1, &count, values); }

int32_t hlo_real(struct hlo *h, float value)
{
    const int32_t t = add_tensor(h, TYPE_F32);
    h->g->tensors[t].data = arena_copy(h->r->arena, &value, sizeof value);
    return t;
}

void hlo_result(struct hlo *h, int32_t x)
{
    const struct tensor out = hlo_out(h);
    if (h->fault == NULL) {
        add_node(h, OP_RESHAPE, NULL, (int32_t[]){x, hlo_const_list(h, out.rank, out.dim)}, 2, h->from->out[0]);
    }
}

/*** One operator of mote ***/

static void add_same(struct hlo *h, enum op op, const struct attr *attr)
{
    add_node(h, op, attr, h->from->in, h->from->in_count, h->from->out[0]);
}

void hlo_convert_same(struct hlo *h) { add_same(h, h->row->op, NULL); }

void hlo_convert_convert(struct hlo *h) { add_same(h, OP_CAST, &(struct attr){.type = hlo_out(h).type}); }

void hlo_convert_concatenate(struct hlo *h)
{
    add_same(h, OP_CONCATENATION, &(struct attr){.axis = (int32_t)fb_int(&h->options, 0, 8, 0)});
}

void hlo_convert_compare(struct hlo *h)
{
    static const enum op by_direction[] = {OP_EQUAL,   OP_NOT_EQUAL,  OP_GREATER_EQUAL,
                                           OP_GREATER, OP_LESS_EQUAL, OP_LESS};
    const int64_t direction = fb_int(&h->options, 0, 4, 0);
    if (direction < 0 || direction >= (int64_t)COUNT_OF(by_direction)) {
        hlo_fail(h, "compares in direction %lld, want 0 to 5", (long long)direction);
        return;
    }
    add_same(h, by_direction[direction], NULL);
}
