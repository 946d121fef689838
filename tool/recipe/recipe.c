/* SPDX-License-Identifier: MIT
 *
 * Fields by name: checked, set, and written back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

const struct recipe_field recipe_fields[] = {
#define FIELD_NUMBER(d) .number = (d)
#define FIELD_WHOLE(d) .number = (d)
#define FIELD_SWITCH(d) .number = (d)
#define FIELD_TEXT(d) .text = (d)
#define FIELD_CHOICE(d) .text = (d)
#define FIELD_WORDS(d) .text = (d)
#define FIELD(section, name, kind, preset, low, high, about) \
    {#section, #name, FIELD_KIND_##kind,   offsetof(struct recipe, section##_##name), low, \
     high,     about, FIELD_##kind(preset)},
#include "recipe.def"
#undef FIELD
};

const size_t recipe_field_count = COUNT_OF(recipe_fields);

void *recipe_at(struct recipe *recipe, const struct recipe_field *f) { return (char *)recipe + f->at; }

void recipe_init(struct recipe *recipe)
{
    *recipe = (struct recipe){0};
    for (size_t i = 0; i < recipe_field_count; i++) {
        const struct recipe_field *f = &recipe_fields[i];
        void *at = recipe_at(recipe, f);
        switch (f->kind) {
        case FIELD_KIND_NUMBER:
            *(double *)at = f->number;
            break;
        case FIELD_KIND_WHOLE:
            *(int32_t *)at = (int32_t)f->number;
            break;
        case FIELD_KIND_SWITCH:
            *(bool *)at = f->number != 0;
            break;
        case FIELD_KIND_TEXT:
        case FIELD_KIND_CHOICE:
            *(const char **)at = f->text;
            break;
        case FIELD_KIND_WORDS:
            *(struct recipe_words *)at = (struct recipe_words){0};
            break;
        }
    }
}

/* Whether `word` is one of "a|b|c: ..."; the words as a list that ends with NULL. */
static bool is_choice(const struct recipe_field *f, const char *word, struct arena *arena, const char ***words)
{
    const size_t length = strcspn(f->about, ":");
    char *all = arena_printf(arena, "%.*s", (int)length, f->about);
    int32_t count = 1;
    for (const char *at = all; *at != '\0'; at++) {
        count += *at == '|';
    }
    *words = ARENA_ARRAY(arena, count + 1, const char *);
    bool found = false;
    int32_t i = 0;
    for (char *next; (next = strsep(&all, "|")) != NULL; i++) {
        (*words)[i] = next;
        found |= strcmp(next, word) == 0;
    }
    return found;
}

static bool set_number(struct recipe_place place, const struct recipe_field *f, const char *text, void *at)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value)) {
        return recipe_fail(place, "%s is \"%s\", want a number", f->name, text);
    }
    if (f->kind == FIELD_KIND_WHOLE && value != floor(value)) {
        return recipe_fail(place, "%s is %s, want a whole number", f->name, text);
    }
    if (value < f->low || value > f->high) {
        return recipe_fail(place, "%s is %s, want %g to %g", f->name, text, f->low, f->high);
    }
    if (f->kind == FIELD_KIND_WHOLE) {
        *(int32_t *)at = (int32_t)value;
    } else {
        *(double *)at = value;
    }
    return true;
}

