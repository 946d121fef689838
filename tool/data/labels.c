/* SPDX-License-Identifier: MIT
 *
 * Where the labels are: in the outermost folder whose name differs, in the first part of the files' names that takes few
 * values, or in a table; what label files say of parts of recordings goes before all of these.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "folder.h"

enum { MOST_CLASSES = 256 };

/*** Labels ***/

/* How many values the texts take, at most MOST_CLASSES + 1; `texts` gets sorted. */
static int32_t by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int32_t count_values(char **texts, int32_t count)
{
    qsort(texts, (size_t)count, sizeof *texts, by_text);
    int32_t values = count > 0;
    for (int32_t i = 1; i < count; i++) {
        values += strcmp(texts[i - 1], texts[i]) != 0;
    }
    return values;
}

/* Fills in labels by a rule that takes part `level` of a name; returns whether it makes sense: 2 classes or more, and
 * several files in each. */
typedef void part_rule(struct folder_parts *parts, const char *name, const void *context);

/* Who or when it was rather than what: "subject3", "SA01", "session 2"; or a number behind such a word. */
static bool is_person(const struct folder_parts *parts, int level)
{
    static const char *const words[] = {"subject", "subj", "sub",       "user",  "person", "participant", "volunteer",
                                        "speaker", "sa",   "se",        "s",     "u",      "p",           "session",
                                        "site",    "day",  "recording", "trial", "run",    "take",        NULL};
    const char *text = parts->text[level];
    const size_t letters = strcspn(text, "_- 0123456789"), marks = strspn(text + letters, "_- ");
    const char *number = text + letters + marks, *word = text;
    size_t length = letters;
    if (*number == '\0' || number[strspn(number, "0123456789")] != '\0') {
        return false;
    }
    if (letters == 0 && level > 0) {
        word = parts->text[level - 1];
        length = strlen(word);
    }
    for (int i = 0; words[i] != NULL; i++) {
        if (strlen(words[i]) == length && strncasecmp(word, words[i], length) == 0) {
            return true;
        }
    }
    return false;
}

static bool label_by_part(struct reader *r, part_rule *rule, const void *context, int level, int32_t files_per_class)
{
    char **texts = ARENA_ARRAY(r->arena, r->file_count + 1, char *);
    int32_t count = 0, persons = 0;
    for (int32_t i = 0; i < r->file_count; i++) {
        struct folder_parts parts;
        rule(&parts, r->files[i].name, context);
        if (level < parts.count) {
            persons += is_person(&parts, level);
            texts[count++] = arena_printf(r->arena, "%s", parts.text[level]);
            r->files[i].label = texts[count - 1];
        }
    }
    const int32_t values = count_values(texts, count);
    if ((persons < count || r->persons_too) && values >= 2 && values <= MOST_CLASSES &&
        values * files_per_class <= count && 2 * count > r->file_count) {
        return true;
    }
    for (int32_t i = 0; i < r->file_count; i++) {
        r->files[i].label = NULL;
    }
    return false;
}

static void folder_rule(struct folder_parts *parts, const char *name, const void *context)
{
    (void)context;
    folder_names(parts, name);
}

static void name_rule(struct folder_parts *parts, const char *name, const void *context)
{
    folder_name_parts(parts, name, context);
}

/* The letters at the start of a name, as in "yes12". */
static void letters_rule(struct folder_parts *parts, const char *name, const void *context)
{
    (void)context;
    folder_name_parts(parts, name, "0123456789");
}

static bool label_by_folders(struct reader *r)
{
    for (int level = 0; level < FOLDER_MOST_DEPTH; level++) {
        if (label_by_part(r, folder_rule, NULL, level, 1)) {
            return true;
        }
    }
    return false;
}

static bool has_spans(const struct reader *r)
{
    bool found = false;
    for (int32_t i = 0; i < r->file_count; i++) {
        found |= r->files[i].is_spanned;
    }
    return found;
}

/* A recording for each class: names of letters alone. */
static bool label_by_own_name(struct reader *r)
{
    enum { MOST = 32 };
    bool is_word = r->file_count <= MOST && r->options->unlabelled == NULL && !has_spans(r);
    for (int32_t i = 0; i < r->file_count && is_word; i++) {
        struct folder_parts parts;
        folder_name_parts(&parts, r->files[i].name, "/");
        is_word = parts.count == 1 && strpbrk(parts.text[0], "0123456789") == NULL;
    }
    return is_word && label_by_part(r, name_rule, "/", 0, 1);
}

static bool label_by_names(struct reader *r)
{
    static const char *const marks[] = {"_", "_- .", NULL};
    for (int i = 0; marks[i] != NULL; i++) {
        for (int level = 0; level < FOLDER_MOST_PARTS; level++) {
            if (label_by_part(r, name_rule, marks[i], level, 4)) {
                return true;
            }
        }
    }
    return label_by_part(r, letters_rule, NULL, 0, 4);
}

/* By one rule or the other; persons are classes only where nothing else is. */
static bool label_by_either(struct reader *r, bool folders, bool names)
{
    bool found = false;
    for (int persons = 0; persons < 2 && !found; persons++) {
        r->persons_too = persons > 0;
        found = (folders && label_by_folders(r)) || (names && label_by_names(r));
    }
    return found || (names && label_by_own_name(r));
}

