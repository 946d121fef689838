/* SPDX-License-Identifier: MIT
 *
 * Label files with times: each line says from when to when of a recording something is in it. They are tables with
 * columns of start, end (or duration) and label, and of the file's name where they are of several recordings; or tracks
 * as Audacity exports them, "start tab end tab label", beside the recording and called like it. Times are in seconds, in
 * milliseconds where the column's name ends in "ms".
 *
 * Tracks: https://manual.audacityteam.org/man/importing_and_exporting_labels.html
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "folder.h"

/* Columns of a label file; -1: it has none. */
struct columns {
    int32_t name, start, end, label;
    bool is_duration; /* `end` counts from the start */
    double start_unit, end_unit;
};

/* A span, and the file it is of. */
struct found {
    int32_t file;
    struct data_span span;
};

static char **row_of(const struct csv *csv, int32_t row)
{
    return csv->cells + (size_t)row * (size_t)csv->column_count;
}

/*** Columns ***/

/* The first column of numbers that is called like one of the words, or begins so. */
static int32_t find_called(const struct csv *csv, const char *const words[])
{
    for (; *words != NULL; words++) {
        for (int32_t c = 0; c < csv->column_count; c++) {
            double value;
            if (strncasecmp(csv->header[c], *words, strlen(*words)) == 0 &&
                data_parse_number(row_of(csv, 0)[c], &value)) {
                return c;
            }
        }
    }
    return -1;
}

static double unit_of(const struct csv *csv, int32_t column)
{
    const char *name = csv->header[column];
    size_t length = strcspn(name, ")]");
    return length >= 2 && strncasecmp(name + length - 2, "ms", 2) == 0 ? 1e-3 : 1;
}

static bool find_named(const struct csv *csv, struct columns *c)
{
    static const char *const starts[] = {"start", "begin", "onset", "from", "tmin", NULL};
    static const char *const ends[] = {"end", "stop", "offset", "to", "tmax", NULL};
    static const char *const durations[] = {"duration", "length", NULL};
    c->start = find_called(csv, starts);
    c->end = find_called(csv, ends);
    c->is_duration = c->end < 0;
    c->end = c->is_duration ? find_called(csv, durations) : c->end;
    if (c->start < 0 || c->end < 0) {
        return false;
    }
    c->start_unit = unit_of(csv, c->start);
    c->end_unit = unit_of(csv, c->end);
    return true;
}

/* Lines that say how high the label's sound is, which Audacity writes behind those of the times. */
static bool is_pitch(const struct csv *csv, int32_t row) { return strcmp(row_of(csv, row)[0], "\\") == 0; }

/* Without a header: two columns of numbers with a third behind them, in each row the first no larger than the second. */
static bool find_unnamed(const struct csv *csv, struct columns *c)
{
    for (c->start = 0; c->start + 2 < csv->column_count; c->start++) {
        bool fits = true;
        for (int32_t i = 0; i < csv->row_count && fits; i++) {
            double start, end;
            fits = is_pitch(csv, i) || (data_parse_number(row_of(csv, i)[c->start], &start) &&
                                        data_parse_number(row_of(csv, i)[c->start + 1], &end) && start <= end);
        }
        if (fits) {
            c->end = c->start + 1;
            return true;
        }
    }
    return false;
}

/* A first line of two times is none of names, whatever its label is called. */
static void take_back_header(struct csv *csv)
{
    double value;
    if (csv->header != NULL && csv->column_count > 2 && data_parse_number(csv->header[0], &value) &&
        data_parse_number(csv->header[1], &value)) {
        csv->header = NULL;
        csv->cells -= csv->column_count;
        csv->lines--;
        csv->row_count++;
    }
}

/* Finds the columns of times and labels, and if the table is not of one file alone that of names. False: it is no such
 * table. */
