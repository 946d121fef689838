/* SPDX-License-Identifier: MIT
 *
 * Reads test tables. Each line is a keyword and its words; a case becomes a graph. Whatever is not
 * understood is an error with file and line, so that a typing error cannot make a test pass.
 */
#include "op_table.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COUNT = 1 << 24 }; /* values of a tensor */

enum field_kind { I8, I32, F32, BOOL, TYPE, LIST, TEXT };

static const struct option {
    enum op op;
    enum field_kind kind;
    const char *name;
    size_t at; /* offset in struct attr */
    int absent;
} options[] = {
#define FIELD(op, field, kind, attribute, absent) {OP_##op, kind, #attribute, offsetof(struct attr, attribute), absent},
#include "../tool/read/tflite_options.def"
#undef FIELD
#define CUSTOM(op, kind, attribute, need) {OP_##op, kind, #attribute, offsetof(struct attr, attribute), 0},
#include "../tool/read/custom_options.def"
#undef CUSTOM
};

static const char *const op_names[] = {
#define OP(name, ...) #name,
#include "../tool/ir/op.def"
#undef OP
};

static const char *const type_names[] = {
#define TYPE(name, ...) #name,
#include "../tool/ir/type.def"
#undef TYPE
};

/* Names of the values of options that are enumerations. */
static const struct {
    const char *option, *name;
    int value;
} enumerators[] = {
    {"padding", "SAME", PADDING_SAME},
    {"padding", "VALID", PADDING_VALID},
    {"activation", "NONE", ACT_NONE},
    {"activation", "RELU", ACT_RELU},
    {"activation", "RELU_N1_TO_1", ACT_RELU_N1_TO_1},
    {"activation", "RELU6", ACT_RELU6},
    {"activation", "TANH", ACT_TANH},
    {"activation", "SIGN_BIT", ACT_SIGN_BIT},
    {"mode", "REFLECT", 0},
    {"mode", "SYMMETRIC", 1},
};

struct parser {
    const struct op_table *table;
    struct arena *arena;
    struct diag *diag;
    struct op_case *c;
    struct graph *graph; /* that lines are about */
    char *rest;          /* of the line */
};

#define FAIL(p, ...) diag_fail((p)->diag, __VA_ARGS__)

uint32_t op_crc32(const void *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= ((const uint8_t *)data)[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        }
    }
    return ~crc;
}

float op_f16_to_f32(uint16_t half)
{
    const int exponent = half >> 10 & 31;
    const float mantissa = (float)(half & 1023);
    float value = ldexpf(exponent == 0 ? mantissa : mantissa + 1024, (exponent == 0 ? 1 : exponent) - 25);
    if (exponent == 31) {
        value = mantissa == 0 ? INFINITY : NAN;
    }
    return half & 0x8000 ? -value : value;
}

/* The nearest half, found by trying: tables are small. */
static uint16_t f32_to_f16(float value)
{
    if (isnan(value)) {
        return 0x7E00;
    }
    const float magnitude = fabsf(value);
    uint16_t low = 0, high = 0x7C00;
    while (high - low > 1) {
        const uint16_t middle = (uint16_t)((low + high) / 2);
        *(op_f16_to_f32(middle) <= magnitude ? &low : &high) = middle;
    }
    const float below = op_f16_to_f32(low);
    const float above = high == 0x7C00 ? 65536.0F : op_f16_to_f32(high);
    const bool up = magnitude - below > above - magnitude || (magnitude - below == above - magnitude && low % 2 == 1);
    return (uint16_t)((up ? high : low) | (signbit(value) ? 0x8000 : 0));
}

/*** Words ***/

static char *skip_space(char *text) { return text + strspn(text, " \t"); }

