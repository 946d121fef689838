/* SPDX-License-Identifier: MIT
 *
 * YAML by libyaml, whose nodes know their line and column.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

enum { MOST_BYTES = 1 << 20, MOST_LAYERS = 256 };

bool recipe_fail(struct recipe_place place, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return place.line > 0 ? diag_fail(place.diag, "%s:%d:%d: %s", place.path, place.line, place.column, text)
                          : diag_fail(place.diag, "%s: %s", place.path, text);
}

bool recipe_fail_word(struct recipe_place place, const char *what, const char *word, const char *const words[])
{
    const char *meant = word_nearest(word, words);
    if (meant != NULL) {
        return recipe_fail(place, "unknown %s '%s'; did you mean '%s'?", what, word, meant);
    }
    char *all = arena_printf(place.arena, "%s", words[0]);
    for (int i = 1; words[0] != NULL && words[i] != NULL; i++) {
        all = arena_printf(place.arena, "%s, %s", all, words[i]);
    }
    return recipe_fail(place, "unknown %s '%s'; there are %s", what, word, all);
}

#ifdef HAVE_YAML
#include <yaml.h>

struct reading {
    struct recipe *recipe;
    yaml_document_t *document;
    const char *path;
    bool has_lines; /* false: a word of the command line */
    struct arena *arena;
    struct diag *diag;
};

static struct recipe_place place_of(const struct reading *r, const yaml_node_t *node)
{
    struct recipe_place place = {r->path, 0, 0, r->arena, r->diag};
    if (r->has_lines) {
        place.line = (int)node->start_mark.line + 1;
        place.column = (int)node->start_mark.column + 1;
    }
    return place;
}

/* The text of a scalar; NULL if it is none, or has zeros in it. */
static char *scalar(const struct reading *r, const yaml_node_t *node)
{
    const char *text = node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
    return text != NULL && strlen(text) == node->data.scalar.length ? arena_printf(r->arena, "%s", text) : NULL;
}

static bool set_words(struct reading *r, const struct recipe_field *f, const yaml_node_t *node)
{
    const yaml_node_item_t *start = node->data.sequence.items.start;
    const int32_t count = (int32_t)(node->data.sequence.items.top - start);
    struct recipe_words words = {ARENA_ARRAY(r->arena, count + 1, const char *), count};
    for (int32_t i = 0; i < count; i++) {
        const yaml_node_t *item = yaml_document_get_node(r->document, start[i]);
        words.list[i] = scalar(r, item);
        if (words.list[i] == NULL) {
            return recipe_fail(place_of(r, item), "%s wants a list of words", f->name);
        }
    }
    *(struct recipe_words *)recipe_at(r->recipe, f) = words;
    return true;
}

static bool set_field(struct reading *r, const struct recipe_field *f, const yaml_node_t *node)
{
    if (node->type == YAML_SEQUENCE_NODE && f->kind == FIELD_KIND_WORDS) {
        return set_words(r, f, node);
    }
    const char *text = scalar(r, node);
    if (text == NULL) {
        return recipe_fail(place_of(r, node), "%s wants one value", f->name);
    }
    return recipe_set_text(r->recipe, f, place_of(r, node), text);
}

/*** Layers ***/

