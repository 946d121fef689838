/* SPDX-License-Identifier: MIT
 *
 * Fields that have the same value in all layers, for --optimize size: a function that returns the value stands for them,
 * so that compilers drop what hangs on any other. Where a kernel reads a field is found by the types of its variables; a
 * field that also is read in a way that is not understood here stays what it is.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "emitter.h"

enum { VARIABLES = 64, NAME = 64 };

struct variable {
    char name[NAME];
    const struct emit_struct *type; /* NULL: no parameters */
};

/* A source is read line by line. */
struct scan {
    struct emitter *e;
    struct text *to; /* the line with functions in place of fields; NULL: unclear fields are marked only */
    struct variable variables[VARIABLES];
    int count, outer; /* those before `outer` are not seen in a macro */
    bool in_comment, in_macro, in_struct;
    int depth;                      /* of parentheses */
    int declared_depth;             /* where a declaration goes on behind a comma; -1: nowhere */
    const struct emit_struct *type; /* the struct named last; NULL: no parameters */
    bool has_type;                  /* any struct was named */
    char before;                    /* what stands before the token, without spaces */
};

static void copy(struct scan *s, const char *from, const char *to)
{
    if (s->to != NULL) {
        text_add(s->to, "%.*s", (int)(to - from), from);
    }
}

static void mark_unclear(struct scan *s, const char *name)
{
    for (int i = 0; i < s->e->field_count; i++) {
        if (strcmp(s->e->fields[i].field->name, name) == 0) {
            s->e->fields[i].is_unclear = true;
        }
    }
}

/* A name at `line`; returns what follows. */
static const char *read_name(const char *line, char name[NAME])
{
    size_t size = 0;
    while (isalnum((unsigned char)line[size]) || line[size] == '_') {
        size++;
    }
    snprintf(name, NAME, "%.*s", (int)size, line);
    return line + size;
}

static bool begins_name(const char *line) { return isalpha((unsigned char)*line) || *line == '_'; }

static const char *skip_spaces(const char *line) { return line + strspn(line, " \n"); }

/* Behind the bracket that closes the one at `line`, or the end of the line. */
static const char *skip_index(const char *line)
{
    int open = 0;
    do {
        open += (*line == '[') - (*line == ']');
        line++;
    } while (open > 0 && *line != '\0');
    return line;
}

static void declare(struct scan *s, const char *name, const struct emit_struct *type)
{
    if (s->count < VARIABLES) { /* what is not noted is unclear where it is read */
        snprintf(s->variables[s->count].name, NAME, "%s", name);
        s->variables[s->count++].type = type;
    }
}

/* Behind the word `struct`: the type, and the variable if one is declared. Parameters that a kernel makes itself keep all
 * their fields. */
static const char *read_struct(struct scan *s, const char *line)
{
    char name[NAME];
    line = read_name(skip_spaces(line), name);
    s->type = emit_find_struct(name);
    s->has_type = true;
    if (*skip_spaces(line) == '{') {
        s->in_struct = true;
        return line;
    }
    const char *rest = skip_spaces(line);
    bool is_pointer = false;
    for (; *rest == '*' || strncmp(rest, "const ", 6) == 0; rest = skip_spaces(*rest == '*' ? rest + 1 : rest + 6)) {
        is_pointer |= *rest == '*';
    }
    if (!begins_name(rest) || s->in_struct) {
        return line;
    }
    rest = read_name(rest, name);
    declare(s, name, s->type);
    s->declared_depth = s->depth;
    for (const struct emit_field *f = s->type != NULL ? s->type->fields : NULL;
         f != NULL && f->name != NULL && !is_pointer; f++) {
        mark_unclear(s, f->name);
    }
    return rest;
}

static const struct emit_field *find_member(const struct emit_struct *s, const char *name)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

/* The variable that a name means here, the youngest first. */
static const struct variable *find_variable(const struct scan *s, const char *name)
{
    for (int i = s->count - 1; i >= s->outer; i--) {
        if (strcmp(s->variables[i].name, name) == 0) {
            return &s->variables[i];
        }
    }
    return NULL;
}

/* The field at the end of a chain; `base` leads to its struct. */
static void write_chain(struct scan *s, const char *chain, const char *base_end, const char *end,
                        const struct emit_struct *type, const struct emit_field *f)
{
    if (s->to != NULL && f != NULL && emit_is_known(s->e, f)) {
        text_add(s->to, "%s_%s(%s%.*s)", type->name, f->name, *base_end == '.' ? "&" : "", (int)(base_end - chain),
                 chain);
    } else {
        copy(s, chain, end);
    }
}

static int count_indices(const char *line)
{
    int count = 0;
    for (; *line == '['; line = skip_index(line)) {
        count++;
    }
    return count;
}

static int dims(const struct emit_field *f) { return f->dim[0] == 0 ? 0 : f->dim[1] == 0 ? 1 : 2; }