/* Cuts the next word off the line; "" at the end. */
static char *next_word(struct parser *p)
{
    char *word = skip_space(p->rest);
    char *end = word + strcspn(word, " \t");
    p->rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

static bool parse_int(struct parser *p, const char *word, int64_t low, int64_t high, int64_t *value)
{
    char *end;
    errno = 0;
    const long long v = strtoll(word, &end, 0);
    if (end == word || *end != '\0' || errno != 0 || v < low || v > high) {
        return FAIL(p, "\"%.60s\" is no integer from %lld to %lld", word, (long long)low, (long long)high);
    }
    *value = v;
    return true;
}

static bool parse_float(struct parser *p, const char *word, float *value)
{
    char *end;
    *value = strtof(word, &end);
    return (end != word && *end == '\0') || FAIL(p, "\"%.60s\" is no number", word);
}

/* TYPE_COUNT: none. */
static enum type find_type(const char *word)
{
    int i = 0;
    while (i < TYPE_COUNT && strcasecmp(word, type_names[i]) != 0 && strcmp(word, ir_type_text((enum type)i)) != 0) {
        i++;
    }
    return (enum type)i;
}

static bool parse_type(struct parser *p, const char *word, enum type *type)
{
    *type = find_type(word);
    return *type != TYPE_COUNT || FAIL(p, "\"%.60s\" is no type", word);
}

/*** Options ***/

static bool parse_enumerator(struct parser *p, const char *name, const char *word, int64_t *value)
{
    for (size_t i = 0; i < COUNT_OF(enumerators); i++) {
        if (strcmp(enumerators[i].option, name) == 0 && strcmp(enumerators[i].name, word) == 0) {
            *value = enumerators[i].value;
            return true;
        }
    }
    return parse_int(p, word, INT32_MIN, INT32_MAX, value);
}

static bool parse_list(struct parser *p, char *word, const int32_t **list, int32_t *count)
{
    int32_t *values = ARENA_ARRAY(p->arena, strlen(word) + 1, int32_t);
    *list = values;
    *count = 0;
    for (char *item = strtok(word, ","); item != NULL; item = strtok(NULL, ",")) {
        int64_t value = 0;
        if (!parse_int(p, item, INT32_MIN, INT32_MAX, &value)) {
            return false;
        }
        values[(*count)++] = (int32_t)value;
    }
    return true;
}

static bool parse_custom(struct parser *p, const char *word, struct attr *attr)
{
    const size_t digits = strspn(word, "0123456789abcdefABCDEF");
    if (word[digits] != '\0' || digits % 2 != 0) {
        return FAIL(p, "\"%.60s\" are no hexadecimal bytes", word);
    }
    uint8_t *bytes = arena_alloc(p->arena, digits / 2);
    for (size_t i = 0; i < digits / 2; i++) {
        bytes[i] = (uint8_t)strtoul((char[]){word[2 * i], word[2 * i + 1], '\0'}, NULL, 16);
    }
    attr->custom = bytes;
    attr->custom_size = digits / 2;
    return true;
}

static bool parse_option(struct parser *p, const struct option *o, char *word, struct attr *attr)
{
    void *to = (char *)attr + o->at;
    int64_t value = 0;
    switch (o->kind) {
    case F32:
        return parse_float(p, word, to);
    case TYPE:
        return parse_type(p, word, to);
    case LIST:
        return parse_list(p, word, to, &attr->list_count);
    case TEXT:
        *(const char **)to = arena_printf(p->arena, "%s", word);
        return true;
    case BOOL:
        if (!parse_int(p, word, 0, 1, &value)) {
            return false;
        }
        *(bool *)to = value != 0;
        return true;
    case I8:
    case I32:
        if (!parse_enumerator(p, o->name, word, &value)) {
            return false;
        }
        *(int32_t *)to = (int32_t)value;
        return true;
    }
    return false;
}

static void set_default(const struct option *o, struct attr *attr, struct arena *arena)
{
    void *to = (char *)attr + o->at;
    switch (o->kind) {
    case F32:
        *(float *)to = (float)o->absent;
        break;
    case BOOL:
        *(bool *)to = o->absent != 0;
        break;
    case TEXT:
        *(const char **)to = arena_printf(arena, "%s", "");
        break;
    case LIST:
        break;
    case TYPE:
    case I8:
    case I32:
        *(int32_t *)to = o->absent;
        break;
    }
}

/* The operator that a line is about. */
static struct node *last_node(const struct graph *g) { return &g->nodes[g->node_count > 0 ? g->node_count - 1 : 0]; }

static bool parse_op(struct parser *p)
{
    struct graph *g = p->graph;
    const char *name = next_word(p);
    int op = 0;
    while (op < OP_COUNT && strcmp(op_names[op], name) != 0) {
        op++;
    }
    if (op == OP_COUNT) {
        return FAIL(p, "\"%.60s\" is no operator of op.def", name);
    }
    if (g->node_count == OP_CASE_NODES || (g->node_count > 0 && last_node(g)->out_count == 0)) {
        return FAIL(p, "more than %d operators in one case, or one without an output", OP_CASE_NODES);
    }
    struct node *n = &g->nodes[g->node_count];
    n->index = g->node_count++;
    n->op = (enum op)op;
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (options[i].op == n->op) {
            set_default(&options[i], &n->attr, p->arena);
        }
    }
    for (char *word = next_word(p); *word != '\0'; word = next_word(p)) {
        char *value = strchr(word, '=');
        if (value == NULL) {
            return FAIL(p, "\"%.60s\": want name=value", word);
        }
        *value++ = '\0';
        if (strcmp(word, "custom") == 0) {
            if (!parse_custom(p, value, &n->attr)) {
                return false;
            }
            continue;
        }
        size_t i = 0;
        while (i < COUNT_OF(options) && (options[i].op != n->op || strcmp(options[i].name, word) != 0)) {
            i++;
        }
        if (i == COUNT_OF(options)) {
            return FAIL(p, "%s has no option \"%.60s\" in tflite_options.def", name, word);
        }
        if (!parse_option(p, &options[i], value, &n->attr)) {
            return false;
        }
    }
    return true;
}

