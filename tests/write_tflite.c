/* SPDX-License-Identifier: MIT
 *
 * A flatbuffer from the top down: a table is its vtable and 8 bytes for each field; what a field leads to
 * follows later in the file, and its offset is filled in then. Larger than it could be, but simple.
 */
#include "write_tflite.h"

#include <string.h>

enum field_kind { I8, I32, F32, BOOL, TYPE, LIST, TEXT };

static const struct option {
    enum op op;
    int field;
    enum field_kind kind;
    size_t at; /* offset in struct attr */
} options[] = {
#define FIELD(op, field, kind, attribute, absent) {OP_##op, field, kind, offsetof(struct attr, attribute)},
#include "../tool/read/tflite_options.def"
#undef FIELD
};

/* The options of custom operators, entries of a flexbuffer. */
static const struct custom {
    enum op op;
    enum field_kind kind;
    const char *key;
    size_t at; /* offset in struct attr */
} customs[] = {
#define CUSTOM(op, kind, attribute, need) {OP_##op, kind, #attribute, offsetof(struct attr, attribute)},
#include "../tool/read/custom_options.def"
#undef CUSTOM
};

static const struct {
    int32_t code;
    const char *name;
} ops[] = {
#define OP(name, code, ...) [OP_##name] = {code, #name},
#include "../tool/ir/op.def"
#undef OP
};

static const uint8_t type_codes[] = {
#define TYPE(name, bits, code, text) [TYPE_##name] = code,
#include "../tool/ir/type.def"
#undef TYPE
};

enum { CUSTOM = 32, SLOT = 8 };

struct writer {
    struct arena *arena;
    uint8_t *data;
    size_t size, capacity;
};

/* Room for `bytes` zeros at a multiple of `align`; returns where. */
static size_t reserve(struct writer *w, size_t bytes, size_t align)
{
    const size_t at = (w->size + align - 1) / align * align;
    if (at + bytes > w->capacity) {
        w->capacity = 2 * (at + bytes) + 1024;
        uint8_t *grown = arena_alloc(w->arena, w->capacity);
        if (w->size > 0) {
            memcpy(grown, w->data, w->size);
        }
        w->data = grown;
    }
    w->size = at + bytes;
    return at;
}

static void put(struct writer *w, size_t at, int64_t value, int bytes) { memcpy(w->data + at, &value, (size_t)bytes); }

static size_t add_table(struct writer *w, int fields)
{
    const int vtable_size = 4 + 2 * fields, size = SLOT + SLOT * fields;
    const size_t vtable = reserve(w, (size_t)vtable_size, 2);
    const size_t table = reserve(w, (size_t)size, SLOT);
    put(w, vtable, vtable_size, 2);
    put(w, vtable + 2, size, 2);
    put(w, table, (int64_t)(table - vtable), 4);
    return table;
}

/* Marks a field as present; returns where its value goes. */
static size_t use_field(struct writer *w, size_t table, int field)
{
    int32_t distance;
    memcpy(&distance, w->data + table, sizeof distance);
    put(w, table - (size_t)distance + 4 + 2 * (size_t)field, SLOT + SLOT * field, 2);
    return table + SLOT + SLOT * (size_t)field;
}

static void set_int(struct writer *w, size_t table, int field, int64_t value, int bytes)
{
    put(w, use_field(w, table, field), value, bytes);
}

static void link_to(struct writer *w, size_t from, size_t to) { put(w, from, (int64_t)(to - from), 4); }

/* A vector in a field; returns where its first element goes. */
static size_t add_vector(struct writer *w, size_t table, int field, size_t count, size_t bytes, size_t align)
{
    const size_t slot = use_field(w, table, field);
    const size_t elements = reserve(w, 4 + align + count * bytes, 4) + 4;
    const size_t first = (elements + align - 1) / align * align;
    put(w, first - 4, (int64_t)count, 4);
    link_to(w, slot, first - 4);
    return first;
}

static void set_bytes(struct writer *w, size_t table, int field, const void *from, size_t count, size_t bytes)
{
    const size_t first = add_vector(w, table, field, count, bytes, bytes == 1 ? 16 : bytes);
    if (count > 0) {
        memcpy(w->data + first, from, count * bytes);
    }
}

