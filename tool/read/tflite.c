/* SPDX-License-Identifier: MIT
 *
 * .tflite to graph.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "flatbuffer.h"
#include "flexbuffer.h"
#include "read.h"
#include "sparse.h"
#include "tflite_schema.h"

enum { MAX_SUBGRAPHS = 64 };

static const enum op NO_OP = OP_COUNT; /* an operator that mote lacks */

/* An entry of the model's table of operators. */
struct code {
    enum op op;       /* NO_OP: none that mote has */
    const char *name; /* only where mote does not have it */
};

struct reader {
    struct fb fb;
    struct arena *arena;
    struct diag *diag;
    struct fb_vector buffers;
    struct code *codes;
    uint32_t code_count;
    bool *is_assumed; /* [tensor] of the subgraph at hand: its value comes from what mote lacks */
};

/* Bytes in the file. */
struct span {
    const uint8_t *data;
    size_t size;
};

static const int16_t type_codes[] = {
#define TYPE(name, bits, code, text) [TYPE_##name] = code,
#include "../ir/type.def"
#undef TYPE
};

/* Types that mote lacks. */
static const char *const other_types[] = {
    [11] = "complex128", [14] = "variant",       [18] = "bfloat16",    [19] = "int2",
    [20] = "uint4",      [21] = "float8_e4m3fn", [22] = "float8_e5m2",
};

static const struct {
    int16_t code;
    const char *name;
} op_codes[] = {
#define OP(name, code, ...) [OP_##name] = {code, #name},
#include "../ir/op.def"
#undef OP
};

/* All builtin operators there are. */
static const char *const builtin_names[] = {
#define TFLITE_OP(code, name, options) [code] = #name,
#include "tflite_ops.def"
#undef TFLITE_OP
};

enum { REQUIRED = 1, OPTIONAL = 0 };

static const struct custom_field {
    enum op op;
    enum field_kind kind;
    bool is_required;
    const char *key;
    size_t at; /* offset in struct attr */
} custom_fields[] = {
#define CUSTOM(op, kind, attribute, need) {OP_##op, kind, need, #attribute, offsetof(struct attr, attribute)},
#include "custom_options.def"
#undef CUSTOM
};

static const struct option_field {
    enum op op;
    int field;
    enum field_kind kind;
    size_t at; /* offset in struct attr */
    int absent;
} option_fields[] = {
#define FIELD(op, field, kind, attribute, absent) {OP_##op, field, kind, offsetof(struct attr, attribute), absent},
#include "tflite_options.def"
#undef FIELD
};

static bool find_type(int64_t code, enum type *type)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (type_codes[i] == code) {
            *type = (enum type)i;
            return true;
        }
    }
    return false;
}

static const char *type_name(const struct reader *r, int64_t code)
{
    return code >= 0 && code < (int64_t)COUNT_OF(other_types) && other_types[code] != NULL
               ? other_types[code]
               : arena_printf(r->arena, "of code %lld", (long long)code);
}

/* A part of the file beyond the flatbuffer, as models over 2 GB have; the reader has checked that it is inside. */
static bool read_span(struct reader *r, const struct fb_table *t, int offset_field, int size_field, struct span *span)
{
    const int64_t offset = fb_int(t, offset_field, 8, 0), size = fb_int(t, size_field, 8, 0);
    *span = (struct span){0};
    if (offset >= 0 && offset <= 1) { /* 1 is a place holder */
        return true;
    }
    if (offset < 0 || size < 0 || (uint64_t)offset > r->fb.size || (uint64_t)size > r->fb.size - (uint64_t)offset) {
        return diag_fail(r->diag, "damaged file: %lld bytes at byte %lld reach beyond its end", (long long)size,
                         (long long)offset);
    }
    *span = (struct span){r->fb.data + offset, (size_t)size};
    return true;
}