static const struct layer_field {
    const char *name;
    size_t at, also; /* `also` 0: none */
    enum field_kind kind;
} layer_fields[] = {
    {"filters", offsetof(struct recipe_layer, filters), 0, FIELD_KIND_WHOLE},
    {"kernel", offsetof(struct recipe_layer, kernel_h), offsetof(struct recipe_layer, kernel_w), FIELD_KIND_WHOLE},
    {"kernel_h", offsetof(struct recipe_layer, kernel_h), 0, FIELD_KIND_WHOLE},
    {"kernel_w", offsetof(struct recipe_layer, kernel_w), 0, FIELD_KIND_WHOLE},
    {"stride", offsetof(struct recipe_layer, stride_h), offsetof(struct recipe_layer, stride_w), FIELD_KIND_WHOLE},
    {"stride_h", offsetof(struct recipe_layer, stride_h), 0, FIELD_KIND_WHOLE},
    {"stride_w", offsetof(struct recipe_layer, stride_w), 0, FIELD_KIND_WHOLE},
    {"expansion", offsetof(struct recipe_layer, expansion), 0, FIELD_KIND_WHOLE},
    {"rate", offsetof(struct recipe_layer, rate), 0, FIELD_KIND_NUMBER},
    {"valid", offsetof(struct recipe_layer, valid), 0, FIELD_KIND_SWITCH},
    {"linear", offsetof(struct recipe_layer, linear), 0, FIELD_KIND_SWITCH},
    {"no_norm", offsetof(struct recipe_layer, no_norm), 0, FIELD_KIND_SWITCH},
    {"activation", offsetof(struct recipe_layer, activation), 0, FIELD_KIND_TEXT},
};

static bool set_layer_field(struct reading *r, struct recipe_layer *layer, const char *name, const yaml_node_t *key,
                            const yaml_node_t *value)
{
    const char *words[COUNT_OF(layer_fields) + 1] = {NULL}, *text = scalar(r, value);
    const struct recipe_place place = place_of(r, value);
    for (size_t i = 0; i < COUNT_OF(layer_fields); i++) {
        const struct layer_field *f = &layer_fields[i];
        words[i] = f->name;
        if (strcmp(f->name, name) != 0) {
            continue;
        }
        char *at = (char *)layer + f->at, *end = NULL;
        if (text == NULL) {
            return recipe_fail(place, "%s wants one value", name);
        }
        if (f->kind == FIELD_KIND_TEXT) {
            *(const char **)(void *)at = text;
            return true;
        }
        if (f->kind == FIELD_KIND_SWITCH) {
            return recipe_parse_switch(text, (bool *)at) || recipe_fail(place, "%s wants yes or no", name);
        }
        const double number = strtod(text, &end);
        if (*text == '\0' || *end != '\0' || !(number >= 0 && number <= 65536)) {
            return recipe_fail(place, "%s is \"%s\", want a number from 0 to 65536", name, text);
        }
        if (f->kind == FIELD_KIND_NUMBER) {
            *(double *)(void *)at = number;
            return true;
        }
        *(int32_t *)(void *)at = (int32_t)number;
        if (f->also > 0) {
            *(int32_t *)(void *)((char *)layer + f->also) = (int32_t)number;
        }
        return true;
    }
    return recipe_fail_word(place_of(r, key), "word", name, words);
}

static bool read_layer_fields(struct reading *r, const yaml_node_t *node, struct recipe_layer *layer);

/* What stands behind the kind of a layer: a number, or fields of its own. */
static bool read_layer_kind(struct reading *r, const char *name, const yaml_node_t *key, const yaml_node_t *value,
                            struct recipe_layer *layer)
{
    layer->kind = name;
    if (value->type == YAML_MAPPING_NODE) {
        return read_layer_fields(r, value, layer);
    }
    return set_layer_field(r, layer, strcmp(name, "dropout") == 0 ? "rate" : "filters", key, value);
}

/* "conv: 16" or "conv: {filters: 16, kernel: 3}", or the first with more keys beside it. */
static bool read_layer(struct reading *r, const yaml_node_t *node, struct recipe_layer *layer)
{
    *layer = (struct recipe_layer){.line = place_of(r, node).line};
    if (node->type == YAML_SCALAR_NODE) {
        layer->kind = scalar(r, node);
        return layer->kind != NULL;
    }
    if (node->type != YAML_MAPPING_NODE) {
        return recipe_fail(place_of(r, node), "a layer is written like: conv: 16");
    }
    return read_layer_fields(r, node, layer) &&
           (layer->kind != NULL || recipe_fail(place_of(r, node), "the layer is empty"));
}

