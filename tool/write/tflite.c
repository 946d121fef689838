/* SPDX-License-Identifier: MIT
 *
 * Graph to .tflite, by the tables that the reader goes by. Written top down: model, operator codes, subgraphs with
 * their tensors and operators, buffers, signature.
 */
#include <stddef.h>
#include <string.h>

#include "../read/tflite_schema.h"
#include "flatbuffer.h"
#include "flexbuffer.h"
#include "version.h"
#include "write.h"

enum { BUFFER_ALIGN = 16, CODE_OLD_MOST = 127, NOT_IN_FILES = -2, LOOK_BACK = 1024 };

static const struct option {
    enum op op;
    int field;
    enum field_kind kind;
    size_t at; /* offset in struct attr */
    int absent;
} options[] = {
#define FIELD(op, field, kind, attribute, absent) {OP_##op, field, kind, offsetof(struct attr, attribute), absent},
#include "../read/tflite_options.def"
#undef FIELD
};

enum { REQUIRED, OPTIONAL };

static const struct custom {
    enum op op;
    enum field_kind kind;
    const char *key;
    size_t at; /* offset in struct attr */
} customs[] = {
#define CUSTOM(op, kind, attribute, need) {OP_##op, kind, #attribute, offsetof(struct attr, attribute)},
#include "../read/custom_options.def"
#undef CUSTOM
};

static const struct {
    int32_t code;
    const char *name;
} ops[] = {
#define OP(name, code, ...) [OP_##name] = {code, #name},
#include "../ir/op.def"
#undef OP
};

/* Which member of the union of options belongs to a builtin code. */
static const uint8_t unions[] = {
#define TFLITE_OP(code, name, options) [code] = options,
#include "../read/tflite_ops.def"
#undef TFLITE_OP
};

static const uint8_t type_codes[] = {
#define TYPE(name, bits, code, text) [TYPE_##name] = code,
#include "../ir/type.def"
#undef TYPE
};

/* An entry of the model's table of operators. */
struct code {
    enum op op;
    int32_t version;
};

struct writer {
    struct flat flat;
    struct arena *arena;
    const struct graph *graphs;
    int32_t graph_count;
    const char *description;
    struct code *codes;
    int32_t code_count;
    const struct tensor **buffers; /* whose value each buffer has; 0: none */
    int32_t buffer_count;
    int32_t **code_of, **buffer_of; /* [graph][node], [graph][tensor] */
};

/* Of a node that nobody has checked, tensors may be missing. */
static uint8_t type_code(const struct tensor *t) { return t == NULL ? 0 : type_codes[write_type(t)]; }
static const void *file_value(const struct tensor *t) { return t->is_state ? t->init : t->data; }

/*** What the tables of the model hold ***/

static int32_t find_code(struct writer *w, struct code code)
{
    for (int32_t i = 0; i < w->code_count; i++) {
        if (w->codes[i].op == code.op && w->codes[i].version == code.version) {
            return i;
        }
    }
    w->codes[w->code_count] = code;
    return w->code_count++;
}

/* A buffer for each value; those that share theirs, or had it from one place in a file, share the buffer, if they are not
 * far apart. */
static int32_t find_buffer(struct writer *w, const struct tensor *t)
{
    const void *value = file_value(t);
    if (value == NULL || ir_size(t) == 0) {
        return 0;
    }
    for (int32_t i = w->buffer_count > LOOK_BACK ? w->buffer_count - LOOK_BACK : 1; i < w->buffer_count; i++) {
        const struct tensor *other = w->buffers[i];
        if (file_value(other) == value && ir_size(other) == ir_size(t) && other->is_int4 == t->is_int4) {
            return i;
        }
    }
    w->buffers[w->buffer_count] = t;
    return w->buffer_count++;
}

