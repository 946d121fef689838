/* SPDX-License-Identifier: MIT
 *
 * What the reader and the table of fields share.
 */
#ifndef RECIPE_FIELDS_H
#define RECIPE_FIELDS_H

#include "recipe.h"

enum field_kind {
    FIELD_KIND_NUMBER,
    FIELD_KIND_WHOLE,
    FIELD_KIND_SWITCH,
    FIELD_KIND_TEXT,
    FIELD_KIND_CHOICE,
    FIELD_KIND_WORDS
};

struct recipe_field {
    const char *section, *name;
    enum field_kind kind;
    size_t at; /* offset in struct recipe */
    double low, high;
    const char *about;
    union { /* the default */
        double number;
        const char *text;
    };
};

extern const struct recipe_field recipe_fields[];
extern const size_t recipe_field_count;

void *recipe_at(struct recipe *recipe, const struct recipe_field *field);

/* A place in a file; line 0: the command line. */
struct recipe_place {
    const char *path;
    int line, column;
    struct arena *arena;
    struct diag *diag;
};

/* "path:line:column: ..." Returns false. */
__attribute__((format(printf, 2, 3))) bool recipe_fail(struct recipe_place place, const char *format, ...);

/* "unknown WHAT 'word'; did you mean 'nearest'?" `words` ends with NULL. */
bool recipe_fail_word(struct recipe_place place, const char *what, const char *word, const char *const words[]);

bool recipe_parse_switch(const char *text, bool *value);

/* The field from one text. */
bool recipe_set_text(struct recipe *recipe, const struct recipe_field *field, struct recipe_place place,
                     const char *text);

#endif
