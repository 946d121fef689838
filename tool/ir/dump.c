/* SPDX-License-Identifier: MIT
 *
 * A graph as text, one line a node, the same for the same graph:
 *
 *     in x s8[1,8,8,3] (0.5, -128)
 *     y s8[1,4,4,2] (0.25, 0) = CONV_2D(x, w s8[2,3,3,3] (0.5 0.125) 9b2e04d1, s32[2] {7 -3}) stride_h=2 ...
 *     out y
 *
 * A tensor is its name; where it is written, a constant or a state, its type, dims, (scales, zero point) and value follow:
 * few elements as they are, more as a hash. Attributes that are 0 are left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir.h"

enum { FEW = 8 }; /* elements that are written out */

/* As few digits as say which float it is. */
static void put_real(struct text *t, float value)
{
    char digits[32];
    for (int precision = 1; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value) {
            break;
        }
    }
    text_add(t, "%s", digits);
}

/*** Tensors ***/

static void put_quant(struct text *text, const struct quant *q)
{
    bool same_zero = true;
    for (int32_t i = 1; i < q->count; i++) {
        same_zero = same_zero && q->zero_point[i] == q->zero_point[0];
    }
    text_add(text, " (");
    for (int32_t i = 0; i < q->count && i < FEW; i++) {
        text_add(text, "%s", i > 0 ? " " : "");
        put_real(text, q->scale[i]);
    }
    text_add(text, "%s", q->count > FEW ? " ..." : "");
    if (!same_zero || q->zero_point[0] != 0 || q->count == 1) {
        text_add(text, same_zero ? ", %d" : ", %d ...", q->zero_point[0]);
    }
    if (q->count > 1 && q->axis != 0) {
        text_add(text, ", axis %d", q->axis);
    }
    text_add(text, ")");
}

static void put_element(struct text *text, const struct tensor *t, int64_t i)
{
    const size_t bytes = (size_t)ir_type_bits(t->type) / 8;
    const void *from = (const uint8_t *)t->data + (size_t)i * bytes;
    uint64_t raw = 0;
    switch (t->type) {
    case TYPE_F32:
        put_real(text, *(const float *)from);
        break;
    case TYPE_S8:
        text_add(text, "%d", *(const int8_t *)from);
        break;
    case TYPE_S16:
        text_add(text, "%d", *(const int16_t *)from);
        break;
    case TYPE_S32:
    case TYPE_S64:
        text_add(text, "%" PRId64, ir_const_int(t, i));
        break;
    default:
        memcpy(&raw, from, bytes < sizeof raw ? bytes : sizeof raw);
        text_add(text, "%" PRIu64, raw);
    }
}

/* FNV-1a. */
static uint32_t hash(const uint8_t *data, int64_t size)
{
    uint32_t h = 2166136261;
    for (int64_t i = 0; i < size; i++) {
        h = (h ^ data[i]) * 16777619;
    }
    return h;
}

static void put_value(struct text *text, const struct tensor *t)
{
    const int64_t count = ir_count(t);
    if (count > FEW || ir_type_bits(t->type) < 8) {
        text_add(text, " %08x", hash(t->data, ir_size(t)));
        return;
    }
    text_add(text, " {");
    for (int64_t i = 0; i < count; i++) {
        text_add(text, "%s", i > 0 ? " " : "");
        put_element(text, t, i);
    }
    text_add(text, "}");
}

static void put_tensor(struct text *text, const struct tensor *t)
{
    static const char *const types[] = {
#define TYPE(name, ...) #name,
#include "type.def"
#undef TYPE
    };
    text_add(text, "%s%s", t->name, *t->name != '\0' ? " " : "");
    for (const char *c = types[t->type]; *c != '\0'; c++) {
        text_add(text, "%c", *c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    text_add(text, "[");
    for (int i = 0; i < t->rank; i++) {
        text_add(text, "%s%d", i > 0 ? "," : "", t->dim[i]);
    }
    text_add(text, "]");
    if (t->quant.count > 0) {
        put_quant(text, &t->quant);
    }
    if (t->data != NULL) {
        put_value(text, t);
    }
}

static void put_ends(struct text *text, const struct graph *g, const char *what, const int32_t *tensors, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const struct tensor *t = &g->tensors[tensors[i]];
        text_add(text, "%s ", what);
        if (*what == 'i' || t->data != NULL) {
            put_tensor(text, t);
        } else {
            text_add(text, "%s", t->name);
        }
        text_add(text, "\n");
    }
}

/*** Attributes ***/

enum kind { INT, FLOAT, BOOL };

static const struct {
    const char *name;
    enum kind kind;
    size_t at;
} fields[] = {
#define ATTR(name, kind) {#name, kind, offsetof(struct attr, name)},
#include "attr.def"
#undef ATTR
};

static void put_field(struct text *text, const char *name, enum kind kind, const void *from)
{
    if (kind == FLOAT) {
        const float value = *(const float *)from;
        if (value != 0) {
            text_add(text, " %s=", name);
            put_real(text, value);
        }
        return;
    }
    const int32_t value = kind == BOOL ? *(const bool *)from : *(const int32_t *)from;
    if (value != 0) {
        text_add(text, " %s=%d", name, value);
    }
}

static void put_attr(struct text *text, const struct attr *a)
{
    static const char *const paddings[] = {"SAME", "VALID"};
    static const char *const activations[] = {"NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"};
    if (a->stride_h > 0) {
        text_add(text, " %s", paddings[a->padding]);
    }
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        put_field(text, fields[i].name, fields[i].kind, (const char *)a + fields[i].at);
    }
    if (a->dilation_h > 1 || a->dilation_w > 1) {
        text_add(text, " dilation_h=%d dilation_w=%d", a->dilation_h, a->dilation_w);
    }
    if (a->activation != ACT_NONE) {
        text_add(text, " %s", activations[a->activation]);
    }
    for (int32_t i = 0; i < a->list_count; i++) {
        text_add(text, "%s%d", i > 0 ? "," : " list=", a->list[i]);
    }
}

static void put_node(struct text *text, const struct graph *g, const struct node *n)
{
    for (int i = 0; i < n->out_count; i++) {
        text_add(text, "%s", i > 0 ? ", " : "");
        if (n->out[i] == NO_TENSOR) {
            text_add(text, "-");
        } else {
            put_tensor(text, &g->tensors[n->out[i]]);
        }
    }
    text_add(text, " = %s(", ir_op_text(n->op));
    for (int i = 0; i < n->in_count; i++) {
        const struct tensor *t = ir_in(g, n, i);
        text_add(text, "%s", i > 0 ? ", " : "");
        if (t == NULL) {
            text_add(text, "-");
        } else if (t->data != NULL || t->is_state) {
            put_tensor(text, t);
        } else {
            text_add(text, "%s", t->name);
        }
    }
    text_add(text, ")");
    put_attr(text, &n->attr);
    text_add(text, "\n");
}

const char *ir_dump(const struct graph *g)
{
    struct text text = {.arena = g->arena};
    put_ends(&text, g, "in", g->inputs, g->input_count);
    for (int32_t i = 0; i < g->node_count; i++) {
        put_node(&text, g, &g->nodes[i]);
    }
    put_ends(&text, g, "out", g->outputs, g->output_count);
    text_add(&text, "%s", "");
    return text.data;
}