static void set_text(struct writer *w, size_t table, int field, const char *text)
{
    const size_t first = add_vector(w, table, field, strlen(text), 1, 4);
    memcpy(w->data + first, text, strlen(text));
}

static size_t add_sub(struct writer *w, size_t table, int field, int fields)
{
    const size_t slot = use_field(w, table, field);
    const size_t sub = add_table(w, fields);
    link_to(w, slot, sub);
    return sub;
}

/* A new table as element i of a vector. */
static size_t add_element(struct writer *w, size_t first, size_t i, int fields)
{
    const size_t table = add_table(w, fields);
    link_to(w, first + 4 * i, table);
    return table;
}

static void write_quant(struct writer *w, size_t tensor, const struct quant *q)
{
    if (q->count == 0) {
        return;
    }
    const size_t table = add_sub(w, tensor, 4, 7);
    set_bytes(w, table, 2, q->scale, (size_t)q->count, sizeof q->scale[0]);
    const size_t zero = add_vector(w, table, 3, (size_t)q->count, 8, 8);
    for (int32_t i = 0; i < q->count; i++) {
        put(w, zero + 8 * (size_t)i, q->zero_point[i], 8);
    }
    set_int(w, table, 6, q->axis, 4);
}

static void write_tensor(struct writer *w, size_t table, const struct tensor *t, int32_t buffer)
{
    set_bytes(w, table, 0, t->dim, (size_t)t->rank, sizeof t->dim[0]);
    set_int(w, table, 1, type_codes[t->type], 1);
    set_int(w, table, 2, buffer, 4);
    set_text(w, table, 3, t->name);
    write_quant(w, table, &t->quant);
    set_int(w, table, 5, t->is_state, 1);
}

static void write_option(struct writer *w, size_t table, const struct option *o, const struct attr *a)
{
    const void *from = (const char *)a + o->at;
    switch (o->kind) {
    case I8:
        set_int(w, table, o->field, *(const int32_t *)from, 1);
        break;
    case I32:
        set_int(w, table, o->field, *(const int32_t *)from, 4);
        break;
    case F32: {
        int32_t bits;
        memcpy(&bits, from, sizeof bits);
        set_int(w, table, o->field, bits, 4);
        break;
    }
    case BOOL:
        set_int(w, table, o->field, *(const bool *)from, 1);
        break;
    case TYPE:
        set_int(w, table, o->field, type_codes[*(const enum type *)from], 1);
        break;
    case LIST:
        set_bytes(w, table, o->field, a->list, (size_t)a->list_count, sizeof a->list[0]);
        break;
    case TEXT:
        set_text(w, table, o->field, *(const char *const *)from);
        break;
    }
}

/* A flexbuffer of all options of a custom operator: keys, where they are, then values and their types, all of 4 bytes. */
static void write_customs(struct writer *w, size_t table, const struct node *n)
{
    enum { MOST = 16, FLEX_INT = 1, FLEX_MAP = 9, FLEX_BOOL = 26, WIDTH_4 = 2 };
    struct writer flex = {.arena = w->arena};
    const struct custom *entry[MOST];
    size_t key[MOST], count = 0;
    for (size_t i = 0; i < COUNT_OF(customs) && count < MOST; i++) {
        if (customs[i].op == n->op) {
            entry[count] = &customs[i];
            const size_t size = strlen(customs[i].key) + 1;
            key[count] = reserve(&flex, size, 1);
            memcpy(flex.data + key[count++], customs[i].key, size);
        }
    }
    if (count == 0) {
        return;
    }
    const size_t keys = reserve(&flex, 4 * count, 4);
    const size_t map = reserve(&flex, 3 * 4 + 5 * count + 6, 4), values = map + 3 * 4, types = values + 4 * count;
    put(&flex, map, (int64_t)(map - keys), 4);
    put(&flex, map + 4, 4, 4);
    put(&flex, map + 8, (int64_t)count, 4);
    for (size_t i = 0; i < count; i++) {
        const char *from = (const char *)&n->attr + entry[i]->at;
        const bool is_bool = entry[i]->kind == BOOL;
        put(&flex, keys + 4 * i, (int64_t)(keys + 4 * i - key[i]), 4);
        put(&flex, values + 4 * i, is_bool ? *(const bool *)from : *(const int32_t *)(const void *)from, 4);
        put(&flex, types + i, (is_bool ? FLEX_BOOL : FLEX_INT) << 2 | WIDTH_4, 1);
    }
    const size_t root = types + count;
    put(&flex, root, (int64_t)(root - values), 4);
    put(&flex, root + 4, FLEX_MAP << 2 | WIDTH_4, 1);
    put(&flex, root + 5, 4, 1);
    set_bytes(w, table, 5, flex.data, flex.size, 1);
}