bool recipe_parse_switch(const char *text, bool *value)
{
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *value = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

bool recipe_set_text(struct recipe *recipe, const struct recipe_field *f, struct recipe_place place, const char *text)
{
    void *at = recipe_at(recipe, f);
    const char **words;
    switch (f->kind) {
    case FIELD_KIND_NUMBER:
    case FIELD_KIND_WHOLE:
        return set_number(place, f, text, at);
    case FIELD_KIND_SWITCH:
        return recipe_parse_switch(text, at) || recipe_fail(place, "%s is \"%s\", want yes or no", f->name, text);
    case FIELD_KIND_CHOICE:
        if (!is_choice(f, text, place.arena, &words)) {
            return recipe_fail_word(place, "word", text, words);
        }
        *(const char **)at = text;
        return true;
    case FIELD_KIND_TEXT:
        *(const char **)at = text;
        return true;
    case FIELD_KIND_WORDS: {
        const char **list = ARENA_ARRAY(place.arena, 1, const char *);
        list[0] = text;
        *(struct recipe_words *)at = (struct recipe_words){list, 1};
        return true;
    }
    }
    return false;
}

/*** Writing ***/

/* In single quotes, as YAML wants them. */
static char *quote(const char *text, struct arena *arena)
{
    char *out = arena_alloc(arena, 2 * strlen(text) + 3), *to = out;
    *to++ = '\'';
    for (; *text != '\0'; text++) {
        *to++ = *text == '\n' ? ' ' : *text;
        if (*text == '\'') {
            *to++ = '\'';
        }
    }
    *to = '\'';
    return out;
}

static char *value_text(const struct recipe *recipe, const struct recipe_field *f, struct arena *arena)
{
    const void *at = (const char *)recipe + f->at;
    switch (f->kind) {
    case FIELD_KIND_NUMBER:
        return arena_printf(arena, "%.17g", *(const double *)at);
    case FIELD_KIND_WHOLE:
        return arena_printf(arena, "%d", *(const int32_t *)at);
    case FIELD_KIND_SWITCH:
        return arena_printf(arena, "%s", *(const bool *)at ? "yes" : "no");
    case FIELD_KIND_TEXT:
    case FIELD_KIND_CHOICE:
        return quote(*(const char *const *)at, arena);
    case FIELD_KIND_WORDS:
        break;
    }
    const struct recipe_words *words = at;
    char *out = arena_printf(arena, "[");
    for (int32_t i = 0; i < words->count; i++) {
        out = arena_printf(arena, "%s%s%s", out, i > 0 ? ", " : "", quote(words->list[i], arena));
    }
    return arena_printf(arena, "%s]", out);
}

static char *layer_text(const struct recipe_layer *l, struct arena *arena)
{
    char *out = arena_printf(arena, "    - {%s: %d", l->kind, l->filters);
    const struct {
        const char *name;
        int32_t value;
    } numbers[] = {{"kernel_h", l->kernel_h},   {"kernel_w", l->kernel_w}, {"stride_h", l->stride_h},
                   {"stride_w", l->stride_w},   {"valid", l->valid},       {"linear", l->linear},
                   {"expansion", l->expansion}, {"no_norm", l->no_norm}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (numbers[i].value != 0) {
            out = arena_printf(arena, "%s, %s: %d", out, numbers[i].name, numbers[i].value);
        }
    }
    if (l->rate != 0) {
        out = arena_printf(arena, "%s, rate: %g", out, l->rate);
    }
    return arena_printf(arena, "%s%s%s}\n", out, l->activation != NULL ? ", activation: " : "",
                        l->activation != NULL ? l->activation : "");
}

char *recipe_write(const struct recipe *recipe, struct arena *arena)
{
    char *out = arena_printf(arena, "# All that a recipe says, defaults included.\n");
    const char *section = "";
    for (size_t i = 0; i < recipe_field_count; i++) {
        const struct recipe_field *f = &recipe_fields[i];
        if (strcmp(section, f->section) != 0) {
            section = f->section;
            out = arena_printf(arena, "%s%s:\n", out, section);
            if (strcmp(section, "model") == 0 && recipe->layer_count > 0) {
                out = arena_printf(arena, "%s  layers:\n", out);
                for (int32_t k = 0; k < recipe->layer_count; k++) {
                    out = arena_printf(arena, "%s%s", out, layer_text(&recipe->layers[k], arena));
                }
            }
        }
        out = arena_printf(arena, "%s  %s: %s\n", out, f->name, value_text(recipe, f, arena));
    }
    return out;
}

const char *const *recipe_help(struct arena *arena)
{
    const char **lines = ARENA_ARRAY(arena, recipe_field_count + 1, const char *);
    for (size_t i = 0; i < recipe_field_count; i++) {
        const struct recipe_field *f = &recipe_fields[i];
        char *name = arena_printf(arena, "%s.%s", f->section, f->name);
        lines[i] = arena_printf(arena, "  %-24s %s", name, f->about);
    }
    return lines;
}
