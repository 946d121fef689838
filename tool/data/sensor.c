/* SPDX-License-Identifier: MIT
 *
 * Logs of sensors: CSV with or without a header, with or without a column of time, and .npy; [steps, axes]. All
 * recordings are read first and parted into pieces of one label, whose lengths suggest the window; then cut.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "folder.h"
#include "reader.h"

enum { MOST_AXES = 64, LONG_WINDOW = 2048, USUAL_WINDOW = 1024 };

struct recording {
    const struct data_file *f;
    const char *const *names; /* of axes; NULL: unknown */
    float *values;            /* [steps, axes] */
    int32_t *labels;          /* of each step; NULL: the file's */
    int32_t steps, axes;
    double rate;  /* samples a second; 0: unknown */
    double begin; /* seconds on the log's own clock */
};

/* Steps of a recording that have one label. */
struct piece {
    const struct recording *rec;
    const char *label;
    int32_t from, steps;
};

struct log {
    struct reader *r;
    struct recording *recordings;
    int32_t count;
    size_t bytes;
    struct piece *pieces;
    int32_t piece_count, piece_capacity;
};

/* Room for the values of a recording. */
static bool begin(struct log *l, struct recording *rec)
{
    if (rec->axes < 1 || rec->axes > MOST_AXES) {
        return rec->axes < 1 ? data_skip(l->r, rec->f->name, "has no column of numbers beside time and label")
                             : data_skip(l->r, rec->f->name, "has %d axes, want %d at most", rec->axes, MOST_AXES);
    }
    if (rec->steps < 2) {
        return data_skip(l->r, rec->f->name, "has %d step%s, want 2 or more", rec->steps, rec->steps == 1 ? "" : "s");
    }
    const size_t size = (size_t)rec->steps * (size_t)rec->axes * sizeof(float);
    l->bytes += size;
    rec->values = l->bytes <= l->r->options->memory ? malloc(size) : NULL;
    return rec->values != NULL ||
           diag_fail(l->r->diag, "recordings take more than %zu MiB; take less data", l->r->options->memory >> 20);
}

static void keep(struct log *l, const struct recording *rec) { l->recordings[l->count++] = *rec; }

/*** .npy ***/

static void read_npy(struct log *l, const struct data_file *f, const struct file *content)
{
    struct array a;
    const char *why;
    if (!data_parse_npy(content, &a, &why)) {
        data_skip(l->r, f->name, "%s", why);
        return;
    }
    if (a.rank > 2) {
        data_skip(l->r, f->name, "has %d dims, want steps by axes", a.rank);
        return;
    }
    struct recording rec = {.f = f, .steps = a.dim[0], .axes = a.rank == 2 ? a.dim[1] : 1};
    if (!begin(l, &rec)) {
        return;
    }
    for (int64_t i = 0; i < a.count; i++) {
        const double v = data_array_value(&a, i);
        rec.values[i] = isfinite(v) ? (float)v : 0.0F;
    }
    keep(l, &rec);
}

/*** CSV ***/

static const char *cell(const struct csv *csv, int32_t row, int32_t column)
{
    return csv->cells[(size_t)row * (size_t)csv->column_count + (size_t)column];
}

static bool is_time_name(const char *name)
{
    static const char *const words[] = {"time", "timestamp", "t", "ts", "seconds", "date", "datetime", "ms", NULL};
    for (int i = 0; words[i] != NULL; i++) {
        if (strcasecmp(name, words[i]) == 0) {
            return true;
        }
    }
    return strcasestr(name, "time") != NULL || strncasecmp(name, "elapsed", 7) == 0;
}

/* Whether a column rises by nearly the same from each row to the next; the step, 0 if it does not. */
static double rising_step(const struct csv *csv, int32_t column)
{
    double before = 0, sum = 0, squares = 0;
    for (int32_t i = 0; i < csv->row_count; i++) {
        double v;
        if (!data_parse_number(cell(csv, i, column), &v) || (i > 0 && v <= before)) {
            return 0;
        }
        if (i > 0) {
            sum += v - before;
            squares += (v - before) * (v - before);
        }
        before = v;
    }
    const double n = csv->row_count - 1, mean = sum / n;
    return n >= 8 && squares / n - mean * mean < mean * mean ? mean : 0;
}