/* The first key of a layer without a kind yet is its kind. */
static bool read_layer_fields(struct reading *r, const yaml_node_t *node, struct recipe_layer *layer)
{
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(r->document, pair->value);
        const char *name = scalar(r, key);
        if (name == NULL) {
            return recipe_fail(place_of(r, key), "want a word");
        }
        if (!(layer->kind == NULL ? read_layer_kind(r, name, key, value, layer)
                                  : set_layer_field(r, layer, name, key, value))) {
            return false;
        }
    }
    return true;
}

static bool read_layers(struct reading *r, const yaml_node_t *node)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        return recipe_fail(place_of(r, node), "layers wants a list");
    }
    const yaml_node_item_t *start = node->data.sequence.items.start;
    const int32_t count = (int32_t)(node->data.sequence.items.top - start);
    if (count > MOST_LAYERS) {
        return recipe_fail(place_of(r, node), "%d layers, want at most %d", count, MOST_LAYERS);
    }
    r->recipe->layers = ARENA_ARRAY(r->arena, count + 1, struct recipe_layer);
    r->recipe->layer_count = count;
    r->recipe->line = place_of(r, node).line;
    for (int32_t i = 0; i < count; i++) {
        if (!read_layer(r, yaml_document_get_node(r->document, start[i]), &r->recipe->layers[i])) {
            return false;
        }
    }
    return true;
}

/*** Sections ***/

static bool read_entry(struct reading *r, const char *section, const yaml_node_t *key, const yaml_node_t *value)
{
    const char *name = scalar(r, key);
    const char **words = ARENA_ARRAY(r->arena, recipe_field_count + 2, const char *);
    int32_t count = 0;
    if (name == NULL) {
        return recipe_fail(place_of(r, key), "want a word");
    }
    for (size_t i = 0; i < recipe_field_count; i++) {
        const struct recipe_field *f = &recipe_fields[i];
        if (strcmp(f->section, section) == 0) {
            if (strcmp(f->name, name) == 0) {
                return set_field(r, f, value);
            }
            words[count++] = f->name;
        }
    }
    if (strcmp(section, "model") == 0) {
        if (strcmp(name, "layers") == 0) {
            return read_layers(r, value);
        }
        words[count++] = "layers";
    }
    if (count == 0) {
        for (size_t i = 0; i < recipe_field_count; i++) {
            if (count == 0 || strcmp(words[count - 1], recipe_fields[i].section) != 0) {
                words[count++] = recipe_fields[i].section;
            }
        }
        return recipe_fail_word(place_of(r, key), "section", section, words);
    }
    return recipe_fail_word(place_of(r, key), "word", name, words);
}