static int32_t *read_list(struct reader *r, const struct fb_vector *v)
{
    int32_t *list = ARENA_ARRAY(r->arena, v->count, int32_t);
    for (uint32_t i = 0; i < v->count; i++) {
        list[i] = (int32_t)fb_vector_int(v, i, 4);
    }
    return list;
}

static bool read_quant(struct reader *r, const struct fb_table *table, struct tensor *t)
{
    const struct fb_table q = fb_sub(table, TENSOR_QUANTIZATION);
    const struct fb_vector scale = fb_vector(&q, QUANT_SCALE, 4);
    const struct fb_vector zero = fb_vector(&q, QUANT_ZERO_POINT, 8);
    if (scale.count == 0) {
        return true;
    }
    if (zero.count > 1 && zero.count != scale.count) {
        return diag_fail(r->diag, "tensor \"%.80s\": has %u zero points for %u scales", t->name, zero.count,
                         scale.count);
    }
    float *scales = ARENA_ARRAY(r->arena, scale.count, float);
    int32_t *zero_points = ARENA_ARRAY(r->arena, scale.count, int32_t);
    for (uint32_t i = 0; i < scale.count; i++) {
        scales[i] = fb_vector_float(&scale, i);
        const int64_t z = fb_vector_int(&zero, zero.count == 1 ? 0 : i, 8);
        if (z < INT32_MIN || z > INT32_MAX) {
            return diag_fail(r->diag, "tensor \"%.80s\": zero point %lld does not fit 32 bits", t->name, (long long)z);
        }
        zero_points[i] = (int32_t)z;
    }
    int32_t axis = scale.count == 1 ? 0 : (int32_t)fb_int(&q, QUANT_AXIS, 4, 0);
    if (scale.count > 1 && (axis < 0 || axis >= t->rank || (uint32_t)t->dim[axis] != scale.count)) {
        /* Some converters leave the filter's axis on its one-dimensional bias. */
        for (axis = 0; axis < t->rank && (uint32_t)t->dim[axis] != scale.count; axis++) {
        }
        if (axis == t->rank) {
            return diag_fail(r->diag, "tensor \"%.80s\": %u scales fit none of its dims", t->name, scale.count);
        }
    }
    t->quant = (struct quant){(int32_t)scale.count, axis, scales, zero_points};
    return true;
}

/* int4 constants hold two values a byte, the low half first; kernels read bytes. */
static void unpack_int4(struct reader *r, struct tensor *t, const uint8_t *packed, int64_t count)
{
    int8_t *bytes = ARENA_ARRAY(r->arena, count, int8_t);
    for (int64_t i = 0; i < count; i++) {
        const int nibble = packed[i / 2] >> (i % 2 * 4) & 15;
        bytes[i] = (int8_t)(nibble >= 8 ? nibble - 16 : nibble);
    }
    t->data = bytes;
    t->type = TYPE_S8;
    t->is_int4 = true;
}

static bool find_data(struct reader *r, const struct fb_table *table, int32_t index, const struct tensor *t,
                      struct span *span)
{
    const uint32_t buffer = (uint32_t)fb_int(table, TENSOR_BUFFER, 4, 0);
    if (buffer >= r->buffers.count && buffer > 0) {
        return diag_fail(r->diag, "tensor %d \"%.80s\": has buffer %u of %u", index, t->name, buffer, r->buffers.count);
    }
    if (fb_int(table, TENSOR_EXTERNAL_BUFFER, 4, 0) != 0) {
        return diag_fail(r->diag, "tensor %d \"%.80s\": its values are in another file; convert to a single file",
                         index, t->name);
    }
    const struct fb_table b = fb_vector_table(&r->buffers, buffer);
    const struct fb_vector bytes = fb_vector(&b, BUFFER_DATA, 1);
    *span = (struct span){r->fb.data + bytes.at, bytes.count};
    return bytes.count > 0 || read_span(r, &b, BUFFER_OFFSET, BUFFER_SIZE, span);
}