/* Seconds, milliseconds, microseconds or nanoseconds by their size; steps of 1 are numbers of rows. */
static double rate_of(double step)
{
    return step <= 0 || step == 1 ? 0
           : step < 1             ? 1 / step
           : step < 1e3           ? 1e3 / step
           : step < 1e6           ? 1e6 / step
                                  : 1e9 / step;
}

/* Which columns are axes: numbers, and neither time nor label nor dropped. */
static int32_t find_axes(struct log *l, const struct csv *csv, int32_t label, int32_t *axes, struct recording *rec)
{
    int32_t count = 0;
    for (int32_t i = 0; i < csv->column_count && count < MOST_AXES; i++) {
        double v;
        const bool is_number =
            data_parse_number(cell(csv, 0, i), &v) || (csv->row_count > 1 && data_parse_number(cell(csv, 1, i), &v));
        const bool is_time = csv->header != NULL ? is_time_name(csv->header[i]) : i == 0 && csv->column_count > 1;
        const double step = is_time ? rising_step(csv, i) : 0;
        if (step > 0 && data_parse_number(cell(csv, 0, i), &v)) {
            rec->rate = rate_of(step);
            rec->begin = rec->rate > 0 ? v / (step * rec->rate) : 0;
        }
        const bool is_index =
            csv->header != NULL && (*csv->header[i] == '\0' || strcasecmp(csv->header[i], "id") == 0 ||
                                    strcasecmp(csv->header[i], "index") == 0);
        const bool is_left_out =
            (csv->header != NULL ? is_time || is_index : step > 0) || i == label || data_is_dropped(l->r, csv, i);
        if (is_number && !is_left_out) {
            axes[count++] = i;
        }
    }
    return count;
}

static void name_axes(struct log *l, const struct csv *csv, const int32_t *axes, struct recording *rec)
{
    if (csv->header == NULL) {
        return;
    }
    const char **names = ARENA_ARRAY(l->r->arena, rec->axes, const char *);
    for (int32_t i = 0; i < rec->axes; i++) {
        names[i] = csv->header[axes[i]];
    }
    rec->names = names;
}

static void read_csv(struct log *l, const struct data_file *f, const struct file *content)
{
    struct reader *r = l->r;
    struct csv csv;
    char *text = arena_copy(r->arena, content->data, content->size + 1);
    if (!data_parse_csv(r, f, text, content->size, &csv) || !data_pick_rows(r, f, &csv)) {
        return;
    }
    const bool may_have = r->options->labels == NULL || strcmp(r->options->labels, "auto") == 0 || r->labels_inside;
    const int32_t label = may_have ? data_label_column(r, &csv) : -1;
    int32_t axes[MOST_AXES];
    struct recording rec = {.f = f, .steps = csv.row_count};
    rec.axes = find_axes(l, &csv, label, axes, &rec);
    if (!begin(l, &rec)) {
        return;
    }
    name_axes(l, &csv, axes, &rec);
    rec.labels = label >= 0 ? calloc((size_t)rec.steps, sizeof *rec.labels) : NULL;
    int32_t bad = 0;
    for (int32_t i = 0; i < rec.steps; i++) {
        for (int32_t k = 0; k < rec.axes; k++) {
            double v;
            const bool ok = data_parse_number(cell(&csv, i, axes[k]), &v);
            float *to = &rec.values[(size_t)i * (size_t)rec.axes + (size_t)k];
            *to = ok ? (float)v : i > 0 ? to[-rec.axes] : 0.0F; /* a gap keeps the value before it */
            bad += !ok;
        }
        if (rec.labels != NULL) {
            rec.labels[i] = *cell(&csv, i, label) != '\0' ? data_label(r, cell(&csv, i, label)) : NO_LABEL;
        }
    }
    if (bad * 10 > rec.steps * rec.axes) {
        data_skip(r, f->name, "%d of %d values are no numbers", bad, rec.steps * rec.axes);
        free(rec.values);
        free(rec.labels);
        return;
    }
    keep(l, &rec);
}