static void collect(struct writer *w)
{
    int32_t nodes = 0, tensors = 1;
    for (int32_t i = 0; i < w->graph_count; i++) {
        nodes += w->graphs[i].node_count;
        tensors += w->graphs[i].tensor_count;
    }
    w->codes = ARENA_ARRAY(w->arena, nodes, struct code);
    w->buffers = ARENA_ARRAY(w->arena, tensors, const struct tensor *);
    w->buffer_count = 1; /* number 0 is empty by convention */
    w->code_of = ARENA_ARRAY(w->arena, w->graph_count, int32_t *);
    w->buffer_of = ARENA_ARRAY(w->arena, w->graph_count, int32_t *);
    for (int32_t i = 0; i < w->graph_count; i++) {
        const struct graph *g = &w->graphs[i];
        w->code_of[i] = ARENA_ARRAY(w->arena, g->node_count, int32_t);
        w->buffer_of[i] = ARENA_ARRAY(w->arena, g->tensor_count, int32_t);
        for (int32_t k = 0; k < g->node_count; k++) {
            const struct node *n = &g->nodes[k];
            w->code_of[i][k] = find_code(w, (struct code){n->op, write_version(g, n)});
        }
        for (int32_t k = 0; k < g->tensor_count; k++) {
            w->buffer_of[i][k] = find_buffer(w, &g->tensors[k]);
        }
    }
}

/*** Tensors ***/

static void write_quant(struct writer *w, size_t from, const struct quant *q)
{
    struct flat_table table = {0};
    flat_set_link(&table, QUANT_SCALE);
    flat_set_link(&table, QUANT_ZERO_POINT);
    flat_set(&table, QUANT_AXIS, 4, q->axis, 0);
    flat_add_table(&w->flat, from, &table);
    const size_t scale = flat_add_vector(&w->flat, table.at[QUANT_SCALE], (size_t)q->count, 4, 4);
    const size_t zero = flat_add_vector(&w->flat, table.at[QUANT_ZERO_POINT], (size_t)q->count, 8, 8);
    for (int32_t i = 0; i < q->count; i++) {
        int32_t bits;
        memcpy(&bits, &q->scale[i], sizeof bits);
        flat_put(&w->flat, scale + 4 * (size_t)i, bits, 4);
        flat_put(&w->flat, zero + 8 * (size_t)i, q->zero_point[i], 8);
    }
}

static void write_tensor(struct writer *w, size_t from, const struct tensor *t, int32_t buffer)
{
    struct flat_table table = {0};
    flat_set_link(&table, TENSOR_SHAPE);
    flat_set(&table, TENSOR_TYPE, 1, type_code(t), 0);
    flat_set(&table, TENSOR_BUFFER, 4, buffer, 0);
    flat_set_link(&table, TENSOR_NAME);
    flat_set(&table, TENSOR_IS_VARIABLE, 1, t->is_state, 0);
    if (t->quant.count > 0) {
        flat_set_link(&table, TENSOR_QUANTIZATION);
    }
    flat_add_table(&w->flat, from, &table);
    flat_add_ints(&w->flat, table.at[TENSOR_SHAPE], t->dim, t->rank);
    flat_add_text(&w->flat, table.at[TENSOR_NAME], t->name != NULL ? t->name : "");
    if (t->quant.count > 0) {
        write_quant(w, table.at[TENSOR_QUANTIZATION], &t->quant);
    }
}

/* int4 holds two values a byte, the low half first. */
static void write_int4(struct writer *w, size_t from, const int8_t *values, size_t count)
{
    const size_t first = flat_add_vector(&w->flat, from, (count + 1) / 2, 1, BUFFER_ALIGN);
    for (size_t i = 0; i < count; i += 2) {
        const int high = i + 1 < count ? values[i + 1] : 0;
        flat_put(&w->flat, first + i / 2, (values[i] & 15) | (high & 15) << 4, 1);
    }
}

static void write_buffers(struct writer *w, size_t from)
{
    const size_t first = flat_add_vector(&w->flat, from, (size_t)w->buffer_count, 4, 4);
    for (int32_t i = 0; i < w->buffer_count; i++) {
        const struct tensor *t = w->buffers[i];
        struct flat_table table = {0};
        if (t != NULL) {
            flat_set_link(&table, BUFFER_DATA);
        }
        flat_add_table(&w->flat, first + 4 * (size_t)i, &table);
        if (t != NULL && t->is_int4) {
            write_int4(w, table.at[BUFFER_DATA], t->data, (size_t)ir_count(t));
        } else if (t != NULL) {
            flat_add_bytes(&w->flat, table.at[BUFFER_DATA], file_value(t), (size_t)ir_size(t), BUFFER_ALIGN);
        }
    }
}

