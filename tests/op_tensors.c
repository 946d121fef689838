/* SPDX-License-Identifier: MIT
 *
 * Lines of tensors in test tables: type, dims, quantisation and values.
 */
#include "op_parser.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COUNT = 1 << 24 }; /* values of a tensor */

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

/* "[1, 2, 3]", spaces allowed. */
static bool parse_dims(struct op_parser *p, struct tensor *t)
{
    char *text = op_skip_space(p->rest);
    char *end = strchr(text, ']');
    if (*text != '[' || end == NULL) {
        return FAIL(p, "want dims in brackets: \"%.60s\"", text);
    }
    *end = '\0';
    p->rest = end + 1;
    for (char *item = strtok(text + 1, ", "); item != NULL; item = strtok(NULL, ", ")) {
        int64_t dim = 0;
        if (t->rank == IR_MAX_RANK || !op_parse_int(p, item, INT32_MIN, INT32_MAX, &dim)) {
            return FAIL(p, "more than %d dims", IR_MAX_RANK);
        }
        t->dim[t->rank++] = (int32_t)dim;
    }
    return true;
}

/* axis N scale S... zero Z... */
static bool parse_quant(struct op_parser *p, struct tensor *t)
{
    const size_t most = strlen(p->rest) + 1;
    float *scale = ARENA_ARRAY(p->arena, most, float);
    int32_t *zero_point = ARENA_ARRAY(p->arena, most, int32_t);
    int32_t scale_count = 0, zero_count = 0;
    const char *what = "";
    for (char *word = op_next_word(p); *word != '\0'; word = op_next_word(p)) {
        int64_t value = 0;
        if (isalpha((unsigned char)*word) && strcmp(word, "inf") != 0 && strcmp(word, "nan") != 0) {
            what = word;
        } else if (strcmp(what, "scale") == 0) {
            if (!op_parse_float(p, word, &scale[scale_count++])) {
                return false;
            }
        } else if (strcmp(what, "zero") == 0 || strcmp(what, "axis") == 0) {
            if (!op_parse_int(p, word, INT32_MIN, INT32_MAX, &value)) {
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
static bool parse_values(struct op_parser *p, enum type type, int64_t count, struct op_values *values)
{
    const size_t size = element_size(type);
    uint8_t *to = arena_array(p->arena, (size_t)count + 1, size);
    values->data = to;
    int64_t low = 0, high = 0;
    int_range(type, &low, &high);
    int64_t n = 0;
    for (char *word = op_next_word(p); *word != '\0'; word = op_next_word(p), n++) {
        int64_t value = 0;
        if (n == 0 && strcmp(word, "random") == 0) {
            if (!op_parse_int(p, op_next_word(p), 0, UINT32_MAX, &value)) {
                return false;
            }
            store_random(type, to, count, (uint32_t)value);
            return *op_skip_space(p->rest) == '\0' || FAIL(p, "too much after `random`");
        }
        if (n == 0 && strcmp(word, "crc") == 0) {
            if (is_float(type) || !op_parse_int(p, op_next_word(p), 0, UINT32_MAX, &value)) {
                return FAIL(p, "no CRC of floats");
            }
            values->is_crc = true;
            values->crc = (uint32_t)value;
            return *op_skip_space(p->rest) == '\0' || FAIL(p, "too much after `crc`");
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
        } else if (!op_parse_int(p, word, low, high, &value)) {
            return false;
        } else {
            memcpy(to + (size_t)n * size, &value, size); /* little-endian, as the host must be */
        }
    }
    return n == count || FAIL(p, "%lld values, want %lld", (long long)n, (long long)count);
}

bool op_add_port(struct op_parser *p, int32_t *ports, int32_t *count, int32_t tensor)
{
    if (*count == OP_CASE_PORTS) {
        return FAIL(p, "more than %d tensors", OP_CASE_PORTS);
    }
    ports[(*count)++] = tensor;
    return true;
}

/* The part after the colon. */
static bool parse_content(struct op_parser *p, const char *keyword, struct tensor *t)
{
    struct op_case *c = p->c;
    struct graph *g = p->graph;
    const bool is_in = strcmp(keyword, "in") == 0, is_out = strcmp(keyword, "out") == 0;
    const bool is_const = strcmp(keyword, "const") == 0, is_state = strcmp(keyword, "state") == 0;
    const int32_t index = (int32_t)(t - g->tensors);
    struct op_values values = {0};
    char *text = op_skip_space(p->rest);
    int64_t count = is_in || is_out ? c->invokes : 1;
    for (int i = 0; i < t->rank; i++) {
        count *= t->dim[i] > 0 ? t->dim[i] : 0;
        count = count > MAX_COUNT ? MAX_COUNT + 1 : count;
    }
    if (is_out && strncmp(text, "error ", 6) == 0) {
        c->error = op_skip_space(text + 6);
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
        return op_add_port(p, g->inputs, &g->input_count, index);
    }
    if (is_out) {
        c->out[g->output_count] = g == &c->graph ? values : c->out[g->output_count];
        return op_add_port(p, g->outputs, &g->output_count, index);
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

bool op_parse_tensor(struct op_parser *p, const char *keyword)
{
    struct graph *g = p->graph;
    struct node *n = op_last_node(g);
    const bool is_out = strcmp(keyword, "out") == 0 || strcmp(keyword, "mid") == 0;
    if (n->out_count > 0 && !is_out) {
        return FAIL(p, "an input after an output");
    }
    if (g->tensor_count == g->tensor_capacity) {
        return FAIL(p, "more than %d tensors", g->tensor_capacity);
    }
    const int32_t index = ir_add_tensor(g);
    struct tensor *t = &g->tensors[index];
    const char *word = op_next_word(p);
    const bool is_named = op_find_type(word) == TYPE_COUNT;
    t->name = is_named ? arena_printf(p->arena, "%s", word) : arena_printf(p->arena, "%s%d", keyword, index);
    if (!op_parse_type(p, is_named ? op_next_word(p) : word, &t->type) || !parse_dims(p, t)) {
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
           (is_out ? op_add_port(p, n->out, &n->out_count, index) : op_add_port(p, n->in, &n->in_count, index));
}

bool op_parse_use(struct op_parser *p)
{
    struct graph *g = p->graph;
    struct node *n = op_last_node(g);
    const char *name = op_next_word(p);
    for (int32_t i = 0; i < g->tensor_count; i++) {
        if (strcmp(g->tensors[i].name, name) == 0) {
            return n->out_count == 0 ? op_add_port(p, n->in, &n->in_count, i) : FAIL(p, "an input after an output");
        }
    }
    return FAIL(p, "there is no tensor \"%.60s\"", name);
}