/*** Tensors ***/

/* "[1, 2, 3]", spaces allowed. */
static bool parse_dims(struct parser *p, struct tensor *t)
{
    char *text = skip_space(p->rest);
    char *end = strchr(text, ']');
    if (*text != '[' || end == NULL) {
        return FAIL(p, "want dims in brackets: \"%.60s\"", text);
    }
    *end = '\0';
    p->rest = end + 1;
    for (char *item = strtok(text + 1, ", "); item != NULL; item = strtok(NULL, ", ")) {
        int64_t dim = 0;
        if (t->rank == IR_MAX_RANK || !parse_int(p, item, INT32_MIN, INT32_MAX, &dim)) {
            return FAIL(p, "more than %d dims", IR_MAX_RANK);
        }
        t->dim[t->rank++] = (int32_t)dim;
    }
    return true;
}

/* axis N scale S... zero Z... */
static bool parse_quant(struct parser *p, struct tensor *t)
{
    const size_t most = strlen(p->rest) + 1;
    float *scale = ARENA_ARRAY(p->arena, most, float);
    int32_t *zero_point = ARENA_ARRAY(p->arena, most, int32_t);
    int32_t scale_count = 0, zero_count = 0;
    const char *what = "";
    for (char *word = next_word(p); *word != '\0'; word = next_word(p)) {
        int64_t value = 0;
        if (isalpha((unsigned char)*word) && strcmp(word, "inf") != 0 && strcmp(word, "nan") != 0) {
            what = word;
        } else if (strcmp(what, "scale") == 0) {
            if (!parse_float(p, word, &scale[scale_count++])) {
                return false;
            }
        } else if (strcmp(what, "zero") == 0 || strcmp(what, "axis") == 0) {
            if (!parse_int(p, word, INT32_MIN, INT32_MAX, &value)) {
                return false;
            }
            *(*what == 'z' ? &zero_point[zero_count++] : &t->quant.axis) = (int32_t)value;
        } else {
            return FAIL(p, "\"%.60s %.60s\": want axis, scale or zero", what, word);
        }
    }
    if (zero_count > 1 && zero_count != scale_count) {
        return FAIL(p, "%d zero points for %d scales", zero_count, scale_count);
    }
    for (int i = 1; i < scale_count && zero_count == 1; i++) {
        zero_point[i] = zero_point[0];
    }
    t->quant.count = scale_count;
    t->quant.scale = scale;
    t->quant.zero_point = zero_point;
    return true;
}