/*** Operators ***/

static void set_option(struct flat_table *table, const struct option *o, const struct attr *a)
{
    const void *from = (const char *)a + o->at;
    switch (o->kind) {
    case I8:
        flat_set(table, o->field, 1, *(const int32_t *)from, o->absent);
        break;
    case I32:
        flat_set(table, o->field, 4, *(const int32_t *)from, o->absent);
        break;
    case F32:
        flat_set_float(table, o->field, *(const float *)from, (float)o->absent);
        break;
    case BOOL:
        flat_set(table, o->field, 1, *(const bool *)from, o->absent);
        break;
    case TYPE:
        flat_set(table, o->field, 1, type_codes[*(const enum type *)from], o->absent);
        break;
    case LIST:
    case TEXT:
        flat_set_link(table, o->field);
        break;
    }
}

static void set_derived(struct flat_table *table, const struct graph *g, const struct node *n)
{
#define DERIVED(name, field, bytes, value, absent) \
    if (n->op == OP_##name) { \
        flat_set(table, field, bytes, value, absent); \
    }
#include "derived.def"
#undef DERIVED
}

static void write_options(struct writer *w, size_t from, const struct graph *g, const struct node *n)
{
    struct flat_table table = {0};
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (options[i].op == n->op) {
            set_option(&table, &options[i], &n->attr);
        }
    }
    set_derived(&table, g, n);
    flat_add_table(&w->flat, from, &table);
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        const struct option *o = &options[i];
        if (o->op == n->op && o->kind == LIST) {
            flat_add_ints(&w->flat, table.at[o->field], n->attr.list, n->attr.list_count);
        } else if (o->op == n->op && o->kind == TEXT) {
            const char *text = *(const char *const *)(const void *)((const char *)&n->attr + o->at);
            flat_add_text(&w->flat, table.at[o->field], text != NULL ? text : "");
        }
    }
}

/* The custom options as they were read, or made from the table. */
static struct file custom_options(struct writer *w, const struct graph *g, const struct node *n)
{
    struct flex_entry entries[FLEX_MOST];
    int count = 0;
    if (n->attr.custom_size > 0) {
        return (struct file){n->attr.custom, n->attr.custom_size};
    }
    for (size_t i = 0; i < COUNT_OF(customs) && count < FLEX_MOST - 1; i++) {
        const struct custom *c = &customs[i];
        if (c->op == n->op) {
            const void *from = (const char *)&n->attr + c->at;
            const int32_t value = c->kind == BOOL ? *(const bool *)from : *(const int32_t *)from;
            entries[count++] = (struct flex_entry){c->key, value, c->kind == BOOL, c->kind == F32};
        }
    }
    if (n->op == OP_SignalRfft || n->op == OP_SignalIrfft || n->op == OP_SignalOverlapAdd) {
        /* TensorFlow adds the type that it resolved, and TensorFlow Lite Micro counts on it. */
        entries[count++] = (struct flex_entry){"T", type_code(ir_in(g, n, 0)), false, false};
    }
    return count > 0 ? flex_write(entries, count, w->arena) : (struct file){0};
}