/* A name and the members behind it: p->mac.low. */
static const char *read_chain(struct scan *s, const char *line)
{
    char name[NAME];
    const char *at = read_name(line, name), *base_end = at;
    const struct variable *variable = find_variable(s, name);
    const struct emit_struct *type = variable != NULL ? variable->type : NULL, *owner = NULL;
    const struct emit_field *field = NULL;
    bool is_foreign = variable != NULL && type == NULL;
    for (;;) {
        const char *link = at;
        while (*link == '[') {
            link = skip_index(link);
        }
        if (!(link[0] == '.' || (link[0] == '-' && link[1] == '>')) || !begins_name(link + (link[0] == '.' ? 1 : 2))) {
            break;
        }
        base_end = link;
        at = read_name(link + (link[0] == '.' ? 1 : 2), name);
        owner = type;
        field = type != NULL ? find_member(type, name) : NULL;
        if (field == NULL && !is_foreign) {
            mark_unclear(s, name);
        }
        type = field != NULL ? emit_find_struct(field->type) : NULL;
        is_foreign = false;
    }
    if (field != NULL && (s->before == '&' || count_indices(at) < dims(field))) {
        mark_unclear(s, name); /* its address is taken */
    }
    write_chain(s, line, base_end, at, owner, field);
    return at;
}

/* Anything but a name: one character, a number, or a string without quotes in it. */
static const char *read_other(struct scan *s, const char *line)
{
    const char *end = line + 1;
    char name[NAME];
    if (isdigit((unsigned char)*line)) {
        end += strspn(end, "0123456789abcdefABCDEFxXuULlpP.");
    } else if (*line == '"') {
        end += strcspn(end, "\"\n") + 1;
    } else if ((*line == '.' || (*line == '-' && line[1] == '>')) && begins_name(line + (*line == '.' ? 1 : 2))) {
        end = read_name(line + (*line == '.' ? 1 : 2), name);
        const bool is_designator = *line == '.' && (s->before == '{' || s->before == ',') && s->has_type;
        if (!is_designator || s->type != NULL) {
            mark_unclear(s, name);
        }
    }
    s->depth += (*line == '(') - (*line == ')');
    if (*line == ';' || *line == '{' || s->depth < s->declared_depth) {
        s->declared_depth = -1;
    }
    copy(s, line, end);
    return end;
}

/* Behind a comma in a declaration: another pointer of the same type. */
static const char *read_declarator(struct scan *s, const char *line)
{
    char name[NAME];
    const char *star = skip_spaces(line + 1);
    if (s->before == ',' && s->depth == s->declared_depth && *line == '*' && begins_name(star)) {
        read_name(star, name);
        declare(s, name, s->type);
    }
    return line;
}

static const char *read_token(struct scan *s, const char *line)
{
    if (!begins_name(line)) {
        return read_other(s, read_declarator(s, line));
    }
    if (strncmp(line, "struct ", 7) == 0) {
        const char *end = read_struct(s, line + 7);
        copy(s, line, end);
        return end;
    }
    return read_chain(s, line);
}

/* Comments and spaces before a token. */
static const char *skip_comment(struct scan *s, const char *line)
{
    const char *at = line;
    for (;;) {
        at = s->in_comment ? at : at + strspn(at, " \n\\");
        if (!s->in_comment && !(at[0] == '/' && at[1] == '*')) {
            break;
        }
        const char *close = strstr(at + (s->in_comment ? 0 : 2), "*/");
        s->in_comment = close == NULL;
        at = close == NULL ? at + strlen(at) : close + 2;
        if (close == NULL) {
            break;
        }
    }
    copy(s, line, at);
    return at;
}

static void read_line(struct scan *s, const char *line)
{
    const size_t size = strlen(line);
    if (!s->in_comment && *line == '}') {
        s->count = 0; /* a function ends */
        s->in_struct = false;
    }
    if (!s->in_comment && !s->in_macro && *line == '#') {
        s->in_macro = true;
        s->outer = s->count;
    }
    if (strncmp(line, "#include", 8) == 0) {
        copy(s, line, line + size);
    } else {
        for (const char *at = skip_comment(s, line); *at != '\0'; at = skip_comment(s, at)) {
            const char *end = read_token(s, at);
            s->before = end[-1];
            at = end;
        }
    }
    if (s->in_macro && (size < 2 || line[size - 2] != '\\')) {
        s->in_macro = false;
        s->count = s->outer;
        s->outer = 0;
    }
}

void emit_mark_unclear(struct emitter *e, const char *const *lines)
{
    struct scan s = {.e = e, .declared_depth = -1};
    for (int i = 0; lines[i] != NULL; i++) {
        read_line(&s, lines[i]);
    }
}

void emit_replace_known(struct emitter *e, const char *const *lines, const char **to)
{
    struct scan s = {.e = e, .declared_depth = -1};
    int i = 0;
    for (; lines[i] != NULL; i++) {
        struct text line = {.arena = e->top->arena};
        s.to = &line;
        read_line(&s, lines[i]);
        to[i] = line.data;
    }
    to[i] = NULL;
}

const char *emit_end_struct(struct emitter *e, const struct emit_struct *s)
{
    struct text text = {.arena = e->top->arena};
    text_add(&text, "};\n");
    bool is_first = true;
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        if (!emit_is_known(e, f)) {
            continue;
        }
        text_add(&text, is_first ? "\n/* The same in all layers: fields of struct %s. */\n" : "", s->name);
        const char *type = f->is_pointer ? arena_printf(e->top->arena, "const %s%s *", e->flash, f->type)
                                         : arena_printf(e->top->arena, "%s ", f->type);
        text_add(&text, "static inline %s%s_%s(const struct %s *p) { return (void)p, %s; }\n", type, s->name, f->name,
                 s->name, f->is_pointer ? arena_printf(e->top->arena, "(%s)0", type) : emit_known_value(e, f));
        is_first = false;
    }
    return text.data;
}