static void int_range(enum type type, int64_t *low, int64_t *high)
{
    const int bits = type == TYPE_BOOL ? 1 : ir_type_bits(type);
    const bool is_signed =
        type == TYPE_S4 || type == TYPE_S8 || type == TYPE_S16 || type == TYPE_S32 || type == TYPE_S64;
    *low = !is_signed ? 0 : bits == 64 ? INT64_MIN : -(INT64_C(1) << (bits - 1));
    *high = bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - is_signed)) - 1;
}

static bool is_float(enum type type) { return type == TYPE_F32 || type == TYPE_F64 || type == TYPE_F16; }

static void store_float(enum type type, void *to, double value)
{
    const float f = (float)value;
    const uint16_t half = f32_to_f16(f);
    switch (type) {
    case TYPE_F64:
        memcpy(to, &value, sizeof value);
        break;
    case TYPE_F32:
        memcpy(to, &f, sizeof f);
        break;
    default:
        memcpy(to, &half, sizeof half);
    }
}

/* int4 lies in a byte each, as the reader leaves it. */
static size_t element_size(enum type type) { return (size_t)(ir_type_bits(type) + 7) / 8; }

static void store_random(enum type type, uint8_t *to, int64_t count, uint32_t x)
{
    const size_t size = element_size(type);
    for (int64_t i = 0; i < count; i++, to += size) {
        x = x * 1664525 + 1013904223;
        if (is_float(type)) {
            store_float(type, to, (double)(x >> 8) / (1 << 22) - 2);
        } else {
            const int64_t high = (int16_t)(x >> 16);
            const int64_t value = type == TYPE_BOOL ? x >> 16 & 1
                                  : type == TYPE_S4 ? (int64_t)(x >> 16 & 15) - 8
                                                    : high;
            memcpy(to, &value, size);
        }
    }
}

/* Values of a tensor: `count` elements in a new array. */
static bool parse_values(struct parser *p, enum type type, int64_t count, struct op_values *values)
{
    const size_t size = element_size(type);
    uint8_t *to = arena_array(p->arena, (size_t)count + 1, size);
    values->data = to;
    int64_t low = 0, high = 0;
    int_range(type, &low, &high);
    int64_t n = 0;
    for (char *word = next_word(p); *word != '\0'; word = next_word(p), n++) {
        int64_t value = 0;
        if (n == 0 && strcmp(word, "random") == 0) {
            if (!parse_int(p, next_word(p), 0, UINT32_MAX, &value)) {
                return false;
            }
            store_random(type, to, count, (uint32_t)value);
            return *skip_space(p->rest) == '\0' || FAIL(p, "too much after `random`");
        }
        if (n == 0 && strcmp(word, "crc") == 0) {
            if (is_float(type) || !parse_int(p, next_word(p), 0, UINT32_MAX, &value)) {
                return FAIL(p, "no CRC of floats");
            }
            values->is_crc = true;
            values->crc = (uint32_t)value;
            return *skip_space(p->rest) == '\0' || FAIL(p, "too much after `crc`");
        }
        if (n == count) {
            return FAIL(p, "more than %lld values", (long long)count);
        }
        if (is_float(type)) {
            char *end;
            store_float(type, to + (size_t)n * size, strtod(word, &end));
            if (end == word || *end != '\0') {
                return FAIL(p, "\"%.60s\" is no number", word);
            }
        } else if (!parse_int(p, word, low, high, &value)) {
            return false;
        } else {
            memcpy(to + (size_t)n * size, &value, size); /* little-endian, as the host must be */
        }
    }
    return n == count || FAIL(p, "%lld values, want %lld", (long long)n, (long long)count);
}

static bool add_port(struct parser *p, int32_t *ports, int32_t *count, int32_t tensor)
{
    if (*count == OP_CASE_PORTS) {
        return FAIL(p, "more than %d tensors", OP_CASE_PORTS);
    }
    ports[(*count)++] = tensor;
    return true;
}

