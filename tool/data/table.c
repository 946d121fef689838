/* SPDX-License-Identifier: MIT
 *
 * Plain tables: a row an example. Columns of words become a 0 or 1 for each word, gaps the mean of their column. The
 * label is the column that the options or the header name, else the last.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reader.h"

enum { MOST_WORDS = 32, MOST_VALUES = 8192 };

/* How a column goes into the example. */
struct column {
    int32_t at; /* of the table */
    char *word; /* 1 where the cell is this; NULL: the number */
    double mean;
};

struct table {
    struct reader *r;
    struct column *columns;
    int32_t column_count, label;
};

static char *cell(const struct csv *csv, int32_t row, int32_t column)
{
    return csv->cells[(size_t)row * (size_t)csv->column_count + (size_t)column];
}

static bool is_gap(const char *cell)
{
    static const char *const words[] = {"", "?", "nan", "na", "n/a", "null", "none", "-", NULL};
    for (int i = 0; words[i] != NULL; i++) {
        if (strcasecmp(cell, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether most cells are numbers, and their mean. */
static bool is_numeric(const struct csv *csv, int32_t column, double *mean)
{
    int32_t numbers = 0, filled = 0;
    *mean = 0;
    for (int32_t i = 0; i < csv->row_count; i++) {
        double v;
        if (data_parse_number(cell(csv, i, column), &v)) {
            *mean += v;
            numbers++;
        }
        filled += !is_gap(cell(csv, i, column));
    }
    *mean = numbers > 0 ? *mean / numbers : 0;
    return numbers * 10 >= filled * 9;
}

static void add_words(struct table *t, const struct csv *csv, int32_t column)
{
    char *words[MOST_WORDS];
    int32_t count = 0;
    for (int32_t i = 0; i < csv->row_count; i++) {
        int32_t k = 0;
        while (k < count && strcmp(words[k], cell(csv, i, column)) != 0) {
            k++;
        }
        if (k == count) {
            if (count == MOST_WORDS) {
                data_skip(t->r,
                          csv->header != NULL ? csv->header[column]
                                              : arena_printf(t->r->arena, "column %d", column + 1),
                          "more than %d different words", MOST_WORDS);
                return;
            }
            words[count++] = cell(csv, i, column);
        }
    }
    for (int32_t k = 0; k < count; k++) {
        t->columns[t->column_count++] = (struct column){column, words[k], 0};
    }
}

/* Whether a column counts its rows: they are all told apart by it, and nothing is learned from it. */
static bool counts_rows(const struct csv *csv, int32_t column)
{
    double before = 0, v;
    for (int32_t i = 0; i < csv->row_count; i++) {
        if (!data_parse_number(cell(csv, i, column), &v) || (i > 0 && v != before + 1)) {
            return false;
        }
        before = v;
    }
    return csv->row_count > 4;
}

/* The columns that a training had, "name" or "name=word". */
static bool take_columns(struct table *t, const struct csv *csv)
{
    const struct data_options *o = t->r->options;
    t->columns = arena_array(t->r->arena, (size_t)o->column_count, sizeof *t->columns);
    for (int32_t i = 0; i < o->column_count; i++) {
        struct column c = {.at = data_find_column(csv, o->columns[i])};
        const char *mark = strrchr(o->columns[i], '=');
        if (c.at < 0 && mark != NULL) {
            const int length = (int)(mark - o->columns[i]);
            c.at = data_find_column(csv, arena_printf(t->r->arena, "%.*s", length, o->columns[i]));
            c.word = arena_printf(t->r->arena, "%s", mark + 1);
        }
        if (c.at < 0) {
            return data_skip(t->r, t->r->files[0].name, "has no column %s", o->columns[i]);
        }
        if (c.word == NULL) {
            is_numeric(csv, c.at, &c.mean);
        }
        t->columns[t->column_count++] = c;
    }
    return true;
}

static void find_label(struct table *t, const struct csv *csv)
{
    const struct reader *r = t->r;
    const bool is_unlabelled = r->options->labels != NULL && strcmp(r->options->labels, "none") == 0;
    t->label = is_unlabelled ? -1 : data_label_column(r, csv);
    if (t->label < 0 && r->options->label_column == NULL && !is_unlabelled && r->files[0].label == NULL) {
        t->label = csv->column_count - 1;
    }
}

static void find_columns(struct table *t, const struct csv *csv)
{
    struct reader *r = t->r;
    t->columns = arena_array(r->arena, (size_t)csv->column_count * MOST_WORDS, sizeof *t->columns);
    for (int32_t i = 0; i < csv->column_count; i++) {
        const char *name = csv->header != NULL ? csv->header[i] : "value";
        double mean;
        if (i == t->label || *name == '\0' || strcasecmp(name, "id") == 0 || data_is_dropped(r, csv, i)) {
            continue;
        }
        if (counts_rows(csv, i)) {
            data_skip(r, csv->header != NULL ? name : arena_printf(r->arena, "column %d", i + 1),
                      "it numbers the rows");
        } else if (is_numeric(csv, i, &mean)) {
            t->columns[t->column_count++] = (struct column){i, NULL, mean};
        } else {
            add_words(t, csv, i);
        }
    }
}

static void name_columns(const struct table *t, const struct csv *csv)
{
    const char **names = ARENA_ARRAY(t->r->arena, t->column_count, const char *);
    for (int32_t i = 0; i < t->column_count; i++) {
        const struct column *c = &t->columns[i];
        const char *name = csv->header != NULL ? csv->header[c->at] : arena_printf(t->r->arena, "%d", c->at + 1);
        names[i] = c->word != NULL ? arena_printf(t->r->arena, "%s=%s", name, c->word) : name;
    }
    t->r->data->column_names = names;
}

static bool add_rows(struct table *t, const struct data_file *f, const struct csv *csv)
{
    struct reader *r = t->r;
    for (int32_t i = 0; i < csv->row_count; i++) {
        const char *source = arena_printf(r->arena, "%s:%d", f->name, csv->lines[i]);
        char *label = t->label >= 0 ? cell(csv, i, t->label) : NULL;
        if (label != NULL && *label == '\0') {
            data_skip(r, source, "has no label");
            continue;
        }
        float *out = data_add(r, f, source, label, source);
        if (out == NULL) {
            return false;
        }
        for (int32_t k = 0; k < t->column_count; k++) {
            const struct column *c = &t->columns[k];
            double v = c->mean;
            if (c->word != NULL) {
                v = strcmp(c->word, cell(csv, i, c->at)) == 0;
            } else {
                data_parse_number(cell(csv, i, c->at), &v);
            }
            out[k] = (float)v;
        }
    }
    return true;
}

static void read_file(struct table *t, const struct data_file *f, const struct file *content)
{
    struct reader *r = t->r;
    struct csv csv;
    char *text = arena_copy(r->arena, content->data, content->size + 1);
    if (!data_parse_csv(r, f, text, content->size, &csv) || !data_pick_rows(r, f, &csv)) {
        return;
    }
    if (t->columns == NULL) {
        find_label(t, &csv);
        if (r->options->column_count == 0) {
            find_columns(t, &csv);
        } else if (!take_columns(t, &csv)) {
            t->column_count = 0;
            t->columns = NULL;
            return;
        }
        if (t->column_count < 1 || t->column_count > MOST_VALUES) {
            data_skip(r, f->name, "has no columns of numbers or few words");
            t->columns = NULL;
            t->column_count = 0;
            return;
        }
        data_shape(r, TYPE_F32, 1, &t->column_count);
        name_columns(t, &csv);
    }
    for (int32_t k = 0; k < t->column_count; k++) {
        if (t->columns[k].at >= csv.column_count || t->label >= csv.column_count) {
            data_skip(r, f->name, "has %d columns, fewer than the first table", csv.column_count);
            return;
        }
    }
    add_rows(t, f, &csv);
}

bool data_read_table(struct reader *r)
{
    struct table t = {.r = r};
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        struct file content;
        if (data_load(r, &r->files[i], &content)) {
            read_file(&t, &r->files[i], &content);
            data_unload(&content);
        }
    }
    return !r->diag->failed;
}
