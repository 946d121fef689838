/* SPDX-License-Identifier: MIT
 *
 * Logs of sensors: CSV with or without a header, with or without a column of time, and .npy; [steps, axes]. All
 * recordings are read first, since their lengths suggest the window; then cut.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "folder.h"
#include "reader.h"

enum { MOST_AXES = 64, LONG_WINDOW = 2048, USUAL_WINDOW = 1024 };

struct recording {
    const struct data_file *f;
    float *values;   /* [steps, axes] */
    int32_t *labels; /* of each step; NULL: the file's */
    int32_t steps, axes;
    double rate; /* samples a second; 0: unknown */
};

struct log {
    struct reader *r;
    struct recording *recordings;
    int32_t count;
    size_t bytes;
};

/* Room for the values of a recording. */
static bool begin(struct log *l, struct recording *rec)
{
    if (rec->steps < 2 || rec->axes < 1 || rec->axes > MOST_AXES) {
        return data_skip(l->r, rec->f->name, "has %d steps of %d values, want 2 steps or more of 1 to %d", rec->steps,
                         rec->axes, MOST_AXES);
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
    return strncasecmp(name, "time", 4) == 0 || strncasecmp(name, "elapsed", 7) == 0;
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
static int32_t find_axes(struct log *l, const struct csv *csv, int32_t label, int32_t *axes, double *rate)
{
    int32_t count = 0;
    for (int32_t i = 0; i < csv->column_count && count < MOST_AXES; i++) {
        double v;
        const bool is_number =
            data_parse_number(cell(csv, 0, i), &v) || (csv->row_count > 1 && data_parse_number(cell(csv, 1, i), &v));
        const bool is_time = csv->header != NULL ? is_time_name(csv->header[i]) : i == 0 && csv->column_count > 1;
        const double step = is_time ? rising_step(csv, i) : 0;
        *rate = step > 0 ? rate_of(step) : *rate;
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

static void name_axes(struct log *l, const struct csv *csv, const int32_t *axes, int32_t count)
{
    if (csv->header == NULL || l->r->data->column_names != NULL) {
        return;
    }
    l->r->data->column_names = ARENA_ARRAY(l->r->arena, count, const char *);
    for (int32_t i = 0; i < count; i++) {
        l->r->data->column_names[i] = csv->header[axes[i]];
    }
}

static void read_csv(struct log *l, const struct data_file *f, const struct file *content)
{
    struct reader *r = l->r;
    struct csv csv;
    char *text = arena_copy(r->arena, content->data, content->size + 1);
    if (!data_parse_csv(r, f, text, content->size, &csv)) {
        return;
    }
    const bool may_have = r->options->labels == NULL || strcmp(r->options->labels, "auto") == 0 || r->labels_inside;
    const int32_t label = may_have ? data_label_column(r, &csv) : -1;
    int32_t axes[MOST_AXES];
    struct recording rec = {.f = f, .steps = csv.row_count};
    rec.axes = find_axes(l, &csv, label, axes, &rec.rate);
    if (!begin(l, &rec)) {
        return;
    }
    name_axes(l, &csv, axes, rec.axes);
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
            rec.labels[i] = data_label(r, cell(&csv, i, label));
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

/*** Windows ***/

/* To the options' rate, linearly. */
static bool resample(struct log *l, struct recording *rec)
{
    const int32_t rate = l->r->options->rate;
    if (rate <= 0 || rec->rate <= 0 || fabs(rec->rate / rate - 1) < 0.02) {
        return true;
    }
    struct recording to = *rec;
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

static int by_number(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* A window that nine recordings of ten fill, of at most `wanted` steps; 0: but a short one for long recordings. */
static int32_t suggest_window(const struct log *l, double wanted)
{
    int32_t *steps = ARENA_ARRAY(l->r->arena, l->count, int32_t);
    for (int32_t i = 0; i < l->count; i++) {
        steps[i] = l->recordings[i].steps;
    }
    qsort(steps, (size_t)l->count, sizeof *steps, by_number);
    const int32_t most = steps[l->count / 10];
    if (wanted >= 1) {
        return most < wanted ? most : (int32_t)wanted;
    }
    return most > LONG_WINDOW ? USUAL_WINDOW : most;
}

/* The label of most steps; NO_LABEL where none has two thirds. */
static int32_t window_label(const struct recording *rec, int32_t from, int32_t window)
{
    int32_t best = NO_LABEL, votes = 0; /* Boyer and Moore's vote, then the count */
    for (int32_t i = 0; i < window; i++) {
        const int32_t label = rec->labels[from + i];
        best = votes == 0 ? label : best;
        votes += label == best ? 1 : -1;
    }
    int32_t count = 0;
    for (int32_t i = 0; i < window; i++) {
        count += rec->labels[from + i] == best;
    }
    return 3 * count >= 2 * window ? best : NO_LABEL;
}

/* Into how many stretches a recording is cut, each with a split of its own: where a label has few recordings, whole ones
 * would leave one part or the other without it. 1: it stays whole. */
static int32_t stretch_count(const struct log *l, const struct recording *rec, int32_t window)
{
    enum { FEW = 5, MOST = 20, WINDOWS = 3 };
    const char *label = rec->f->label;
    int32_t alike = 0;
    for (int32_t i = 0; i < l->count; i++) {
        const char *other = l->recordings[i].f->label;
        alike += label == NULL || other == NULL ? label == other : strcmp(label, other) == 0;
    }
    const int32_t fit = rec->steps / (WINDOWS * window);
    const bool is_grouped = l->r->options->group != NULL;
    return alike >= FEW || rec->f->split >= 0 || is_grouped || fit < 2 ? 1 : fit < MOST ? fit : MOST;
}

/* The group of a stretch: steps of the golden ratio spread them evenly over the splits. */
static uint64_t stretch_group(uint64_t group, int32_t stretch)
{
    return group + (uint64_t)stretch * UINT64_C(0x9e3779b97f4a7c15);
}

/* Gives the example added last the split of its stretch. False: it reaches into another split. */
static bool set_stretch(struct reader *r, int32_t first, int32_t last)
{
    struct data_example *e = &r->data->examples[r->data->count - 1];
    const uint64_t group = stretch_group(e->group, first), next = stretch_group(e->group, last);
    e->group = group;
    e->split = folder_split(group, r->options);
    return e->split == folder_split(next, r->options);
}

static bool cut(struct log *l, const struct recording *rec, int32_t window, int32_t hop)
{
    struct reader *r = l->r;
    const int32_t stretches = stretch_count(l, rec, window), stretch = (rec->steps + stretches - 1) / stretches;
    if (rec->steps < window) {
        data_skip(r, rec->f->name, "is too short: %d steps, want %d", rec->steps, window);
        return true;
    }
    const size_t row = (size_t)rec->axes;
    for (int32_t from = 0; from + window <= rec->steps; from += hop) {
        const int32_t label = rec->labels != NULL ? window_label(rec, from, window) : NO_LABEL;
        if (rec->labels != NULL && label == NO_LABEL) {
            continue;
        }
        const char *source = rec->steps == window ? rec->f->name : arena_printf(r->arena, "%s@%d", rec->f->name, from);
        float *out = data_add(r, rec->f, source, label != NO_LABEL ? r->label_names[label] : NULL, NULL);
        if (out == NULL) {
            return false;
        }
        memcpy(out, rec->values + (size_t)from * row, (size_t)window * row * sizeof *out);
        if (stretches > 1 && !set_stretch(r, from / stretch, (from + window - 1) / stretch)) {
            r->data->count--;
        }
    }
    return true;
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
        r->data->rate = o->rate > 0 ? o->rate : (int32_t)lround(l->recordings[0].rate);
    }
    const int32_t axes = l->recordings[l->count / 2].axes;
    const int32_t suggested = o->is_settled ? (int32_t)o->window : suggest_window(l, o->window);
    const int32_t window = suggested > 0 ? suggested : 1;
    const int32_t half = window > 1 ? window / 2 : 1, hop = o->hop >= 1 ? (int32_t)o->hop : half;
    data_shape(r, TYPE_F32, 2, (const int32_t[]){window, axes});
    for (int32_t i = 0; i < l->count; i++) {
        const struct recording *rec = &l->recordings[i];
        if (rec->axes != axes) {
            data_skip(r, rec->f->name, "has %d axes, the others %d", rec->axes, axes);
        } else if (rec->f->label == NULL && rec->labels == NULL &&
                   !(o->labels != NULL && strcmp(o->labels, "none") == 0)) {
            data_skip(r, rec->f->name, "has no label");
        } else if (!cut(l, rec, window, hop)) {
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