static bool is_section(const char *name)
{
    for (size_t i = 0; i < recipe_field_count; i++) {
        if (strcmp(recipe_fields[i].section, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_section(struct reading *r, const yaml_node_t *key, const yaml_node_t *value)
{
    const char *name = scalar(r, key);
    if (name == NULL || !is_section(name)) {
        return read_entry(r, name != NULL ? name : "", key, key); /* which finds the nearest */
    }
    if (value->type == YAML_SCALAR_NODE && value->data.scalar.length == 0) {
        return true; /* nothing in it */
    }
    if (value->type != YAML_MAPPING_NODE) {
        return recipe_fail(place_of(r, value), "%s wants words of its own below it, further to the right", name);
    }
    for (const yaml_node_pair_t *pair = value->data.mapping.pairs.start; pair < value->data.mapping.pairs.top; pair++) {
        if (!read_entry(r, name, yaml_document_get_node(r->document, pair->key),
                        yaml_document_get_node(r->document, pair->value))) {
            return false;
        }
    }
    return true;
}

static bool read_root(struct reading *r)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->document);
    if (root == NULL) {
        return diag_fail(r->diag, "%s: is empty", r->path);
    }
    if (root->type != YAML_MAPPING_NODE) {
        return recipe_fail(place_of(r, root),
                           "a recipe has sections: data, front, augment, model, train, quantise, board");
    }
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        if (!read_section(r, yaml_document_get_node(r->document, pair->key),
                          yaml_document_get_node(r->document, pair->value))) {
            return false;
        }
    }
    return true;
}

typedef bool read_work(struct reading *r, const void *context);

/* Parses the text and does the work, whatever becomes of it. Memory that runs out comes back here, since libyaml's has
 * to be freed. */
static bool with_document(struct reading *r, const char *text, size_t size, read_work *work, const void *context)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser)) {
        return diag_fail(r->diag, "%s: no memory", r->path);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    bool ok = yaml_parser_load(&parser, &document);
    if (!ok) {
        recipe_fail((struct recipe_place){r->path, r->has_lines ? (int)parser.problem_mark.line + 1 : 0,
                                          (int)parser.problem_mark.column + 1, r->arena, r->diag},
                    "%s", parser.problem != NULL ? parser.problem : "is no YAML");
    } else {
        r->document = &document;
        jmp_buf here, *const outside = r->arena->on_exhaustion;
        r->arena->on_exhaustion = &here;
        if (setjmp(here) == 0) {
            ok = work(r, context);
        } else {
            ok = diag_fail(r->diag, "%s: needs too much memory", r->path);
        }
        r->arena->on_exhaustion = outside;
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return ok;
}

static bool root_work(struct reading *r, const void *context)
{
    (void)context;
    return read_root(r);
}

bool recipe_read(struct recipe *recipe, const char *path, struct arena *arena, struct diag *diag)
{
    struct file file;
    if (!file_open(&file, path, diag)) {
        struct diag named = {0};
        diag_fail(&named, "%s: %s", path, diag->text);
        *diag = named;
        return false;
    }
    recipe->path = arena_printf(arena, "%s", path);
    struct reading r = {recipe, NULL, recipe->path, true, arena, diag};
    const bool ok = file.size <= MOST_BYTES
                        ? with_document(&r, (const char *)file.data, file.size, root_work, NULL)
                        : diag_fail(diag, "%s: is larger than a recipe may be, %d bytes", path, MOST_BYTES);
    file_close(&file);
    return ok;
}

/* One field from a document that is its value alone. */
static bool set_work(struct reading *r, const void *context)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->document);
    return root != NULL ? set_field(r, context, root) : recipe_set_text(r->recipe, context, place_of(r, NULL), "");
}

bool recipe_set(struct recipe *recipe, const char *assignment, struct arena *arena, struct diag *diag)
{
    const char *equals = strchr(assignment, '=');
    struct recipe_place place = {"--set", 0, 0, arena, diag};
    if (equals == NULL) {
        return recipe_fail(place, "\"%s\" is not like train.epochs=20", assignment);
    }
    const char *key = arena_printf(arena, "%.*s", (int)(equals - assignment), assignment);
    const char **words = ARENA_ARRAY(arena, recipe_field_count + 1, const char *);
    for (size_t i = 0; i < recipe_field_count; i++) {
        const struct recipe_field *f = &recipe_fields[i];
        words[i] = arena_printf(arena, "%s.%s", f->section, f->name);
        if (strcmp(words[i], key) == 0) {
            struct reading r = {recipe, NULL, arena_printf(arena, "--set %s", key), false, arena, diag};
            return with_document(&r, equals + 1, strlen(equals + 1), set_work, f);
        }
    }
    return recipe_fail_word(place, "word", key, words);
}

#else

bool recipe_read(struct recipe *recipe, const char *path, struct arena *arena, struct diag *diag)
{
    (void)recipe;
    (void)arena;
    return diag_fail(diag, "%s: this program was built without libyaml-dev; install it and build again", path);
}

bool recipe_set(struct recipe *recipe, const char *assignment, struct arena *arena, struct diag *diag)
{
    (void)recipe;
    (void)assignment;
    (void)arena;
    return diag_fail(diag, "this program was built without libyaml-dev; install it and build again");
}

#endif