/* A constant, or the first value of a state. */
static bool read_constant(struct reader *r, const struct fb_table *table, int32_t index, struct tensor *t)
{
    struct span span = {0};
    if (!find_data(r, table, index, t, &span)) {
        return false;
    }
    if (span.size == 0) {
        return true;
    }
    if (t->type == TYPE_STRING) {
        r->is_assumed[index] = true;
        return diag_miss(r->diag, "tensor %d \"%.80s\": holds strings; take the text processing out of the model",
                         index, t->name);
    }
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0 || (t->dim[i] > 0 && count > INT32_MAX / t->dim[i])) {
            return diag_fail(r->diag, "tensor %d \"%.80s\": dim %d is %d", index, t->name, i, t->dim[i]);
        }
        count *= t->dim[i];
    }
    const struct fb_table sparsity = fb_sub(table, TENSOR_SPARSITY);
    if (sparsity.at != 0) {
        t->data = read_sparse(&sparsity, t, count, span.data, span.size, r->arena);
        return t->data != NULL ||
               diag_fail(r->diag, "tensor %d \"%.80s\": is sparse in a way that does not fit its shape", index,
                         t->name);
    }
    const int64_t want = (count * ir_type_bits(t->type) + 7) / 8;
    if ((uint64_t)want != span.size) {
        char shape[IR_SHAPE_TEXT];
        return diag_fail(r->diag, "tensor %d \"%.80s\": holds %zu bytes, but %s%s needs %lld", index, t->name,
                         span.size, ir_type_text(t->type), ir_shape_text(t, shape), (long long)want);
    }
    const int element = (ir_type_bits(t->type) + 7) / 8;
    if (t->type == TYPE_S4) {
        unpack_int4(r, t, span.data, count);
    } else if ((uintptr_t)span.data % (size_t)element == 0) {
        t->data = span.data;
    } else {
        t->data = arena_copy(r->arena, span.data, span.size);
    }
    if (t->is_state) {
        t->init = t->data;
        t->data = NULL;
    }
    return true;
}

static bool read_tensor(struct reader *r, const struct fb_table *table, int32_t index, struct tensor *t)
{
    t->name = fb_string(table, TENSOR_NAME, r->arena);
    const int64_t code = fb_int(table, TENSOR_TYPE, 1, 0);
    if (!find_type(code, &t->type)) {
        t->type = TYPE_F32;
        r->is_assumed[index] = true;
        return diag_miss(r->diag, "tensor %d \"%.80s\": has the type %s, which mote lacks; convert to float32 or int8",
                         index, t->name, type_name(r, code));
    }
    const struct fb_vector shape = fb_vector(table, TENSOR_SHAPE, 4);
    if (shape.count > IR_MAX_RANK) {
        return diag_fail(r->diag, "tensor %d \"%.80s\": has %u dims, want at most %d", index, t->name, shape.count,
                         IR_MAX_RANK);
    }
    t->rank = (int32_t)shape.count;
    for (uint32_t i = 0; i < shape.count; i++) {
        const int32_t dim = (int32_t)fb_vector_int(&shape, i, 4);
        t->dim[i] = dim == -1 ? 1 : dim; /* an unknown batch is one */
    }
    t->is_state = fb_int(table, TENSOR_IS_VARIABLE, 1, 0) != 0;
    return read_quant(r, table, t) && read_constant(r, table, index, t) && !r->diag->failed;
}