static void write_operator(struct writer *w, size_t from, const struct graph *g, const struct node *n, int32_t code)
{
    const int32_t builtin = ops[n->op].code;
    const uint8_t member = builtin < 0 || builtin >= (int32_t)COUNT_OF(unions) ? 0 : unions[builtin];
    const struct file custom = builtin < 0 ? custom_options(w, g, n) : (struct file){0};
    struct flat_table table = {0};
    flat_set(&table, OPERATOR_CODE, 4, code, 0);
    flat_set_link(&table, OPERATOR_INPUTS);
    flat_set_link(&table, OPERATOR_OUTPUTS);
    flat_set(&table, OPERATOR_OPTIONS_TYPE, 1, member, 0);
    if (member != 0) {
        flat_set_link(&table, OPERATOR_OPTIONS);
    }
    if (custom.size > 0) {
        flat_set_link(&table, OPERATOR_CUSTOM_OPTIONS);
    }
    if (n->op == OP_STABLEHLO_COMPOSITE) {
        flat_set(&table, OPERATOR_OPTIONS_2_TYPE, 1, COMPOSITE_OPTIONS, 0);
        flat_set_link(&table, OPERATOR_OPTIONS_2);
    }
    flat_add_table(&w->flat, from, &table);
    flat_add_ints(&w->flat, table.at[OPERATOR_INPUTS], n->in, n->in_count);
    flat_add_ints(&w->flat, table.at[OPERATOR_OUTPUTS], n->out, n->out_count);
    if (member != 0) {
        write_options(w, table.at[OPERATOR_OPTIONS], g, n);
    }
    if (n->op == OP_STABLEHLO_COMPOSITE) {
        write_options(w, table.at[OPERATOR_OPTIONS_2], g, n);
    }
    if (custom.size > 0) {
        flat_add_bytes(&w->flat, table.at[OPERATOR_CUSTOM_OPTIONS], custom.data, custom.size, 4);
    }
}

static void write_codes(struct writer *w, size_t from)
{
    const size_t first = flat_add_vector(&w->flat, from, (size_t)w->code_count, 4, 4);
    for (int32_t i = 0; i < w->code_count; i++) {
        const enum op op = w->codes[i].op;
        const bool is_custom = ops[op].code < 0;
        const int32_t code = is_custom ? OP_CODE_CUSTOM : ops[op].code;
        struct flat_table table = {0};
        flat_set(&table, CODE_DEPRECATED_BUILTIN, 1, code > CODE_OLD_MOST ? CODE_OLD_MOST : code, 0);
        flat_set(&table, CODE_VERSION, 4, w->codes[i].version, 1);
        flat_set(&table, CODE_BUILTIN, 4, code, 0);
        if (is_custom) {
            flat_set_link(&table, CODE_CUSTOM);
        }
        flat_add_table(&w->flat, first + 4 * (size_t)i, &table);
        if (is_custom) {
            flat_add_text(&w->flat, table.at[CODE_CUSTOM], ops[op].name);
        }
    }
}

/*** Graphs ***/

static void write_subgraph(struct writer *w, size_t from, int32_t index)
{
    const struct graph *g = &w->graphs[index];
    struct flat *f = &w->flat;
    struct flat_table table = {0};
    for (int i = SUBGRAPH_TENSORS; i <= SUBGRAPH_NAME; i++) {
        flat_set_link(&table, i);
    }
    flat_add_table(f, from, &table);
    flat_add_text(f, table.at[SUBGRAPH_NAME], g->name != NULL ? g->name : "");
    flat_add_ints(f, table.at[SUBGRAPH_INPUTS], g->inputs, g->input_count);
    flat_add_ints(f, table.at[SUBGRAPH_OUTPUTS], g->outputs, g->output_count);
    const size_t tensors = flat_add_vector(f, table.at[SUBGRAPH_TENSORS], (size_t)g->tensor_count, 4, 4);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        write_tensor(w, tensors + 4 * (size_t)i, &g->tensors[i], w->buffer_of[index][i]);
    }
    const size_t operators = flat_add_vector(f, table.at[SUBGRAPH_OPERATORS], (size_t)g->node_count, 4, 4);
    for (int32_t i = 0; i < g->node_count; i++) {
        write_operator(w, operators + 4 * (size_t)i, g, &g->nodes[i], w->code_of[index][i]);
    }
}

static void write_ends(struct writer *w, size_t from, const char *const *names, const int32_t *ends, int32_t count)
{
    const size_t first = flat_add_vector(&w->flat, from, (size_t)count, 4, 4);
    for (int32_t i = 0; i < count; i++) {
        struct flat_table table = {0};
        flat_set_link(&table, TENSOR_MAP_NAME);
        flat_set(&table, TENSOR_MAP_INDEX, 4, ends[i], 0);
        flat_add_table(&w->flat, first + 4 * (size_t)i, &table);
        flat_add_text(&w->flat, table.at[TENSOR_MAP_NAME], names[i]);
    }
}