/* To the options' rate, linearly. */
static bool resample(struct log *l, struct recording *rec)
{
    const int32_t rate = l->r->options->rate;
    if (rate <= 0 || rec->rate <= 0 || fabs(rec->rate / rate - 1) < 0.02) {
        return true;
    }
    struct recording to = *rec;
    to.rate = rate;
    const double step = rec->rate / rate;
    to.steps = (int32_t)((rec->steps - 1) / step) + 1;
    if (!begin(l, &to)) {
        return false;
    }
    to.labels = rec->labels != NULL ? calloc((size_t)to.steps, sizeof *to.labels) : NULL;
    for (int32_t i = 0; i < to.steps; i++) {
        const double at = i * step;
        const int32_t k = (int32_t)at < rec->steps - 1 ? (int32_t)at : rec->steps - 2;
        const float part = (float)(at - k);
        for (int32_t a = 0; a < to.axes; a++) {
            const float *v = rec->values + (size_t)k * (size_t)to.axes + (size_t)a;
            to.values[(size_t)i * (size_t)to.axes + (size_t)a] = v[0] + part * (v[to.axes] - v[0]);
        }
        if (to.labels != NULL) {
            to.labels[i] = rec->labels[k];
        }
    }
    free(rec->values);
    free(rec->labels);
    *rec = to;
    return true;
}

/*** Pieces ***/

static void add_piece(struct log *l, const struct recording *rec, const char *label, int32_t from, int32_t to)
{
    struct reader *r = l->r;
    label = label != NULL ? label : r->options->rest;
    from = from > 0 ? from : 0;
    to = to < rec->steps ? to : rec->steps;
    if (from >= to || (label == NULL && (rec->labels != NULL || rec->f->is_spanned))) {
        return;
    }
    ARENA_GROW(r->arena, l->pieces, l->piece_count, l->piece_capacity);
    l->pieces[l->piece_count++] = (struct piece){rec, label, from, to - from};
    data_count_piece(r, rec->f, label);
}

/* Runs of one label in the column of labels. */
static void add_runs(struct log *l, const struct recording *rec)
{
    for (int32_t from = 0, to; from < rec->steps; from = to) {
        const int32_t label = rec->labels[from];
        for (to = from + 1; to < rec->steps && rec->labels[to] == label;) {
            to++;
        }
        add_piece(l, rec, label != NO_LABEL ? l->r->labels[label].name : NULL, from, to);
    }
}

/* When a recording begins on the clock of its label file: that of its own column of time if all is said to be later than
 * it begins, else 0. */
static double clock_of(const struct recording *rec)
{
    return rec->f->span_count > 0 && rec->f->spans[0].start >= rec->begin ? rec->begin : 0;
}

static void add_spans(struct log *l, const struct recording *rec)
{
    const struct data_file *f = rec->f;
    const double rate = rec->rate > 0 ? rec->rate : l->r->options->rate, clock = clock_of(rec);
    int32_t covered = 0;
    if (rate <= 0) {
        data_skip(l->r, f->name, "has no column of time to find the seconds of its labels by; give data.rate");
        return;
    }
    for (int32_t i = 0; i < f->span_count; i++) {
        const double from = (f->spans[i].start - clock) * rate, to = (f->spans[i].end - clock) * rate;
        if (from < 0 || from >= rec->steps) {
            data_skip(l->r, f->spans[i].place, "begins at %g s, but %s goes from %g to %g s", f->spans[i].start,
                      f->name, clock, clock + rec->steps / rate);
            continue;
        }
        const int32_t first = (int32_t)lround(from), end = to < rec->steps ? (int32_t)lround(to) : rec->steps;
        add_piece(l, rec, NULL, covered, first);
        add_piece(l, rec, f->spans[i].label, first, end > first ? end : first + 1);
        covered = end > covered ? end : covered;
    }
    add_piece(l, rec, NULL, covered, rec->steps);
}

static void find_pieces(struct log *l, const struct recording *rec)
{
    if (rec->labels != NULL) {
        add_runs(l, rec);
    } else if (rec->f->is_spanned) {
        add_spans(l, rec);
    } else {
        add_piece(l, rec, rec->f->label, 0, rec->steps);
    }
}

