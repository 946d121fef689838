/* SPDX-License-Identifier: MIT
 *
 * Small parameters: in the kernels' headers that go along with a model, a field is as narrow as its values in this model
 * allow; what none of its kernels reads is left out. A function that returns the value stands for a field that has the same
 * in all layers, so that compilers drop what hangs on any other. Kernels compute the same, since integers narrower than int
 * are widened before any arithmetic.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "emitter.h"

/*** What the fields of the parameters hold ***/

static struct field *find_field(const struct emitter *e, const struct emit_field *f)
{
    for (int i = 0; i < e->field_count; i++) {
        if (e->fields[i].field == f) {
            return &e->fields[i];
        }
    }
    return NULL;
}

static struct field *note_field(struct emitter *e, const struct emit_field *f)
{
    struct field *known = find_field(e, f);
    if (known != NULL) {
        return known;
    }
    ARENA_GROW(e->top->arena, e->fields, e->field_count, e->field_capacity);
    e->fields[e->field_count] = (struct field){.field = f, .low = INT32_MAX, .high = INT32_MIN, .is_same = true};
    return &e->fields[e->field_count++];
}

/* The same as in the layers before, or a pointer to nothing. */
static bool is_same_value(const struct field *known, const struct emit_field *f, const uint8_t *at)
{
    const void *target = NULL;
    if (f->is_pointer) {
        memcpy(&target, at + f->offset, sizeof target);
    }
    return target == NULL && (known->value == NULL || memcmp(known->value, at + f->offset, f->size) == 0);
}

/* A struct at `at`; NULL: in a table, whose fields stay as wide as they are. */
static void note_struct(struct emitter *e, const struct emit_struct *s, const uint8_t *at)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        struct field *known = note_field(e, f);
        const struct emit_struct *inner = emit_find_struct(f->type);
        const size_t count = (f->dim[0] > 0 ? f->dim[0] : 1) * (f->dim[1] > 0 ? f->dim[1] : 1);
        const bool is_simple = at != NULL && count == 1 && (inner == NULL || f->is_pointer);
        known->is_same = known->is_same && is_simple && is_same_value(known, f, at);
        known->value = at != NULL ? at + f->offset : NULL;
        if (inner != NULL && (f->is_pointer || at == NULL)) {
            note_struct(e, inner, NULL);
        } else if (inner != NULL) {
            for (size_t i = 0; i < count; i++) {
                note_struct(e, inner, at + f->offset + i * (f->size / count));
            }
        } else if (at == NULL || f->is_pointer || strcmp(f->type, "int32_t") != 0) {
            known->low = INT32_MIN;
            known->high = INT32_MAX;
        }
        for (size_t i = 0; i < count && known->low > INT32_MIN && inner == NULL; i++) {
            int32_t value;
            memcpy(&value, at + f->offset + i * sizeof value, sizeof value);
            known->low = value < known->low ? value : known->low;
            known->high = value > known->high ? value : known->high;
        }
    }
}

/*** What the kernels read ***/

/* Whether a name stands in a line. */
static bool has_word(const char *line, const char *word)
{
    const size_t size = strlen(word);
    for (const char *at = line; (at = strstr(at, word)) != NULL; at += size) {
        const char before = at == line ? ' ' : at[-1], after = at[size];
        if (!isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) && after != '_') {
            return true;
        }
    }
    return false;
}

/* The struct of parameters that begins in this line; NULL: none. */
static const struct emit_struct *find_begin(const char *line)
{
    char name[64];
    return sscanf(line, "struct %63[a-z0-9_] {", name) == 1 && strchr(line, '{') != NULL ? emit_find_struct(name)
                                                                                         : NULL;
}

static void mark_read(struct emitter *e, const struct emit_source *source)
{
    for (const struct emit_read *r = source->reads; r->field != NULL; r++) {
        struct field *known = find_field(e, r->field);
        if (known != NULL) {
            known->is_read = true;
            known->is_unclear |= r->call == NULL;
        }
    }
}

static bool *mark_sources(struct emitter *e, const char *file, bool *seen)
{
    const struct emit_source *source = emit_find_source(file);
    if (source == NULL || seen[source - emit_sources]) {
        return seen;
    }
    seen[source - emit_sources] = true;
    mark_read(e, source);
    for (int i = 0; source->lines[i] != NULL; i++) {
        char included[64];
        if (sscanf(source->lines[i], "#include \"%63[^\"]\"", included) == 1) {
            mark_sources(e, included, seen);
        }
    }
    return seen;
}

/*** What is left of the structs ***/

/* A line that declares fields, from their type to the semicolon; else NULL. */
static const char *find_declaration(struct arena *arena, const char *line)
{
    const char *end = strchr(line, ';'), *comment = strstr(line, "/*");
    return end == NULL || (comment != NULL && comment < end) || strncmp(line, "    ", 4) != 0 || line[4] == ' '
               ? NULL
               : arena_printf(arena, "%.*s", (int)(end - line - 4), line + 4);
}