/* The part after the colon. */
static bool parse_content(struct parser *p, const char *keyword, struct tensor *t)
{
    struct op_case *c = p->c;
    struct graph *g = p->graph;
    const bool is_in = strcmp(keyword, "in") == 0, is_out = strcmp(keyword, "out") == 0;
    const bool is_const = strcmp(keyword, "const") == 0, is_state = strcmp(keyword, "state") == 0;
    const int32_t index = (int32_t)(t - g->tensors);
    struct op_values values = {0};
    char *text = skip_space(p->rest);
    int64_t count = is_in || is_out ? c->invokes : 1;
    for (int i = 0; i < t->rank; i++) {
        count *= t->dim[i] > 0 ? t->dim[i] : 0;
        count = count > MAX_COUNT ? MAX_COUNT + 1 : count;
    }
    if (is_out && strncmp(text, "error ", 6) == 0) {
        c->error = skip_space(text + 6);
    } else if (*text != '\0' || (count == 0 && !is_out)) {
        if (count > MAX_COUNT) {
            return FAIL(p, "too large for a test");
        }
        if (!parse_values(p, t->type, count, &values)) {
            return false;
        }
    }
    if (g != &c->graph && values.data != NULL && !is_const) {
        return FAIL(p, "values of a graph that is called");
    }
    if (is_in) {
        c->in[g->input_count] = g == &c->graph ? values : c->in[g->input_count];
        return add_port(p, g->inputs, &g->input_count, index);
    }
    if (is_out) {
        c->out[g->output_count] = g == &c->graph ? values : c->out[g->output_count];
        return add_port(p, g->outputs, &g->output_count, index);
    }
    if (is_const) {
        t->data = values.data;
        t->type = t->type == TYPE_S4 ? TYPE_S8 : t->type;
    } else if (is_state) {
        t->is_state = true;
        t->init = values.data;
    } else if (values.data != NULL) {
        return FAIL(p, "values between operators");
    }
    return true;
}

static bool parse_tensor(struct parser *p, const char *keyword)
{
    struct graph *g = p->graph;
    struct node *n = last_node(g);
    const bool is_out = strcmp(keyword, "out") == 0 || strcmp(keyword, "mid") == 0;
    if (n->out_count > 0 && !is_out) {
        return FAIL(p, "an input after an output");
    }
    if (g->tensor_count == g->tensor_capacity) {
        return FAIL(p, "more than %d tensors", g->tensor_capacity);
    }
    const int32_t index = ir_add_tensor(g);
    struct tensor *t = &g->tensors[index];
    const char *word = next_word(p);
    const bool is_named = find_type(word) == TYPE_COUNT;
    t->name = is_named ? arena_printf(p->arena, "%s", word) : arena_printf(p->arena, "%s%d", keyword, index);
    if (!parse_type(p, is_named ? next_word(p) : word, &t->type) || !parse_dims(p, t)) {
        return false;
    }
    char *values = strchr(p->rest, ':');
    if (values != NULL) {
        *values++ = '\0';
    }
    if (!parse_quant(p, t)) {
        return false;
    }
    p->rest = values == NULL ? "" : values;
    if (g->node_count == 0) { /* before the first operator: of the graph alone */
        return parse_content(p, keyword, t) && (g->input_count > 0 || FAIL(p, "not an input of the graph"));
    }
    return parse_content(p, keyword, t) &&
           (is_out ? add_port(p, n->out, &n->out_count, index) : add_port(p, n->in, &n->in_count, index));
}

static bool parse_use(struct parser *p)
{
    struct graph *g = p->graph;
    struct node *n = last_node(g);
    const char *name = next_word(p);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        if (strcmp(g->tensors[i].name, name) == 0) {
            return n->out_count == 0 ? add_port(p, n->in, &n->in_count, i) : FAIL(p, "an input after an output");
        }
    }
    return FAIL(p, "there is no tensor \"%.60s\"", name);
}

/*** Cases ***/

