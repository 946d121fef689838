/* SPDX-License-Identifier: MIT
 *
 * Words of test tables, and lines of operators with their options.
 */
#include "op_parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static const char *const type_names[] = {
#define TYPE(name, ...) #name,
#include "../tool/ir/type.def"
#undef TYPE
};

char *op_skip_space(char *text) { return text + strspn(text, " \t"); }

char *op_next_word(struct op_parser *p)
{
    char *word = op_skip_space(p->rest);
    char *end = word + strcspn(word, " \t");
    p->rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

bool op_parse_int(struct op_parser *p, const char *word, int64_t low, int64_t high, int64_t *value)
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

bool op_parse_float(struct op_parser *p, const char *word, float *value)
{
    char *end;
    *value = strtof(word, &end);
    return (end != word && *end == '\0') || FAIL(p, "\"%.60s\" is no number", word);
}

enum type op_find_type(const char *word)
{
    int i = 0;
    while (i < TYPE_COUNT && strcasecmp(word, type_names[i]) != 0 && strcmp(word, ir_type_text((enum type)i)) != 0) {
        i++;
    }
    return (enum type)i;
}

bool op_parse_type(struct op_parser *p, const char *word, enum type *type)
{
    *type = op_find_type(word);
    return *type != TYPE_COUNT || FAIL(p, "\"%.60s\" is no type", word);
}

/*** Options ***/

static bool parse_enumerator(struct op_parser *p, const char *name, const char *word, int64_t *value)
{
    for (size_t i = 0; i < COUNT_OF(enumerators); i++) {
        if (strcmp(enumerators[i].option, name) == 0 && strcmp(enumerators[i].name, word) == 0) {
            *value = enumerators[i].value;
            return true;
        }
    }
    return op_parse_int(p, word, INT32_MIN, INT32_MAX, value);
}

static bool parse_list(struct op_parser *p, char *word, const int32_t **list, int32_t *count)
{
    int32_t *values = ARENA_ARRAY(p->arena, strlen(word) + 1, int32_t);
    *list = values;
    *count = 0;
    for (char *item = strtok(word, ","); item != NULL; item = strtok(NULL, ",")) {
        int64_t value = 0;
        if (!op_parse_int(p, item, INT32_MIN, INT32_MAX, &value)) {
            return false;
        }
        values[(*count)++] = (int32_t)value;
    }
    return true;
}

static bool parse_custom(struct op_parser *p, const char *word, struct attr *attr)
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

static bool parse_option(struct op_parser *p, const struct option *o, char *word, struct attr *attr)
{
    void *to = (char *)attr + o->at;
    int64_t value = 0;
    switch (o->kind) {
    case F32:
        return op_parse_float(p, word, to);
    case TYPE:
        return op_parse_type(p, word, to);
    case LIST:
        return parse_list(p, word, to, &attr->list_count);
    case TEXT:
        *(const char **)to = arena_printf(p->arena, "%s", word);
        return true;
    case BOOL:
        if (!op_parse_int(p, word, 0, 1, &value)) {
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

bool op_parse_op(struct op_parser *p)
{
    struct graph *g = p->graph;
    const char *name = op_next_word(p);
    int op = 0;
    while (op < OP_COUNT && strcmp(op_names[op], name) != 0) {
        op++;
    }
    if (op == OP_COUNT) {
        return FAIL(p, "\"%.60s\" is no operator of op.def", name);
    }
    if (g->node_count == OP_CASE_NODES || (g->node_count > 0 && op_last_node(g)->out_count == 0)) {
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
    for (char *word = op_next_word(p); *word != '\0'; word = op_next_word(p)) {
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