static void label_by_pattern(struct reader *r)
{
    regex_t regex;
    if (regcomp(&regex, r->options->pattern, REG_EXTENDED) != 0) {
        return; /* data_read has checked it */
    }
    for (int32_t i = 0; i < r->file_count; i++) {
        char found[FOLDER_PART];
        if (folder_match(&regex, r->files[i].name, found)) {
            r->files[i].label = arena_printf(r->arena, "%s", found);
        }
    }
    regfree(&regex);
}

bool labels_name_file(const char *cell, const char *name)
{
    const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
    const size_t stem = strcspn(base, ".");
    for (const char *at = cell; stem > 0 && *at != '\0'; at++) {
        const bool begins = at == cell || strchr("/\\-_ ", at[-1]) != NULL;
        if (begins && strncmp(at, base, stem) == 0 && (at[stem] == '\0' || at[stem] == '.')) {
            return true;
        }
    }
    return false;
}

int32_t labels_name_column(const struct reader *r, const struct csv *csv)
{
    for (int32_t c = 0; c < csv->column_count; c++) {
        for (int32_t k = 0; k < csv->row_count; k++) {
            for (int32_t i = 0; i < r->file_count; i++) {
                if (labels_name_file(csv->cells[(size_t)k * (size_t)csv->column_count + (size_t)c], r->files[i].name)) {
                    return c;
                }
            }
        }
    }
    return -1;
}

/* A table with a column that names files and one of their labels: that of options or header, else the one behind; and it
 * may have columns of times. Files that it does not name keep the label they have. */
static bool label_by_file(struct reader *r)
{
    struct data_file f = {r->options->label_file, r->options->label_file, NULL, -1};
    struct file content;
    struct csv csv;
    if (!data_load(r, &f, &content)) {
        return diag_fail(r->diag, "data.label_file: %s cannot be read", f.path);
    }
    char *text = arena_copy(r->arena, content.data, content.size + 1);
    data_unload(&content);
    if (!data_parse_csv(r, &f, text, content.size, &csv) || csv.column_count < 2) {
        return diag_fail(r->diag, "data.label_file: %s has no lines of name and label", f.path);
    }
    bool has_times;
    if (!spans_from_table(r, f.path, &csv, &has_times) || has_times) {
        return has_times && !r->diag->failed;
    }
    const int32_t name = labels_name_column(r, &csv);
    int32_t label = data_label_column(r, &csv);
    label = label < 0 && r->options->label_column == NULL && name + 1 < csv.column_count ? name + 1 : label;
    if (name < 0 || label < 0 || label == name) {
        return diag_fail(r->diag, "data.label_file: %s %s", f.path,
                         name < 0 ? "names none of the files"
                                  : "has no column of labels; say which by data.label_column");
    }
    for (int32_t i = 0; i < r->file_count; i++) {
        for (int32_t k = 0; k < csv.row_count; k++) {
            char **row = csv.cells + (size_t)k * (size_t)csv.column_count;
            if (labels_name_file(row[name], r->files[i].name) && *row[label] != '\0') {
                r->files[i].label = row[label];
            }
        }
    }
    return true;
}

static bool find_labels(struct reader *r)
{
    const struct data_options *o = r->options;
    const char *how = o->labels != NULL ? o->labels : "auto";
    const bool is_auto = strcmp(how, "auto") == 0;
    r->labels_inside = strcmp(how, "column") == 0;
    if (strcmp(how, "none") == 0 || r->labels_inside || o->kind == DATA_BOXES) {
        return true;
    }
    const bool is_file = strcmp(how, "file") == 0;
    if (o->label_file == NULL && (is_auto || is_file) && (o->kind == DATA_AUDIO || o->kind == DATA_SENSOR)) {
        spans_find(r);
    }
    if (is_file && o->label_file == NULL) {
        return has_spans(r) || diag_fail(r->diag, "data.labels is file, but none lies beside the recordings; say which "
                                                  "by data.label_file");
    }
    if (is_file) {
        return label_by_file(r);
    }
    if (o->pattern != NULL && *o->pattern != '\0' && strcmp(how, "folder") != 0) {
        label_by_pattern(r);
        return !is_auto || o->label_file == NULL || label_by_file(r);
    }
    if (is_auto && o->label_file != NULL) {
        return label_by_file(r);
    }
    if (strcmp(how, "folder") == 0) {
        return label_by_either(r, true, false) ||
               diag_fail(r->diag, "data.labels is folder, but there are not two folders with files to tell apart");
    }
    if (strcmp(how, "name") == 0) {
        return label_by_either(r, false, true) ||
               diag_fail(r->diag, "data.labels is name, but no part of the names makes classes; give data.pattern");
    }
    label_by_either(r, true, o->kind != DATA_TEXT && o->kind != DATA_TABLE);
    return true;
}

static void label_the_unlabelled(struct reader *r)
{
    bool is_any = r->labels_inside || r->options->unlabelled == NULL;
    for (int32_t i = 0; i < r->file_count; i++) {
        is_any |= r->files[i].label != NULL || r->files[i].is_spanned;
    }
    for (int32_t i = 0; i < r->file_count && !is_any; i++) {
        r->files[i].label = r->options->unlabelled;
    }
}

bool label_files(struct reader *r)
{
    if (!find_labels(r)) {
        return false;
    }
    label_the_unlabelled(r);
    return true;
}
