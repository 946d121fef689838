/* SPDX-License-Identifier: MIT
 *
 * The reader of target files: a line is a key and its value, `#` starts a comment. What a key means is a row of a
 * table; a key that is not there, comes twice or has a value of another kind is refused.
 */
#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    TEXT,   /* the rest of the line */
    BYTES,  /* 64K, 2M */
    HERTZ,  /* the same in thousands */
    MEMORY, /* base and size */
    YES,
    DECIMAL,
    COST, /* name and cycles; may come again */
};

static const char *const wanted[] = {
    [TEXT] = "text",
    [BYTES] = "a number such as 64K",
    [HERTZ] = "a number such as 64M",
    [MEMORY] = "a base and a size such as 0x20000000 4M",
    [YES] = "yes",
    [DECIMAL] = "a number such as 7.5",
    [COST] = "a name not given before, and cycles from 0 to 1000",
};

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    bool required;
};

static const struct key core_keys[] = {
    {"about", TEXT, offsetof(struct target_core, about), true},
    {"features", TEXT, offsetof(struct target_core, features), false},
    {"compiler", TEXT, offsetof(struct target_core, compiler), true},
    {"flags", TEXT, offsetof(struct target_core, flags), true},
    {"link_flags", TEXT, offsetof(struct target_core, link_flags), false},
    {"package", TEXT, offsetof(struct target_core, package), true},
    {"library_package", TEXT, offsetof(struct target_core, library_package), false},
    {"firmware", TEXT, offsetof(struct target_core, firmware), false},
    {"emulator", TEXT, offsetof(struct target_core, emulator), false},
    {"emulator_package", TEXT, offsetof(struct target_core, emulator_package), false},
    {"emulator_vectors", MEMORY, offsetof(struct target_core, emulator_vectors), false},
    {"emulator_flash", MEMORY, offsetof(struct target_core, emulator_flash), false},
    {"emulator_ram", MEMORY, offsetof(struct target_core, emulator_ram), false},
    {"separate_flash", YES, offsetof(struct target_core, separate_flash), false},
    {"costs_from", TEXT, offsetof(struct target_core, costs_from), false},
    {"code_ratio", DECIMAL, offsetof(struct target_core, code_ratio), false},
    {"cycles_per_mac", DECIMAL, offsetof(struct target_core, cycles_per_mac), false},
    {"cycles_per_mac_depthwise", DECIMAL, offsetof(struct target_core, cycles_per_mac_depthwise), false},
    {"cost", COST, offsetof(struct target_core, costs), false},
    {NULL},
};

static const struct key board_keys[] = {
    {"about", TEXT, offsetof(struct target_board, about), true},
    {"core", TEXT, offsetof(struct target_board, core), true},
    {"ram", BYTES, offsetof(struct target_board, ram), true},
    {"flash", BYTES, offsetof(struct target_board, flash), true},
    {"clock", HERTZ, offsetof(struct target_board, clock), true},
    {NULL},
};

struct reader {
    const char *file;
    int line;
    const struct key *keys;
    uint32_t seen; /* a bit for each key */
    void *to;
    struct diag *diag;
};

/*** Values ***/

/* Cuts the first word off; returns what follows it, NULL where nothing does. */
static char *cut_word(char *text)
{
    char *end = text + strcspn(text, " \t");
    char *rest = end + strspn(end, " \t");
    const bool is_last = *rest == '\0';
    *end = '\0';
    return is_last ? NULL : rest;
}

static bool parse_number(const char *word, uint32_t thousand, uint32_t *number)
{
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(word, &end, 0);
    const uint64_t unit = *end == 'K' ? thousand : *end == 'M' ? (uint64_t)thousand * thousand : 1;
    const char *rest = unit > 1 ? end + 1 : end;
    if (end == word || *word == '-' || *rest != '\0' || errno != 0 || value > UINT32_MAX / unit) {
        return false;
    }
    *number = (uint32_t)(value * unit);
    return true;
}

static bool parse_decimal(const char *word, double *number)
{
    char *end;
    *number = strtod(word, &end);
    return end != word && *end == '\0' && *number > 0 && *number < 1e6;
}

static bool parse_memory(char *value, struct target_memory *memory)
{
    const char *size = cut_word(value);
    return size != NULL && parse_number(value, 1024, &memory->base) && parse_number(size, 1024, &memory->size);
}

static bool parse_cost(char *value, struct target_core *core)
{
    const char *cycles = cut_word(value);
    uint32_t number;
    if (cycles == NULL || !parse_number(cycles, 1000, &number) || number > 1000 ||
        core->cost_count == TARGET_MAX_COSTS || target_find_cost(core, value, -1) >= 0) {
        return false;
    }
    core->costs[core->cost_count++] = (struct target_cost){value, (int32_t)number};
    return true;
}