static void begin_graph(struct parser *p, struct graph *g)
{
    p->graph = g;
    g->arena = p->arena;
    g->name = "";
    g->tensor_capacity = 2 * OP_CASE_PORTS;
    g->tensors = ARENA_ARRAY(p->arena, g->tensor_capacity, struct tensor);
    g->nodes = ARENA_ARRAY(p->arena, OP_CASE_NODES, struct node);
    for (int i = 0; i < OP_CASE_NODES; i++) {
        g->nodes[i].in = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
        g->nodes[i].out = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
        g->nodes[i].name = p->c->name;
    }
    g->inputs = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
    g->outputs = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
}

static void begin_case(struct parser *p)
{
    struct op_case *c = p->c;
    *c = (struct op_case){.invokes = 1, .line = p->table->line};
    c->name = arena_printf(p->arena, "%s", skip_space(p->rest));
    begin_graph(p, &c->graph);
}

/* `error` without an `out`: the operator still needs something to write. */
static bool end_case(struct parser *p)
{
    struct op_case *c = p->c;
    struct graph *g = p->graph = &c->graph;
    if (g->node_count == 0) {
        return FAIL(p, "the case \"%.60s\" has no operator", c->name);
    }
    if (c->before != NULL || c->after != NULL) { /* made up by the test itself */
        return true;
    }
    for (int i = 0; i < g->input_count && c->error == NULL; i++) {
        if (c->in[i].data == NULL) {
            return FAIL(p, "input %d of the case \"%.60s\" has no values", i, c->name);
        }
    }
    if (g->nodes->out_count > 0) {
        for (int i = 0; i < g->output_count && c->error == NULL; i++) {
            const struct tensor *t = &g->tensors[g->outputs[i]];
            if (c->out[i].data == NULL && ir_count(t) != 0) {
                return FAIL(p, "output %d of the case \"%.60s\" has no values", i, c->name);
            }
        }
        return true;
    }
    if (c->error == NULL) {
        return FAIL(p, "the case \"%.60s\" has neither an output nor an error", c->name);
    }
    const int32_t index = ir_add_tensor(g);
    g->tensors[index].type = g->input_count > 0 ? g->tensors[g->inputs[0]].type : TYPE_F32;
    g->tensors[index].name = "out";
    return add_port(p, g->nodes->out, &g->nodes->out_count, index) && add_port(p, g->outputs, &g->output_count, index);
}

static bool parse_line(struct parser *p, const char *keyword)
{
    struct op_case *c = p->c;
    struct node *n = last_node(p->graph);
    int64_t value = 0;
    if (strcmp(keyword, "graph") == 0) {
        if (c->called_count == OP_CASE_CALLED) {
            return FAIL(p, "more than %d graphs that are called", OP_CASE_CALLED);
        }
        begin_graph(p, &c->called[c->called_count++]);
        return true;
    }
    if (strcmp(keyword, "op") == 0) {
        return parse_op(p);
    }
    if (strcmp(keyword, "use") == 0) {
        return parse_use(p);
    }
    if (strcmp(keyword, "before") == 0 || strcmp(keyword, "after") == 0) {
        *(*keyword == 'b' ? &c->before : &c->after) = arena_printf(p->arena, "%s", skip_space(p->rest));
        return true;
    }
    if (strcmp(keyword, "error") == 0) {
        c->error = arena_printf(p->arena, "%s", skip_space(p->rest));
        return *c->error != '\0' || FAIL(p, "which error?");
    }
    if (strcmp(keyword, "invokes") == 0) {
        if (c->graph.tensor_count > 0 || !parse_int(p, next_word(p), 1, 1000, &value)) {
            return FAIL(p, "`invokes` after a tensor");
        }
        c->invokes = (int32_t)value;
        return true;
    }
    if (strcmp(keyword, "none") == 0) {
        return n->out_count == 0 ? add_port(p, n->in, &n->in_count, NO_TENSOR)
                                 : add_port(p, n->out, &n->out_count, NO_TENSOR);
    }
    if (strcmp(keyword, "in") == 0 || strcmp(keyword, "const") == 0 || strcmp(keyword, "state") == 0 ||
        strcmp(keyword, "mid") == 0 || strcmp(keyword, "out") == 0) {
        return parse_tensor(p, keyword);
    }
    return FAIL(p, "\"%.60s\" is no keyword of test tables", keyword);
}