static bool find_columns(const struct reader *r, struct csv *csv, bool is_of_one, struct columns *c)
{
    take_back_header(csv);
    *c = (struct columns){.name = -1, .label = -1, .start_unit = 1, .end_unit = 1};
    if (!(csv->header != NULL ? find_named(csv, c) : find_unnamed(csv, c))) {
        return false;
    }
    c->name = is_of_one ? -1 : labels_name_column(r, csv);
    c->label = data_label_column(r, csv);
    if (c->label < 0 && r->options->label_column == NULL && c->end + 1 < csv->column_count) {
        c->label = c->end + 1;
    }
    return c->label >= 0 && c->label != c->name && c->label != c->start && c->label != c->end;
}

/*** Rows ***/

/* False: it is left out, and the reason told. */
static bool read_row(struct reader *r, const char *place, char **row, const struct columns *c, struct data_span *span)
{
    double start, end;
    if (!data_parse_number(row[c->start], &start) || !data_parse_number(row[c->end], &end)) {
        return data_skip(r, place, "\"%s\" and \"%s\" are no times; want two numbers", row[c->start], row[c->end]);
    }
    start *= c->start_unit;
    end = end * c->end_unit + (c->is_duration ? start : 0);
    if (end < start) {
        return data_skip(r, place, "ends at %g s, before it begins at %g s; exchange them", end, start);
    }
    if (start < 0) {
        return data_skip(r, place, "begins at %g s, before the recording does; correct it", start);
    }
    if (*row[c->label] == '\0') {
        return data_skip(r, place, "has no label; write one behind the times or leave the line out");
    }
    *span = (struct data_span){.label = row[c->label], .place = place, .start = start, .end = end};
    return true;
}

static int by_file(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return x->file != y->file               ? (x->file < y->file ? -1 : 1)
           : x->span.start != y->span.start ? (x->span.start < y->span.start ? -1 : 1)
                                            : (x->span.end > y->span.end) - (x->span.end < y->span.end);
}

/* Gives the recordings their spans. */
static void deal(struct reader *r, struct found *found, int32_t count)
{
    struct data_span *spans = ARENA_ARRAY(r->arena, count + 1, struct data_span);
    if (count > 0) {
        qsort(found, (size_t)count, sizeof *found, by_file);
    }
    for (int32_t i = 0; i < count; i++) {
        struct data_file *f = &r->files[found[i].file];
        if (i == 0 || found[i].file != found[i - 1].file) {
            f->spans = &spans[i];
            f->span_count = 0;
        }
        f->is_spanned = true;
        spans[i] = found[i].span;
        f->span_count++;
    }
}

/* Whether cell or file say that a row is of file i: of the one file that the table is of, if it is of one. */
static bool is_of(const struct reader *r, int32_t i, const char *name, int32_t only)
{
    return only >= 0 ? i == only : labels_name_file(name, r->files[i].name);
}

/* All rows of a table; `only`: the file they are of, -1: those that the rows name. */
static void read_rows(struct reader *r, const char *table, const struct csv *csv, const struct columns *c, int32_t only)
{
    struct found *found = NULL;
    int32_t count = 0, capacity = 0;
    for (int32_t k = 0; k < csv->row_count; k++) {
        const char *place = arena_printf(r->arena, "%s:%d", table, csv->lines[k]);
        const char *name = only < 0 ? row_of(csv, k)[c->name] : "";
        struct data_span span;
        bool is_named = false;
        if (is_pitch(csv, k) || !read_row(r, place, row_of(csv, k), c, &span)) {
            continue;
        }
        for (int32_t i = 0; i < r->file_count; i++) {
            if (!is_of(r, i, name, only)) {
                continue;
            }
            ARENA_GROW(r->arena, found, count, capacity);
            is_named = true;
            found[count++] = (struct found){i, span};
        }
        if (!is_named) {
            data_skip(r, place, "names %s, which is none of the recordings; mend the name or leave the line out", name);
        }
    }
    deal(r, found, count);
}

/*** Files ***/

static const char *base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? slash + 1 : name;
}

/* The recording that a label file is called like; -1: none, or that of the only one. */
static int32_t find_recording(const struct reader *r, const char *path)
{
    for (int32_t i = 0; i < r->file_count; i++) {
        if (labels_name_file(base_name(path), r->files[i].name)) {
            return i;
        }
    }
    return r->file_count == 1 ? 0 : -1;
}

