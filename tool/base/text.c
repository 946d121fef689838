/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

static void reserve(struct text *text, size_t more)
{
    if (text->size + more + 1 > text->capacity) {
        const size_t capacity = (text->size + more) * 2 + 256;
        char *grown = arena_alloc(text->arena, capacity);
        if (text->size > 0) {
            memcpy(grown, text->data, text->size);
        }
        text->data = grown;
        text->capacity = capacity;
    }
}

void text_add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        reserve(text, (size_t)length);
        va_start(args, format);
        vsnprintf(text->data + text->size, (size_t)length + 1, format, args);
        va_end(args);
        text->size += (size_t)length;
    }
}

void text_clean(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 127) {
            *c = '?';
        }
    }
}