static bool is_any_left(const struct emitter *e, const struct emit_struct *s, const char *declaration)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        if (has_word(declaration, f->name) && !emit_is_left_out(e, f)) {
            return true;
        }
    }
    return false;
}

/* Fields of a declaration that no kernel reads, or all layers have in common. */
static void leave_out(struct emitter *e, const struct emit_struct *s, const char *declaration)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        struct field *known = find_field(e, f);
        if (known != NULL && has_word(declaration, f->name)) {
            known->is_known = known->is_read && known->is_same && !known->is_unclear;
            known->is_left_out = known->is_known || !known->is_read;
        }
    }
}

/* C has no empty structs: of one that would be, a known field stays. */
static void keep_one(struct emitter *e, const struct emit_struct *s)
{
    struct field *last = NULL;
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        struct field *known = find_field(e, f);
        if (known == NULL || !known->is_left_out) {
            return;
        }
        last = known->is_known ? known : last;
    }
    if (last != NULL) {
        last->is_known = last->is_left_out = false;
    }
}

static void find_left_out(struct emitter *e, const struct emit_source *source)
{
    const struct emit_struct *s = NULL;
    for (int i = 0; source->lines[i] != NULL; i++) {
        const char *line = source->lines[i];
        if (s != NULL && strcmp(line, "};\n") == 0) {
            keep_one(e, s);
            s = NULL;
        }
        s = s == NULL ? find_begin(line) : s;
        const char *declaration = s != NULL ? find_declaration(e->top->arena, line) : NULL;
        if (declaration != NULL) {
            leave_out(e, s, declaration);
        }
    }
}

bool emit_is_left_out(const struct emitter *e, const struct emit_field *f)
{
    const struct field *known = find_field(e, f);
    return known != NULL && known->is_left_out;
}

void emit_find_fields(struct emitter *e)
{
    size_t sources = 0;
    while (emit_sources[sources].name != NULL) {
        sources++;
    }
    for (int32_t p = 0; p < e->part_count; p++) {
        const struct plan *plan = e->parts[p].plan;
        for (int i = plan->is_fed; i < plan->step_count; i++) {
            const struct plan_step *s = &plan->steps[i];
            if (!emit_is_call(s)) {
                note_struct(e, emit_find_params(e->top->arena, s->kernel), s->params);
            }
        }
    }
    bool *seen = ARENA_ARRAY(e->top->arena, sources, bool);
    const bool *is_used = emit_used_kernels(e);
    for (int k = 0; k < KERNEL_COUNT; k++) {
        if (is_used[k]) {
            mark_sources(e, plan_kernels[k].source, seen);
        }
    }
    for (size_t i = 0; i < sources; i++) {
        if (seen[i]) {
            find_left_out(e, &emit_sources[i]);
        }
    }
}

/*** What all layers have in common ***/

static bool is_known(const struct emitter *e, const struct emit_field *f)
{
    const struct field *known = find_field(e, f);
    return known != NULL && known->is_known;
}

/* The lines of a source with calls in the place of known fields. */
static const char **replace_known(struct emitter *e, const struct emit_source *source, int count)
{
    const char **lines = ARENA_ARRAY(e->top->arena, count + 1, const char *);
    const struct emit_read *r = source->reads;
    for (int i = 0; i < count; i++) {
        struct text text = {.arena = e->top->arena};
        const char *line = source->lines[i];
        int from = 0;
        for (; r->field != NULL && (r->call == NULL || r->line == i); r++) {
            if (is_known(e, r->field)) {
                text_add(&text, "%.*s%s", r->begin - from, line + from, r->call);
                from = r->end;
            }
        }
        text_add(&text, "%s", line + from);
        lines[i] = text.data;
    }
    return lines;
}

/* What closes a struct: its brace, and a function for each of its known fields. */
static const char *end_struct(struct emitter *e, const struct emit_struct *s)
{
    struct text text = {.arena = e->top->arena};
    text_add(&text, "};\n");
    bool is_first = true;
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        if (!is_known(e, f)) {
            continue;
        }
        if (is_first) {
            text_add(&text, "\n/* The same in all layers: fields of struct %s. */\n", s->name);
        }
        const char *type = f->is_pointer ? arena_printf(e->top->arena, "const %s%s *", e->flash, f->type)
                                         : arena_printf(e->top->arena, "%s ", f->type);
        text_add(&text, "static inline %s%s_%s(const struct %s *p) { return (void)p, %s; }\n", type, s->name, f->name,
                 s->name,
                 f->is_pointer ? arena_printf(e->top->arena, "(%s)0", type)
                               : emit_scalar_text(e, f->type, find_field(e, f)->value, f->size));
        is_first = false;
    }
    return text.data;
}

/*** The headers ***/