/* One signature, under the key that TensorFlow gives the only one. */
static void write_signature(struct writer *w, size_t from)
{
    const struct graph *g = &w->graphs[0];
    const size_t first = flat_add_vector(&w->flat, from, 1, 4, 4);
    struct flat_table table = {0};
    flat_set_link(&table, SIGNATURE_INPUTS);
    flat_set_link(&table, SIGNATURE_OUTPUTS);
    flat_set_link(&table, SIGNATURE_KEY);
    flat_add_table(&w->flat, first, &table);
    write_ends(w, table.at[SIGNATURE_INPUTS], (const char *const *)g->input_names, g->inputs, g->input_count);
    write_ends(w, table.at[SIGNATURE_OUTPUTS], (const char *const *)g->output_names, g->outputs, g->output_count);
    flat_add_text(&w->flat, table.at[SIGNATURE_KEY], "serving_default");
}

static void write_model(struct writer *w)
{
    struct flat *f = &w->flat;
    const bool has_names = w->graphs[0].input_names != NULL && w->graphs[0].output_names != NULL;
    struct flat_table table = {0};
    flat_begin(f, "TFL3");
    flat_set(&table, MODEL_VERSION, 4, SCHEMA_VERSION, 0);
    for (int i = MODEL_OPERATOR_CODES; i <= MODEL_BUFFERS; i++) {
        flat_set_link(&table, i);
    }
    if (has_names) {
        flat_set_link(&table, MODEL_SIGNATURES);
    }
    flat_add_table(f, FLAT_ROOT, &table);
    write_codes(w, table.at[MODEL_OPERATOR_CODES]);
    flat_add_text(f, table.at[MODEL_DESCRIPTION], w->description);
    if (has_names) {
        write_signature(w, table.at[MODEL_SIGNATURES]);
    }
    const size_t subgraphs = flat_add_vector(f, table.at[MODEL_SUBGRAPHS], (size_t)w->graph_count, 4, 4);
    for (int32_t i = 0; i < w->graph_count; i++) {
        write_subgraph(w, subgraphs + 4 * (size_t)i, i);
    }
    write_buffers(w, table.at[MODEL_BUFFERS]);
}

static struct file write_all(struct writer *w)
{
    struct flat_vtable *vtables = ARENA_ARRAY(w->arena, FLAT_VTABLES, struct flat_vtable);
    collect(w);
    w->flat = (struct flat){.vtables = vtables};
    write_model(w);
    const size_t size = (w->flat.size + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN;
    w->flat = (struct flat){.data = ARENA_ARRAY(w->arena, size, uint8_t), .vtables = vtables};
    write_model(w);
    return (struct file){w->flat.data, size};
}

struct file write_tflite(const struct graph *graph, struct arena *arena)
{
    struct writer w = {.arena = arena, .graphs = graph, .graph_count = 1, .description = "made by mote"};
    return write_all(&w);
}

struct file write_tflite_model(const struct model *model, struct arena *arena)
{
    struct writer w = {.arena = arena, .graphs = model->graphs, .graph_count = model->graph_count};
    w.description = model->description;
    return write_all(&w);
}

bool write_has_tflite(const struct graph *g, struct diag *diag)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        const struct attr *a = &n->attr;
        if (ops[n->op].code == NOT_IN_FILES) {
            return ir_fail(n, diag, "no .tflite file has this operator");
        }
        if ((a->pad_top | a->pad_bottom | a->pad_left | a->pad_right) != 0) {
            return ir_fail(n, diag, "a .tflite file has no padding beside SAME and VALID");
        }
    }
    for (int32_t i = 0; i < g->output_count; i++) {
        const struct tensor *out = &g->tensors[g->outputs[i]];
        if (out->data != NULL && ir_count(out) == 0) {
            return diag_fail(diag, "output %d, tensor \"%.80s\", is an empty constant, which no .tflite file has", i,
                             out->name);
        }
    }
    return true;
}