/*** Windows ***/

static int by_steps(const void *a, const void *b)
{
    const int32_t x = ((const struct piece *)a)->steps, y = ((const struct piece *)b)->steps;
    return (x > y) - (x < y);
}

/* A window that pieces with nine steps of ten fill, of at most `wanted` steps; 0: but a short one for long pieces. */
static int32_t suggest_window(const struct log *l, double wanted)
{
    struct piece *sorted = arena_copy(l->r->arena, l->pieces, (size_t)l->piece_count * sizeof *sorted);
    int64_t all = 0, shorter = 0;
    int32_t i = 0;
    qsort(sorted, (size_t)l->piece_count, sizeof *sorted, by_steps);
    for (int32_t k = 0; k < l->piece_count; k++) {
        all += sorted[k].steps;
    }
    while (i + 1 < l->piece_count && 10 * (shorter + sorted[i].steps) <= all) {
        shorter += sorted[i++].steps;
    }
    const int32_t most = sorted[i].steps;
    if (wanted >= 1) {
        return most < wanted ? most : (int32_t)wanted;
    }
    return most > LONG_WINDOW ? USUAL_WINDOW : most;
}

/* A window from step `from` of a piece on, which may be before or behind it a little. */
static bool add_window(struct log *l, const struct piece *p, struct data_parts parts, int32_t from, int32_t window)
{
    struct reader *r = l->r;
    const struct recording *rec = p->rec;
    const int32_t at = p->from + from, end = from + window;
    const char *source = rec->steps == window ? rec->f->name : arena_printf(r->arena, "%s@%d", rec->f->name, at);
    float *out = data_add(r, rec->f, source, p->label, NULL);
    if (out == NULL) {
        return false;
    }
    const size_t row = (size_t)rec->axes;
    memcpy(out, rec->values + (size_t)at * row, (size_t)window * row * sizeof *out);
    data_put(r, parts, p->steps, from > 0 ? from : 0, end < p->steps ? end : p->steps);
    return true;
}

/* Of what is shorter than a window, but has two thirds of one, a window round it. */
static bool cut_short_piece(struct log *l, const struct piece *p, struct data_parts parts, int32_t window)
{
    const struct recording *rec = p->rec;
    if (3 * p->steps < 2 * window) {
        return true;
    }
    const int32_t middle = p->from - (window - p->steps) / 2, last = rec->steps - window;
    const int32_t at = middle < 0 ? 0 : middle < last ? middle : last;
    return add_window(l, p, parts, at - p->from, window);
}

/* Of three windows each, or of one where these would be too few to have one for the test. */
static int32_t count_stretches(int32_t steps, int32_t window)
{
    enum { WINDOWS = 3, FEW = 5 };
    const int32_t count = steps / (WINDOWS * window), most = steps / window;
    return count >= FEW ? count : most < FEW ? most : FEW;
}

static bool cut(struct log *l, const struct piece *p, int32_t window, int32_t hop)
{
    const struct data_parts parts = data_find_parts(l->r, p->rec->f, p->label, count_stretches(p->steps, window));
    if (p->rec->steps < window) {
        data_skip(l->r, p->rec->f->name, "is too short: %d steps, want %d", p->rec->steps, window);
        return true;
    }
    if (p->steps < window) {
        return cut_short_piece(l, p, parts, window);
    }
    for (int32_t from = 0; from + window <= p->steps; from += hop) {
        if (!add_window(l, p, parts, from, window)) {
            return false;
        }
    }
    return true;
}

/*** What is alike ***/

/* Letters and digits alone count: "Acc X" is acc_x. */
static bool is_same_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a != '\0' && !isalnum((unsigned char)*a)) {
            a++;
        }
        while (*b != '\0' && !isalnum((unsigned char)*b)) {
            b++;
        }
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b) || *a == '\0') {
            return *a == *b;
        }
    }
}