static void write_operator(struct writer *w, size_t table, const struct node *n, int32_t code)
{
    set_int(w, table, 0, code, 4);
    set_bytes(w, table, 1, n->in, (size_t)n->in_count, 4);
    set_bytes(w, table, 2, n->out, (size_t)n->out_count, 4);
    if (n->attr.custom_size > 0) {
        set_bytes(w, table, 5, n->attr.custom, n->attr.custom_size, 1);
    } else {
        write_customs(w, table, n);
    }
    int fields = 0;
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (options[i].op == n->op && options[i].field >= fields) {
            fields = options[i].field + 1;
        }
    }
    if (fields == 0) {
        return;
    }
    set_int(w, table, 3, 1, 1); /* the type of the union: any */
    const size_t sub = add_sub(w, table, 4, fields);
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (options[i].op == n->op) {
            write_option(w, sub, &options[i], &n->attr);
        }
    }
}

static void write_code(struct writer *w, size_t table, enum op op)
{
    const bool is_custom = ops[op].code < 0;
    const int32_t code = is_custom ? CUSTOM : ops[op].code;
    set_int(w, table, 0, code > 127 ? 127 : code, 1);
    set_int(w, table, 3, code, 4);
    if (is_custom) {
        set_text(w, table, 1, ops[op].name);
    }
}

/* Buffer 0 is empty by convention; buffer i + 1 belongs to tensor i. */
static void write_buffers(struct writer *w, size_t model, const struct graph *g)
{
    const size_t first = add_vector(w, model, 4, (size_t)g->tensor_count + 1, 4, 4);
    add_element(w, first, 0, 1);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        const struct tensor *t = &g->tensors[i];
        const size_t table = add_element(w, first, (size_t)i + 1, 1);
        const void *data = t->is_state ? t->init : t->data;
        if (data != NULL) {
            set_bytes(w, table, 0, data, (size_t)ir_size(t), 1);
        }
    }
}

static void write_subgraph(struct writer *w, size_t table, const struct graph *g)
{
    const size_t tensors = add_vector(w, table, 0, (size_t)g->tensor_count, 4, 4);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        write_tensor(w, add_element(w, tensors, (size_t)i, 6), &g->tensors[i], i + 1);
    }
    set_bytes(w, table, 1, g->inputs, (size_t)g->input_count, 4);
    set_bytes(w, table, 2, g->outputs, (size_t)g->output_count, 4);
    const size_t operators = add_vector(w, table, 3, (size_t)g->node_count, 4, 4);
    for (int32_t i = 0; i < g->node_count; i++) {
        write_operator(w, add_element(w, operators, (size_t)i, 6), &g->nodes[i], i);
    }
}

struct file write_tflite(const struct graph *g, struct arena *arena)
{
    struct writer w = {.arena = arena};
    const size_t root = reserve(&w, 8, 8);
    const size_t model = add_table(&w, 5);
    put(&w, root, (int64_t)model, 4);
    memcpy(w.data + root + 4, "TFL3", 4);
    set_int(&w, model, 0, 3, 4);
    const size_t codes = add_vector(&w, model, 1, (size_t)g->node_count, 4, 4);
    for (int32_t i = 0; i < g->node_count; i++) { /* one for each, even where operators are the same */
        write_code(&w, add_element(&w, codes, (size_t)i, 4), g->nodes[i].op);
    }
    const size_t subgraphs = add_vector(&w, model, 2, 1, 4, 4);
    write_subgraph(&w, add_element(&w, subgraphs, 0, 4), g);
    write_buffers(&w, model, g);
    return (struct file){w.data, w.size};
}