/* Ends the physical line at `line`, blanks its comment and its tail; returns what follows it. */
static char *end_line(char *line)
{
    char *end = line + strcspn(line, "\n");
    char *next = *end == '\0' ? end : end + 1;
    *end = '\0';
    char *comment = *line == '#' ? line : strstr(line, " #");
    for (char *c = comment == NULL ? end : comment; c < end; c++) {
        *c = ' ';
    }
    return next;
}

/* The next line with all its continuations; NULL at the end. */
static char *next_line(struct op_table *table)
{
    char *line = table->next;
    if (*line == '\0') {
        return NULL;
    }
    table->next = end_line(line);
    table->line++;
    while (*table->next == ' ' || *table->next == '\t') {
        table->next[-1] = ' ';
        table->next = end_line(table->next);
        table->line++;
    }
    for (char *last = line + strlen(line); last > line && isspace((unsigned char)last[-1]);) {
        *--last = '\0';
    }
    return line;
}

void op_table_open(struct op_table *table, const char *path, char *text)
{
    *table = (struct op_table){.path = path, .next = text};
}

bool op_table_next(struct op_table *table, struct arena *arena, struct op_case *c, struct diag *diag)
{
    struct parser p = {.table = table, .arena = arena, .diag = diag, .c = c};
    bool begun = false;
    while (!begun || strncmp(table->next, "case ", 5) != 0) {
        char *line = next_line(table);
        if (line == NULL) {
            break;
        }
        p.rest = line;
        const char *keyword = next_word(&p);
        if (*keyword == '\0') {
            continue;
        }
        if (strcmp(keyword, "case") == 0) {
            begin_case(&p);
            begun = true;
        } else if (!begun) {
            return FAIL(&p, "a line before the first case");
        } else if (!parse_line(&p, keyword)) {
            return false;
        }
    }
    return begun && end_case(&p);
}

static struct graph copy_graph(const struct graph *g, const struct model *model, struct arena *arena)
{
    struct graph copy = *g;
    copy.model = model;
    copy.tensors = arena_copy(arena, g->tensors, (size_t)g->tensor_capacity * sizeof *g->tensors);
    copy.nodes = arena_copy(arena, g->nodes, (size_t)g->node_count * sizeof *g->nodes);
    for (int i = 0; i < g->node_count; i++) {
        copy.nodes[i].in = arena_copy(arena, g->nodes[i].in, OP_CASE_PORTS * sizeof *g->nodes->in);
        copy.nodes[i].out = arena_copy(arena, g->nodes[i].out, OP_CASE_PORTS * sizeof *g->nodes->out);
    }
    return copy;
}

struct model *op_case_model(const struct op_case *c, struct arena *arena)
{
    struct model *model = ARENA_NEW(arena, struct model);
    model->graphs = ARENA_ARRAY(arena, 1 + c->called_count, struct graph);
    model->graph_count = 1 + c->called_count;
    model->description = "";
    for (int32_t i = 0; i < model->graph_count; i++) {
        model->graphs[i] = copy_graph(i == 0 ? &c->graph : &c->called[i - 1], model, arena);
    }
    return model;
}

char *op_table_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;
    if (f == NULL || getdelim(&text, &size, '\0', f) < 0) {
        fprintf(stderr, "%s: cannot read it, or it is empty\n", path);
        exit(1);
    }
    fclose(f);
    return text;
}

bool op_same_text(const char *a, const char *b)
{
    for (;;) {
        a += strspn(a, " \t\n");
        b += strspn(b, " \t\n");
        const size_t length = strcspn(a, " \t\n");
        if (length != strcspn(b, " \t\n") || strncmp(a, b, length) != 0) {
            return false;
        }
        if (length == 0) {
            return true;
        }
        a += length;
        b += length;
    }
}
