/* SPDX-License-Identifier: MIT
 *
 * The options of operators in a .tflite file, as two tables say.
 */
#include <stddef.h>

#include "flexbuffer.h"
#include "tflite.h"

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

/* Entries of the flexbuffer that the operator's custom options are. */
static bool read_custom_fields(struct tflite_reader *r, struct node *n)
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

static bool read_custom_options(struct tflite_reader *r, const struct fb_table *operator, struct node * n)
{
    const struct fb_vector custom = fb_vector(operator, OPERATOR_CUSTOM_OPTIONS, 1);
    struct tflite_span span = {r->fb.data + custom.at, custom.count};
    if (custom.count == 0 &&
        !tflite_read_span(r, operator, OPERATOR_LARGE_OPTIONS_OFFSET, OPERATOR_LARGE_OPTIONS_SIZE, &span)) {
        return false;
    }
    n->attr.custom = span.size > 0 ? span.data : NULL;
    n->attr.custom_size = span.size;
    return read_custom_fields(r, n);
}

bool tflite_read_options(struct tflite_reader *r, const struct fb_table *operator, struct node * n)
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
            if (!tflite_find_type(code, (enum type *)(void *)to)) {
                return ir_fail(n, r->diag, "asks for the type %s, which mote lacks", tflite_type_name(r, code));
            }
            break;
        }
        case LIST: {
            const struct fb_vector v = fb_vector(&options, f->field, 4);
            *(const int32_t **)(void *)to = tflite_read_list(r, &v);
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