static bool parse_value(struct reader *r, const struct key *key, char *value)
{
    void *to = (uint8_t *)r->to + key->offset;
    switch (key->kind) {
    case TEXT:
        *(const char **)to = value;
        return true;
    case BYTES:
        return parse_number(value, 1024, to);
    case HERTZ:
        return parse_number(value, 1000, to);
    case MEMORY:
        return parse_memory(value, to);
    case DECIMAL:
        return parse_decimal(value, to);
    case YES:
        *(bool *)to = true;
        return strcmp(value, "yes") == 0;
    default:
        return parse_cost(value, r->to);
    }
}

/*** Lines ***/

static const struct key *find_key(const struct reader *r, const char *name)
{
    const struct key *key = r->keys;
    while (key->name != NULL && strcmp(key->name, name) != 0) {
        key++;
    }
    return key->name != NULL ? key : NULL;
}

static bool parse_line(struct reader *r, char *line)
{
    char *name = line + strspn(line, " \t");
    name[strcspn(name, "#\r")] = '\0';
    for (size_t n = strlen(name); n > 0 && strchr(" \t", name[n - 1]) != NULL; n--) {
        name[n - 1] = '\0';
    }
    if (*name == '\0') {
        return true;
    }
    char *value = cut_word(name);
    const struct key *key = find_key(r, name);
    if (key == NULL) {
        return diag_fail(r->diag, "%s:%d: there is no key \"%s\"", r->file, r->line, name);
    }
    const uint32_t bit = UINT32_C(1) << (key - r->keys);
    if ((r->seen & bit) != 0 && key->kind != COST) {
        return diag_fail(r->diag, "%s:%d: %s is given twice", r->file, r->line, name);
    }
    r->seen |= bit;
    return (value != NULL && parse_value(r, key, value)) ||
           diag_fail(r->diag, "%s:%d: %s: want %s", r->file, r->line, name, wanted[key->kind]);
}

static bool parse(struct reader *r, const char *text, struct arena *arena)
{
    for (char *line = arena_copy(arena, text, strlen(text) + 1); line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        r->line++;
        if (!parse_line(r, line)) {
            return false;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    for (const struct key *key = r->keys; key->name != NULL; key++) {
        if (key->required && (r->seen & UINT32_C(1) << (key - r->keys)) == 0) {
            return diag_fail(r->diag, "%s: %s is missing", r->file, key->name);
        }
    }
    return true;
}

/* "cortex-m4.core" is named cortex-m4. */
static char *cut_suffix(const char *file, struct arena *arena)
{
    char *name = arena_copy(arena, file, strlen(file) + 1);
    char *dot = strrchr(name, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
    return name;
}

bool target_parse_core(const char *file, const char *text, struct target_core *core, struct arena *arena,
                       struct diag *diag)
{
    *core = (struct target_core){.name = cut_suffix(file, arena)};
    return parse(&(struct reader){.file = file, .keys = core_keys, .to = core, .diag = diag}, text, arena);
}

bool target_parse_board(const char *file, const char *text, struct target_board *board, struct arena *arena,
                        struct diag *diag)
{
    *board = (struct target_board){.name = cut_suffix(file, arena)};
    return parse(&(struct reader){.file = file, .keys = board_keys, .to = board, .diag = diag}, text, arena);
}

/*** Finding ***/

const struct target_file *target_find_file(const char *name)
{
    const struct target_file *f = target_files;
    while (f->name != NULL && strcmp(f->name, name) != 0) {
        f++;
    }
    return f->name != NULL ? f : NULL;
}

static const char *const *names(const char *suffix, struct arena *arena)
{
    size_t count = 0;
    for (const struct target_file *f = target_files; f->name != NULL; f++) {
        count++;
    }
    const char **list = ARENA_ARRAY(arena, count + 1, const char *);
    count = 0;
    for (const struct target_file *f = target_files; f->name != NULL; f++) {
        const char *dot = strrchr(f->name, '.');
        if (dot != NULL && strcmp(dot, suffix) == 0) {
            list[count++] = cut_suffix(f->name, arena);
        }
    }
    return list;
}

const char *const *target_core_names(struct arena *arena) { return names(".core", arena); }
const char *const *target_board_names(struct arena *arena) { return names(".board", arena); }

bool target_read_core(const char *name, struct target_core *core, struct arena *arena, struct diag *diag)
{
    const struct target_file *f = target_find_file(arena_printf(arena, "%s.core", name));
    return f != NULL ? target_parse_core(f->name, f->text, core, arena, diag)
                     : diag_fail(diag, "there is no core \"%s\"", name);
}

bool target_read_board(const char *name, struct target_board *board, struct arena *arena, struct diag *diag)
{
    const struct target_file *f = target_find_file(arena_printf(arena, "%s.board", name));
    return f != NULL ? target_parse_board(f->name, f->text, board, arena, diag)
                     : diag_fail(diag, "there is no board \"%s\"", name);
}

int32_t target_find_cost(const struct target_core *core, const char *name, int32_t otherwise)
{
    for (int i = 0; i < core->cost_count; i++) {
        if (strcmp(core->costs[i].name, name) == 0) {
            return core->costs[i].cycles;
        }
    }
    return otherwise;
}
