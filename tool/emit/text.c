/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 110 };

void text_add_renamed(struct text *text, const char *line, const char *lower, const char *upper)
{
    for (const char *rest = line; *rest != '\0';) {
        const bool at_start =
            rest == line || !(rest[-1] == '_' || (rest[-1] >= '0' && rest[-1] <= '9') ||
                              (rest[-1] >= 'a' && rest[-1] <= 'z') || (rest[-1] >= 'A' && rest[-1] <= 'Z'));
        if (at_start && strncmp(rest, "mote_", 5) == 0) {
            text_add(text, "%s_", lower);
            rest += 5;
        } else if (at_start && strncmp(rest, "MOTE_", 5) == 0) {
            text_add(text, "%s_", upper);
            rest += 5;
        } else {
            text_add(text, "%c", *rest++);
        }
    }
}

void text_add_comment(struct text *text, const char *name)
{
    for (int i = 0; name[i] != '\0' && i < 60; i++) { /* nothing that could end a comment */
        const char c = name[i];
        text_add(text, "%c", c >= ' ' && c < 127 && c != '*' && c != '\\' && c != '?' ? c : '_');
    }
}

const char *text_c_type(enum type type)
{
    static const char *const names[TYPE_COUNT] = {
        [TYPE_F32] = "float",      [TYPE_F16] = "uint16_t", [TYPE_S32] = "int32_t",       [TYPE_U8] = "uint8_t",
        [TYPE_S64] = "int64_t",    [TYPE_BOOL] = "uint8_t", [TYPE_S16] = "int16_t",       [TYPE_S8] = "int8_t",
        [TYPE_F64] = "double",     [TYPE_U64] = "uint64_t", [TYPE_U32] = "uint32_t",      [TYPE_U16] = "uint16_t",
        [TYPE_STRING] = "uint8_t", [TYPE_S4] = "uint8_t",   [TYPE_RESOURCE] = "uint32_t", [TYPE_C64] = "uint64_t",
    };
    return names[type];
}

void text_add_float(struct text *text, float value)
{
    if (isnan(value)) {
        text_add(text, "(0.0F / 0.0F)");
    } else if (isinf(value)) {
        text_add(text, value > 0 ? "(1.0F / 0.0F)" : "(-1.0F / 0.0F)");
    } else {
        char digits[32];
        snprintf(digits, sizeof digits, "%.9g", (double)value);
        text_add(text, "%s%sF", digits, strpbrk(digits, ".e") == NULL ? ".0" : "");
    }
}

static void add_value(struct text *text, enum type type, const void *data, size_t i)
{
    switch (type) {
    case TYPE_F32:
        text_add_float(text, ((const float *)data)[i]);
        break;
    case TYPE_S8:
        text_add(text, "%d", ((const int8_t *)data)[i]);
        break;
    case TYPE_S16:
        text_add(text, "%d", ((const int16_t *)data)[i]);
        break;
    case TYPE_U16:
    case TYPE_F16:
        text_add(text, "%u", ((const uint16_t *)data)[i]);
        break;
    case TYPE_S32: {
        const int32_t v = ((const int32_t *)data)[i];
        text_add(text, v == INT32_MIN ? "(%" PRId32 " - 1)" : "%" PRId32, v == INT32_MIN ? v + 1 : v);
        break;
    }
    case TYPE_U32:
    case TYPE_RESOURCE:
        text_add(text, "%" PRIu32 "U", ((const uint32_t *)data)[i]);
        break;
    case TYPE_S64: {
        const int64_t v = ((const int64_t *)data)[i];
        text_add(text, v == INT64_MIN ? "(%" PRId64 " - 1)" : "%" PRId64, v == INT64_MIN ? v + 1 : v);
        break;
    }
    case TYPE_U64:
    case TYPE_C64:
        text_add(text, "%" PRIu64 "U", ((const uint64_t *)data)[i]);
        break;
    case TYPE_F64:
        text_add(text, "%.17g", ((const double *)data)[i]);
        break;
    default:
        text_add(text, "%u", ((const uint8_t *)data)[i]);
        break;
    }
}

void text_add_values(struct text *text, enum type type, const void *data, size_t count)
{
    size_t line = text->size;
    text_add(text, "    ");
    for (size_t i = 0; i < count; i++) {
        if (text->size - line > LINE) {
            text_add(text, "\n");
            line = text->size;
            text_add(text, "    ");
        }
        add_value(text, type, data, i);
        text_add(text, i + 1 < count ? "," : "\n");
        if (i + 1 < count && text->size - line <= LINE) {
            text_add(text, " ");
        }
    }
}