/* Entries of the flexbuffer that the operator's custom options are. */
static bool read_custom_fields(struct reader *r, struct node *n)
{
    struct flex_map map;
    const bool is_map = flex_open(&map, n->attr.custom, n->attr.custom_size);
    for (size_t i = 0; i < COUNT_OF(custom_fields); i++) {
        const struct custom_field *f = &custom_fields[i];
        if (f->op != n->op) {
            continue;
        }
        int64_t value = 0;
        double real = 0;
        const bool is_there =
            is_map && (f->kind == F32 ? flex_find_real(&map, f->key, &real) : flex_find_int(&map, f->key, &value));
        if ((!is_there && f->is_required) || value < INT32_MIN || value > UINT32_MAX) {
            return ir_fail(n, r->diag, "custom options (%zu bytes) have no number \"%s\" of 32 bits",
                           n->attr.custom_size, f->key);
        }
        unsigned char *to = (unsigned char *)&n->attr + f->at;
        if (f->kind == F32) {
            *(float *)(void *)to = (float)real;
        } else if (f->kind == BOOL) {
            *(bool *)to = value != 0;
        } else {
            *(int32_t *)(void *)to = (int32_t)value;
        }
    }
    return true;
}

static bool read_custom_options(struct reader *r, const struct fb_table *operator, struct node * n)
{
    const struct fb_vector custom = fb_vector(operator, OPERATOR_CUSTOM_OPTIONS, 1);
    struct span span = {r->fb.data + custom.at, custom.count};
    if (custom.count == 0 &&
        !read_span(r, operator, OPERATOR_LARGE_OPTIONS_OFFSET, OPERATOR_LARGE_OPTIONS_SIZE, &span)) {
        return false;
    }
    n->attr.custom = span.size > 0 ? span.data : NULL;
    n->attr.custom_size = span.size;
    return read_custom_fields(r, n);
}

static bool read_options(struct reader *r, const struct fb_table *operator, struct node * n)
{
    const struct fb_table first = fb_sub(operator, OPERATOR_OPTIONS);
    const struct fb_table options = first.at != 0 ? first : fb_sub(operator, OPERATOR_OPTIONS_2);
    for (size_t i = 0; i < COUNT_OF(option_fields); i++) {
        const struct option_field *f = &option_fields[i];
        if (f->op != n->op) {
            continue;
        }
        unsigned char *to = (unsigned char *)&n->attr + f->at;
        switch (f->kind) {
        case I8:
            *(int32_t *)(void *)to = (int32_t)fb_int(&options, f->field, 1, f->absent);
            break;
        case I32:
            *(int32_t *)(void *)to = (int32_t)fb_int(&options, f->field, 4, f->absent);
            break;
        case F32:
            *(float *)(void *)to = fb_float(&options, f->field, (float)f->absent);
            break;
        case BOOL:
            *(bool *)to = fb_int(&options, f->field, 1, f->absent) != 0;
            break;
        case TYPE: {
            const int64_t code = fb_int(&options, f->field, 1, f->absent);
            if (!find_type(code, (enum type *)(void *)to)) {
                return ir_fail(n, r->diag, "asks for the type %s, which mote lacks", type_name(r, code));
            }
            break;
        }
        case LIST: {
            const struct fb_vector v = fb_vector(&options, f->field, 4);
            *(const int32_t **)(void *)to = read_list(r, &v);
            n->attr.list_count = (int32_t)v.count;
            break;
        }
        case TEXT:
            *(const char **)(void *)to = fb_string(&options, f->field, r->arena);
            break;
        }
    }
    const struct attr *a = &n->attr;
    if ((unsigned)a->padding > PADDING_VALID || (unsigned)a->activation > ACT_SIGN_BIT) {
        return ir_fail(n, r->diag, "padding %d, activation %d: the schema has no such value", (int)a->padding,
                       (int)a->activation);
    }
    return read_custom_options(r, operator, n);
}

/*** Operators ***/