/* Which axis of a recording has another name than that of the other; -1: all are alike, or names are unknown. */
static int32_t find_other_name(const struct recording *a, const struct recording *b)
{
    for (int32_t i = 0; a->names != NULL && b->names != NULL && i < a->axes && i < b->axes; i++) {
        if (!is_same_name(a->names[i], b->names[i])) {
            return i;
        }
    }
    return -1;
}

/* The first recording of those that are most, by number and names of axes. */
static const struct recording *find_usual(const struct log *l)
{
    enum { MOST_SORTS = 64 };
    struct {
        const struct recording *first;
        int32_t count;
    } sorts[MOST_SORTS];
    int32_t sort_count = 0, best = 0;
    for (int32_t i = 0; i < l->count; i++) {
        const struct recording *rec = &l->recordings[i];
        int32_t k = 0;
        while (k < sort_count && (sorts[k].first->axes != rec->axes || find_other_name(sorts[k].first, rec) >= 0)) {
            k++;
        }
        if (k == sort_count && k < MOST_SORTS) {
            sorts[sort_count].first = rec;
            sorts[sort_count++].count = 0;
        }
        sorts[k < sort_count ? k : 0].count += k < sort_count;
    }
    for (int32_t k = 1; k < sort_count; k++) {
        best = sorts[k].count > sorts[best].count ? k : best;
    }
    return sorts[best].first;
}

/* Whether a recording is one to learn from, beside others like the usual one. */
static bool is_usable(struct log *l, const struct recording *rec, const struct recording *usual)
{
    const int32_t other = find_other_name(rec, usual);
    const struct data_options *o = l->r->options;
    const bool is_labelled = rec->f->label != NULL || rec->labels != NULL || rec->f->is_spanned;
    if (rec->axes != usual->axes) {
        return data_skip(l->r, rec->f->name, "has %d axes, the others %d", rec->axes, usual->axes);
    }
    if (other >= 0) {
        return data_skip(l->r, rec->f->name, "has a column %s where most have %s", rec->names[other],
                         usual->names[other]);
    }
    return is_labelled || (o->labels != NULL && strcmp(o->labels, "none") == 0) ||
           data_skip(l->r, rec->f->name, DATA_NO_LABEL);
}

static bool cut_all(struct log *l)
{
    struct reader *r = l->r;
    const struct data_options *o = r->options;
    if (l->count == 0) {
        return true;
    }
    for (int32_t i = 0; i < l->count; i++) {
        if (!resample(l, &l->recordings[i])) {
            return false;
        }
    }
    r->data->rate = o->rate > 0 ? o->rate : (int32_t)lround(l->recordings[0].rate);
    const struct recording *usual = find_usual(l);
    const int32_t axes = usual->axes;
    for (int32_t i = 0; i < l->count; i++) {
        if (is_usable(l, &l->recordings[i], usual)) {
            find_pieces(l, &l->recordings[i]);
        }
    }
    const int32_t suggested = o->is_settled        ? (int32_t)o->window
                              : l->piece_count > 0 ? suggest_window(l, o->window)
                                                   : 0;
    const int32_t window = suggested > 0 ? suggested : 1;
    const int32_t half = window > 1 ? window / 2 : 1, hop = o->hop >= 1 ? (int32_t)o->hop : half;
    data_shape(r, TYPE_F32, 2, (const int32_t[]){window, axes});
    for (int32_t i = 0; i < l->piece_count; i++) {
        if (!cut(l, &l->pieces[i], window, hop)) {
            return false;
        }
    }
    return true;
}

bool data_read_sensor(struct reader *r)
{
    static const char *const npy[] = {".npy", NULL};
    struct log l = {.r = r, .recordings = ARENA_ARRAY(r->arena, r->file_count + 1, struct recording)};
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        const struct data_file *f = &r->files[i];
        struct file content;
        if (data_load(r, f, &content)) {
            (data_has_suffix(f->name, npy) ? read_npy : read_csv)(&l, f, &content);
            data_unload(&content);
        }
    }
    const bool ok = !r->diag->failed && cut_all(&l);
    for (int32_t i = 0; i < l.count; i++) {
        free(l.recordings[i].values);
        free(l.recordings[i].labels);
    }
    return ok;
}
