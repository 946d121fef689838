/* SPDX-License-Identifier: MIT
 *
 * Text: tables with a column of it, lines that begin with their label, or a file each in a folder for each label. An
 * example is the first `length` bytes, zeros after them.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reader.h"

enum { MOST_LABELS = 200, LABEL = 64 };

/* The cure where a file has lines of one label alone. */
#define WANT_LABELS "want lines of two labels or more in a file, or a folder of files for each label"
#define NO_LABELS "its lines do not begin with a label; want label, tab, text"

static bool add_text(struct reader *r, const struct data_file *f, int32_t line, const char *label, const char *text)
{
    const size_t most = (size_t)r->options->length, length = strlen(text);
    if (length == 0) {
        return true;
    }
    const char *source = line > 0 ? arena_printf(r->arena, "%s:%d", f->name, line) : f->name;
    char *to = data_add(r, f, source, label, line > 0 ? text : NULL); /* the same text is in the same split */
    if (to == NULL) {
        return false;
    }
    memcpy(to, text, length < most ? length : most);
    return true;
}

/*** Tables ***/

static const char *cell(const struct csv *csv, int32_t row, int32_t column)
{
    return csv->cells[(size_t)row * (size_t)csv->column_count + (size_t)column];
}

/* Mean length of a column's cells. */
static double mean_length(const struct csv *csv, int32_t column)
{
    double sum = 0;
    for (int32_t i = 0; i < csv->row_count; i++) {
        sum += (double)strlen(cell(csv, i, column));
    }
    return sum / csv->row_count;
}

/* Whether a column takes few values: it may be a label. */
static bool takes_few_values(const struct csv *csv, int32_t column)
{
    const char *values[MOST_LABELS];
    int32_t count = 0;
    for (int32_t i = 0; i < csv->row_count; i++) {
        int32_t k = 0;
        while (k < count && strcmp(values[k], cell(csv, i, column)) != 0) {
            k++;
        }
        if (k == count) {
            if (count == MOST_LABELS || strlen(cell(csv, i, column)) >= LABEL) {
                return false;
            }
            values[count++] = cell(csv, i, column);
        }
    }
    return count >= 2 && count * 4 <= csv->row_count;
}

static bool find_columns(struct reader *r, const struct csv *csv, int32_t *text, int32_t *label)
{
    *label = data_label_column(r, csv);
    *text = r->options->text_column != NULL ? data_find_column(csv, r->options->text_column) : -1;
    double longest = -1;
    for (int32_t i = 0; i < csv->column_count && r->options->text_column == NULL; i++) {
        const double length = i != *label ? mean_length(csv, i) : -1;
        if (length > longest) {
            longest = length;
            *text = i;
        }
    }
    for (int32_t i = 0; i < csv->column_count && *label < 0 && r->options->label_column == NULL; i++) {
        *label = i != *text && takes_few_values(csv, i) ? i : -1;
    }
    return *text >= 0;
}

/* Whether a table is but a text and a column that always says the same. */
static bool has_one_label(const struct reader *r, const struct csv *csv, int32_t text)
{
    bool is_one = csv->column_count == 2 && text >= 0 && r->options->label_column == NULL;
    for (int32_t i = 1; i < csv->row_count && is_one; i++) {
        is_one = strcmp(cell(csv, i, 1 - text), cell(csv, 0, 1 - text)) == 0;
    }
    return is_one;
}

static bool read_table(struct reader *r, const struct data_file *f, const struct csv *csv)
{
    int32_t text, label;
    const bool is_found = find_columns(r, csv, &text, &label);
    if (is_found && label < 0 && f->label == NULL && has_one_label(r, csv, text)) {
        data_skip(r, f->name,
                  "all its lines have one label, %s; " WANT_LABELS ", or data.label_column=%d beside files of others",
                  cell(csv, 0, 1 - text), 2 - text);
        return true;
    }
    if (!is_found || (label < 0 && f->label == NULL)) {
        data_skip(r, f->name, "has no columns of text and label; name them by data.text_column, data.label_column");
        return true;
    }
    for (int32_t i = 0; i < csv->row_count; i++) {
        const char *name = label >= 0 ? cell(csv, i, label) : NULL;
        if (name != NULL && (*name == '\0' || strlen(name) >= LABEL)) {
            data_skip(r, f->name, "line %d has no label", csv->lines[i]);
        } else if (!add_text(r, f, csv->lines[i], name, cell(csv, i, text))) {
            return false;
        }
    }
    return true;
}

/*** Lines ***/

/* "DESC:manner How did it ..." has the label "DESC". */
static size_t label_length(const char *line) { return strcspn(line, ": \t\n"); }

/* Whether they do; if not, it is said why. */
static bool lines_begin_with_labels(struct reader *r, const struct data_file *f, const char *text)
{
    char labels[MOST_LABELS][LABEL];
    int32_t count = 0, lines = 0;
    for (const char *at = text + strspn(text, "\r\n"); *at != '\0'; lines++) {
        const size_t length = label_length(at);
        if (length >= LABEL) {
            return data_skip(r, f->name, NO_LABELS);
        }
        char label[LABEL] = "";
        memcpy(label, at, length);
        int32_t k = 0;
        while (k < count && strcmp(labels[k], label) != 0) {
            k++;
        }
        if (k == count) {
            if (count == MOST_LABELS) {
                return data_skip(r, f->name, NO_LABELS);
            }
            memcpy(labels[count++], label, LABEL);
        }
        at += strcspn(at, "\n");
        at += strspn(at, "\r\n");
    }
    if (count == 1 && lines > 1) {
        return data_skip(r, f->name, "all its lines begin with the label %s; " WANT_LABELS, labels[0]);
    }
    return (count >= 2 && count * 8 <= lines) || data_skip(r, f->name, NO_LABELS);
}

static bool read_lines(struct reader *r, const struct data_file *f, char *text)
{
    int32_t number = 0;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        number++;
        line[strcspn(line, "\r")] = '\0';
        const size_t length = label_length(line);
        char *rest = line + length;
        rest += *rest == ':' ? strcspn(rest, " \t") : 0;
        rest += strspn(rest, " \t");
        if (*line == '\0') {
            continue;
        }
        line[length] = '\0';
        if (!add_text(r, f, number, line, rest)) {
            return false;
        }
    }
    return true;
}

static bool read_content(struct reader *r, const struct data_file *f, struct file *content)
{
    static const char *const plain[] = {".txt", ".txt.gz", ".label", NULL};
    char *text = arena_copy(r->arena, content->data, content->size + 1);
    if (memchr(text, '\0', content->size) != NULL) {
        data_skip(r, f->name, "is no text");
        return true;
    }
    const char *slash = strrchr(f->name, '/');
    const bool is_plain = data_has_suffix(f->name, plain) || strchr(slash != NULL ? slash : f->name, '.') == NULL;
    if (is_plain && f->label != NULL) {
        return add_text(r, f, 0, NULL, text);
    }
    const char *tab = memchr(text, '\t', strcspn(text, "\n"));
    if (is_plain && tab == NULL) {
        return !lines_begin_with_labels(r, f, text) || read_lines(r, f, text);
    }
    struct csv csv;
    return !data_parse_csv(r, f, text, content->size, &csv) || !data_pick_rows(r, f, &csv) || read_table(r, f, &csv);
}

bool data_read_text(struct reader *r)
{
    data_shape(r, TYPE_U8, 1, &r->options->length);
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        struct file content;
        if (data_load(r, &r->files[i], &content)) {
            read_content(r, &r->files[i], &content);
            data_unload(&content);
        }
    }
    return !r->diag->failed;
}