static void read_code(struct reader *r, const struct fb_table *table, struct code *code)
{
    /* Codes over 127 are in the newer 32-bit field. */
    const int64_t old = fb_int(table, CODE_DEPRECATED_BUILTIN, 1, 0), new = fb_int(table, CODE_BUILTIN, 4, 0);
    const int64_t builtin = new > old ? new : old;
    const bool is_custom = builtin == OP_CODE_CUSTOM;
    const char *custom = is_custom ? fb_string(table, CODE_CUSTOM, r->arena) : "";
    for (int i = 0; i < OP_COUNT && builtin >= 0; i++) {
        if (is_custom ? op_codes[i].code == -1 && strcmp(op_codes[i].name, custom) == 0 : op_codes[i].code == builtin) {
            code->op = (enum op)i;
            return;
        }
    }
    code->op = NO_OP;
    if (is_custom) {
        code->name = arena_printf(r->arena, "CUSTOM %.60s", custom);
    } else if (builtin >= 0 && builtin < (int64_t)COUNT_OF(builtin_names) && builtin_names[builtin] != NULL) {
        code->name = builtin_names[builtin];
    } else {
        code->name = arena_printf(r->arena, "of code %lld", (long long)builtin);
    }
}

static void read_codes(struct reader *r, const struct fb_table *root)
{
    const struct fb_vector codes = fb_vector(root, MODEL_OPERATOR_CODES, 4);
    r->codes = ARENA_ARRAY(r->arena, codes.count, struct code);
    r->code_count = codes.count;
    for (uint32_t i = 0; i < codes.count && !r->diag->failed; i++) {
        const struct fb_table code = fb_vector_table(&codes, i);
        read_code(r, &code, &r->codes[i]);
    }
}

/* Whether entry i is another operator that mote lacks, and the first of its name. */
static bool is_other_kind(const struct reader *r, uint32_t i, const struct code *code)
{
    const char *name = r->codes[i].name;
    if (r->codes[i].op != NO_OP || strcmp(name, code->name) == 0) {
        return false;
    }
    for (uint32_t k = 0; k < i; k++) {
        if (r->codes[k].op == NO_OP && strcmp(r->codes[k].name, name) == 0) {
            return false;
        }
    }
    return true;
}

/* Names the operator at hand first, then, where all are not listed, the others that the model has and mote lacks. */
static bool miss_op(struct reader *r, const struct node *n, const struct code *code)
{
    enum { MOST = 256 }; /* entries looked at: a real model has fewer */
    char others[120] = "";
    size_t length = 0;
    int count = 0;
    for (uint32_t i = 0; i < r->code_count && i < MOST && r->diag->missed == NULL; i++) {
        const char *name = r->codes[i].name;
        if (is_other_kind(r, i, code)) {
            count++;
            if (length + strlen(name) + 3 < sizeof others) {
                length += (size_t)sprintf(others + length, "%s%s", length > 0 ? ", " : "", name);
            }
        }
    }
    if (count == 0) {
        return diag_miss(r->diag, "op %d %s \"%.80s\": mote has no such operator; replace it in the model", n->index,
                         code->name, n->name);
    }
    return diag_miss(r->diag,
                     "op %d %s \"%.80s\": mote has no such operator, nor %d more of the model's (%s); replace "
                     "them",
                     n->index, code->name, n->name, count, others);
}

static bool find_op(struct reader *r, uint32_t index, struct node *n)
{
    if (index >= r->code_count) {
        return diag_fail(r->diag, "op %d: has operator code %u of %u", n->index, index, r->code_count);
    }
    n->op = r->codes[index].op;
    return n->op != NO_OP || miss_op(r, n, &r->codes[index]);
}

/* What it would compute is taken as given, so that the rest of the model can be looked at. */
static void assume_outputs(struct reader *r, const struct graph *g, const struct node *n)
{
    for (int i = 0; i < n->out_count; i++) {
        if (n->out[i] >= 0 && n->out[i] < g->tensor_count && !g->tensors[n->out[i]].is_state) {
            r->is_assumed[n->out[i]] = true;
        }
    }
}