static const char *narrow_type(int32_t low, int32_t high)
{
    return low >= 0 && high <= UINT8_MAX           ? "uint8_t"
           : low >= INT8_MIN && high <= INT8_MAX   ? "int8_t"
           : low >= 0 && high <= UINT16_MAX        ? "uint16_t"
           : low >= INT16_MIN && high <= INT16_MAX ? "int16_t"
                                                   : "int32_t";
}

/* The values of the fields that stay, among those of a declaration; any, of an array that is not read by its elements only. */
static void find_range(const struct emitter *e, const struct emit_struct *s, const char *declaration, int32_t *low,
                       int32_t *high)
{
    *low = INT32_MAX;
    *high = INT32_MIN;
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        const struct field *known = find_field(e, f);
        if (has_word(declaration, f->name) && known != NULL && !known->is_left_out) {
            const bool is_any = f->dim[0] > 0 && known->is_unclear;
            *low = is_any ? INT32_MIN : known->low < *low ? known->low : *low;
            *high = is_any ? INT32_MAX : known->high > *high ? known->high : *high;
        }
    }
}

/* Whether a declarator, like "*filter", is that of a field which is left out. */
static bool is_gone(const struct emitter *e, const struct emit_struct *s, const char *declarator)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        if (emit_is_left_out(e, f) && has_word(declarator, f->name)) {
            return true;
        }
    }
    return false;
}

/* The line of a declaration with what stays of it, in the narrowest type for the values. A comment stays in its column if
 * it stands off. */
static const char *shrink(struct emitter *e, const struct emit_struct *s, const char *line, const char *declaration)
{
    struct text text = {.arena = e->top->arena};
    const char *names = declaration;
    while (strcspn(names, " ") < strcspn(names, ",")) { /* the first declarator begins behind the last space */
        names += strcspn(names, " ") + 1;
    }
    int32_t low, high;
    find_range(e, s, declaration, &low, &high);
    const bool is_integer = strncmp(declaration, "int32_t ", 8) == 0;
    text_add(&text, "    %.*s", (int)(names - declaration), declaration);
    if (is_integer) {
        text.size = 0;
        text_add(&text, "    %s ", narrow_type(low, high));
    }
    bool is_first = true;
    for (size_t size; *names != '\0'; names += size + strspn(names + size, ", ")) {
        size = strcspn(names, ",");
        const char *declarator = arena_printf(e->top->arena, "%.*s", (int)size, names);
        if (!is_gone(e, s, declarator)) {
            text_add(&text, "%s%s", is_first ? "" : ", ", declarator);
            is_first = false;
        }
    }
    const char *after = strchr(line, ';') + 1, *comment = after + strspn(after, " ");
    text_add(&text, ";");
    while (*comment == '/' && comment - after > 1 && text.size < (size_t)(comment - line) - 1) {
        text_add(&text, " ");
    }
    text_add(&text, "%s%s", *comment == '/' ? " " : "", comment);
    return text.data;
}

/* Lines of a comment that begins in line i. */
static int comment_lines(const char *const *lines, int i)
{
    int count = 1;
    while (strstr(lines[i + count - 1], "*/") == NULL) {
        count++;
    }
    return count;
}

/* How many lines from i on go: a declaration whose fields are left out, with the comment behind it, or a comment with
 * nothing below it that stays. */
static int gone_lines(struct emitter *e, const struct emit_struct *s, const char *const *lines, int i)
{
    const char *declaration = find_declaration(e->top->arena, lines[i]);
    if (declaration != NULL) {
        return is_any_left(e, s, declaration) ? 0 : strstr(lines[i], "/*") != NULL ? comment_lines(lines, i) : 1;
    }
    if (strncmp(lines[i], "    /*", 6) != 0) {
        return 0;
    }
    const int first = i + comment_lines(lines, i);
    int next = first;
    for (int gone; find_declaration(e->top->arena, lines[next]) != NULL; next += gone) {
        gone = gone_lines(e, s, lines, next);
        if (gone == 0) {
            return 0;
        }
    }
    return next > first ? next - i : 0;
}

const char *const *emit_compact_lines(struct emitter *e, const struct emit_source *source)
{
    int count = 0;
    while (source->lines[count] != NULL) {
        count++;
    }
    const char **from = replace_known(e, source, count);
    const char **lines = ARENA_ARRAY(e->top->arena, count + 1, const char *);
    const struct emit_struct *s = NULL;
    int left = 0;
    for (int i = 0; i < count; i++) {
        s = s == NULL ? find_begin(from[i]) : s;
        const bool is_noted = s != NULL && find_field(e, s->fields) != NULL;
        const int gone = is_noted ? gone_lines(e, s, from, i) : 0;
        if (gone > 0) {
            i += gone - 1;
            continue;
        }
        const char *declaration = is_noted ? find_declaration(e->top->arena, from[i]) : NULL;
        const bool ends = s != NULL && strcmp(from[i], "};\n") == 0;
        lines[left++] = declaration != NULL ? shrink(e, s, from[i], declaration)
                        : ends && is_noted  ? end_struct(e, s)
                                            : from[i];
        s = ends ? NULL : s;
    }
    return lines;
}