bool spans_from_table(struct reader *r, const char *table, struct csv *csv, bool *is_table)
{
    struct columns c;
    *is_table = find_columns(r, csv, false, &c);
    if (!*is_table) {
        return true;
    }
    const int32_t only = c.name < 0 ? find_recording(r, table) : -1;
    if (c.name < 0 && only < 0) {
        return diag_fail(r->diag,
                         "data.label_file: %s names none of the files; give it a column of their names, or the name of "
                         "its recording",
                         table);
    }
    read_rows(r, table, csv, &c, only);
    return true;
}

static bool is_blank(const struct file *content)
{
    return strspn((const char *)content->data, " \t\r\n") == content->size;
}

/* Reads a file as labels of recording `only`, or with -1 of those that it names. False: it holds something else. */
static bool read_beside(struct reader *r, const char *path, const char *name, int32_t only)
{
    const struct data_file table = {.path = path, .name = name, .split = -1};
    const int32_t skipped = r->data->skipped_count; /* what it is instead is for others to judge */
    struct file content;
    struct csv csv;
    struct columns c;
    if (!data_load(r, &table, &content)) {
        r->data->skipped_count = skipped;
        return false;
    }
    bool is_table = only >= 0 && is_blank(&content);
    if (is_table) {
        r->files[only].is_spanned = true;
    } else {
        char *text = arena_copy(r->arena, content.data, content.size + 1);
        is_table = data_parse_csv(r, &table, text, content.size, &csv) && find_columns(r, &csv, only >= 0, &c) &&
                   (only >= 0 || c.name >= 0);
        r->data->skipped_count = skipped;
        if (is_table) {
            read_rows(r, name, &csv, &c, only);
        }
    }
    data_unload(&content);
    return is_table;
}

static void mark_listed(const struct reader *r, const char *name, bool *is_table)
{
    for (int32_t i = 0; i < r->file_count; i++) {
        is_table[i] |= strcmp(r->files[i].name, name) == 0;
    }
}

/* Takes label files off the list of recordings. */
static void remove_listed(struct reader *r, const bool *is_table)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < r->file_count; i++) {
        if (!is_table[i]) {
            r->files[kept++] = r->files[i];
        }
    }
    r->file_count = kept;
}

static const char *const suffixes[] = {".txt", ".csv", ".tsv", ".lab"};

/* Label files that are called like a recording. */
static void read_tracks(struct reader *r, bool *is_table)
{
    for (int32_t i = 0; i < r->file_count; i++) {
        const struct data_file *f = &r->files[i];
        const char *dot = strrchr(base_name(f->path), '.');
        for (size_t k = 0; k < COUNT_OF(suffixes) && dot != NULL && !f->is_spanned && !is_table[i]; k++) {
            const size_t below = strlen(dot); /* behind the stem, of path and name */
            const char *path = arena_printf(r->arena, "%.*s%s", (int)(strlen(f->path) - below), f->path, suffixes[k]);
            const char *name = arena_printf(r->arena, "%.*s%s", (int)(strlen(f->name) - below), f->name, suffixes[k]);
            if (strcmp(path, f->path) != 0 && access(path, R_OK) == 0 && read_beside(r, path, name, i)) {
                mark_listed(r, name, is_table);
            }
        }
    }
}

/* One label file for all recordings, at the top of the folder. */
static void read_common(struct reader *r, bool *is_table)
{
    static const char *const names[] = {"labels", "annotations", "segments", "events"};
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        for (size_t k = 0; k < COUNT_OF(suffixes); k++) {
            const char *name = arena_printf(r->arena, "%s%s", names[n], suffixes[k]);
            const char *path = arena_printf(r->arena, "%s/%s", r->options->path, name);
            if (access(path, R_OK) == 0 && read_beside(r, path, name, -1)) {
                mark_listed(r, name, is_table);
            }
        }
    }
}

void spans_find(struct reader *r)
{
    bool *is_table = ARENA_ARRAY(r->arena, r->file_count + 1, bool);
    read_common(r, is_table);
    read_tracks(r, is_table);
    remove_listed(r, is_table);
}