static bool read_operator(struct reader *r, const struct fb_table *table, struct graph *g, struct node *n)
{
    const struct fb_vector in = fb_vector(table, OPERATOR_INPUTS, 4), out = fb_vector(table, OPERATOR_OUTPUTS, 4);
    n->in = read_list(r, &in);
    n->in_count = (int32_t)in.count;
    n->out = read_list(r, &out);
    n->out_count = (int32_t)out.count;
    n->name = "";
    if (n->out_count > 0 && n->out[0] >= 0 && n->out[0] < g->tensor_count) {
        n->name = g->tensors[n->out[0]].name;
    }
    if (!find_op(r, (uint32_t)fb_int(table, OPERATOR_CODE, 4, 0), n)) {
        return false;
    }
    if (n->op == NO_OP) {
        assume_outputs(r, g, n);
        return true;
    }
    if (!read_options(r, table, n)) {
        return false;
    }
    for (int i = 0; i < n->out_count && n->op != OP_CIRCULAR_BUFFER; i++) {
        /* Operators change states that they read; results are new, but for this one's. */
        const int32_t t = n->out[i];
        if (t >= 0 && t < g->tensor_count && g->tensors[t].is_state) {
            return ir_fail(n, r->diag, "output %d, tensor \"%.80s\", is a variable", i, g->tensors[t].name);
        }
    }
    return !r->diag->failed;
}

/* Makes inputs of the tensors that what mote lacks would compute. */
static void add_assumed(const struct reader *r, struct graph *g)
{
    if (r->diag->missed == NULL) {
        return;
    }
    int32_t *inputs = ARENA_ARRAY(r->arena, g->input_count + g->tensor_count, int32_t);
    for (int32_t i = 0; i < g->input_count; i++) {
        inputs[i] = g->inputs[i];
        if (inputs[i] >= 0 && inputs[i] < g->tensor_count) {
            r->is_assumed[inputs[i]] = false;
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].out_count; k++) {
            const int32_t t = g->nodes[i].out[k];
            if (t >= 0 && t < g->tensor_count) {
                r->is_assumed[t] = false;
            }
        }
    }
    g->inputs = inputs;
    for (int32_t i = 0; i < g->tensor_count; i++) {
        if (r->is_assumed[i]) {
            inputs[g->input_count++] = i;
        }
    }
}

static bool read_subgraph(struct reader *r, const struct fb_table *table, struct graph *g)
{
    g->arena = r->arena;
    g->name = fb_string(table, SUBGRAPH_NAME, r->arena);

    const struct fb_vector tensors = fb_vector(table, SUBGRAPH_TENSORS, 4);
    g->tensors = ARENA_ARRAY(r->arena, tensors.count, struct tensor);
    g->tensor_count = g->tensor_capacity = (int32_t)tensors.count;
    r->is_assumed = ARENA_ARRAY(r->arena, tensors.count, bool);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        const struct fb_table t = fb_vector_table(&tensors, (uint32_t)i);
        if (!read_tensor(r, &t, i, &g->tensors[i])) {
            return false;
        }
    }

    const struct fb_vector operators = fb_vector(table, SUBGRAPH_OPERATORS, 4);
    g->nodes = ARENA_ARRAY(r->arena, operators.count, struct node);
    for (uint32_t i = 0; i < operators.count; i++) {
        const struct fb_table t = fb_vector_table(&operators, i);
        struct node *n = &g->nodes[g->node_count];
        *n = (struct node){.index = (int32_t)i};
        if (!read_operator(r, &t, g, n)) {
            return false;
        }
        g->node_count += n->op != NO_OP;
    }

    const struct fb_vector in = fb_vector(table, SUBGRAPH_INPUTS, 4), out = fb_vector(table, SUBGRAPH_OUTPUTS, 4);
    g->inputs = read_list(r, &in);
    g->input_count = (int32_t)in.count;
    add_assumed(r, g);
    g->outputs = read_list(r, &out);
    g->output_count = (int32_t)out.count;
    return !r->diag->failed && ir_check(g, r->diag);
}

