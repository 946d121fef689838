/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

bool diag_fail(struct diag *diag, const char *format, ...)
{
    if (!diag->failed) {
        va_list args;
        va_start(args, format);
        vsnprintf(diag->text, sizeof diag->text, format, args);
        va_end(args);
        text_clean(diag->text);
        diag->failed = true;
    }
    return false;
}

void diag_print(const char *format, ...)
{
    char text[sizeof((struct diag *)0)->text + 4096]; /* and a path */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(text);
    fprintf(stderr, "%s\n", text);
}

void diag_add(struct diag *diag, const char *text)
{
    const size_t length = strlen(diag->text);
    snprintf(diag->text + length, sizeof diag->text - length, "%s", text);
}

bool diag_miss(struct diag *diag, const char *format, ...)
{
    char text[sizeof diag->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (diag->missed == NULL) {
        return diag_fail(diag, "%s", text);
    }
    text_clean(text);
    diag_list_add(diag->missed, text);
    return true;
}

void diag_list_add(struct diag_list *list, const char *line)
{
    ARENA_GROW(list->arena, list->lines, list->count, list->capacity);
    list->lines[list->count++] = arena_printf(list->arena, "%s", line);
}