static const char **name_ends(struct graph *g, const int32_t *ends, int32_t count)
{
    const char **names = ARENA_ARRAY(g->arena, count, const char *);
    for (int i = 0; i < count; i++) {
        names[i] = g->tensors[ends[i]].name;
    }
    return names;
}

static void read_signature_names(struct reader *r, const struct fb_vector *maps, const struct graph *g,
                                 const int32_t *ends, int32_t count, const char **names)
{
    /* By way of the tensors: a search in each map for each tensor would take long in a hostile file. */
    const char **of_tensor = ARENA_ARRAY(r->arena, g->tensor_count, const char *);
    for (uint32_t k = 0; k < maps->count && !r->diag->failed; k++) {
        const struct fb_table map = fb_vector_table(maps, k);
        const int64_t tensor = fb_int(&map, TENSOR_MAP_INDEX, 4, 0);
        if (tensor >= 0 && tensor < g->tensor_count) {
            of_tensor[tensor] = fb_string(&map, TENSOR_MAP_NAME, r->arena);
        }
    }
    for (int i = 0; i < count; i++) {
        if (of_tensor[ends[i]] != NULL) {
            names[i] = of_tensor[ends[i]];
        }
    }
}

/* The first signature of the main graph gives the inputs and outputs the names that users know. */
static void read_signatures(struct reader *r, const struct fb_table *root, struct graph *g)
{
    g->input_names = name_ends(g, g->inputs, g->input_count);
    g->output_names = name_ends(g, g->outputs, g->output_count);
    const struct fb_vector signatures = fb_vector(root, MODEL_SIGNATURES, 4);
    for (uint32_t i = 0; i < signatures.count; i++) {
        const struct fb_table s = fb_vector_table(&signatures, i);
        if (fb_int(&s, SIGNATURE_SUBGRAPH, 4, 0) == 0) {
            const struct fb_vector in = fb_vector(&s, SIGNATURE_INPUTS, 4);
            const struct fb_vector out = fb_vector(&s, SIGNATURE_OUTPUTS, 4);
            read_signature_names(r, &in, g, g->inputs, g->input_count, g->input_names);
            read_signature_names(r, &out, g, g->outputs, g->output_count, g->output_names);
            return;
        }
    }
}

bool read_tflite(const struct file *file, struct arena *arena, struct model *model, struct diag *diag)
{
    struct reader r = {.fb = {file->data, file->size, diag}, .arena = arena, .diag = diag};
    const struct fb_table root = fb_root(&r.fb);
    const int64_t version = fb_int(&root, MODEL_VERSION, 4, 0);
    if (!diag->failed && version != SCHEMA_VERSION) {
        return diag_fail(diag, "has schema version %lld, want %d", (long long)version, SCHEMA_VERSION);
    }
    read_codes(&r, &root);
    r.buffers = fb_vector(&root, MODEL_BUFFERS, 4);
    const struct fb_vector subgraphs = fb_vector(&root, MODEL_SUBGRAPHS, 4);
    if (!diag->failed && (subgraphs.count < 1 || subgraphs.count > MAX_SUBGRAPHS)) {
        return diag_fail(diag, "has %u subgraphs, want 1 to %d", subgraphs.count, MAX_SUBGRAPHS);
    }
    model->description = fb_string(&root, MODEL_DESCRIPTION, arena);
    model->graph_count = (int32_t)subgraphs.count;
    model->graphs = ARENA_ARRAY(arena, subgraphs.count, struct graph);
    for (int32_t i = 0; i < model->graph_count && !diag->failed; i++) {
        const struct fb_table t = fb_vector_table(&subgraphs, (uint32_t)i);
        model->graphs[i].model = model;
        if (!read_subgraph(&r, &t, &model->graphs[i])) {
            return false;
        }
    }
    if (diag->failed) {
        return false;
    }
    read_signatures(&r, &root, &model->graphs[0]);
    return !diag->failed;
}
