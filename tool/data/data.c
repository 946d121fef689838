/* SPDX-License-Identifier: MIT
 *
 * The road of every kind: list the files, find their labels, read them, sort the classes, split.
 */
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "reader.h"

bool data_skip(struct reader *r, const char *source, const char *format, ...)
{
    struct dataset *d = r->data;
    char why[200];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    if (d->skipped_count < DATA_MOST_SKIPPED) {
        d->skipped[d->skipped_count] =
            (struct data_skipped){arena_printf(r->arena, "%s", source), arena_printf(r->arena, "%s", why)};
    }
    d->skipped_count++;
    d->skipped_alike += strcmp(why, d->skipped[0].why) == 0;
    return false;
}

void data_shape(struct reader *r, enum type type, int32_t rank, const int32_t dim[])
{
    struct tensor *t = &r->data->shape;
    *t = (struct tensor){.name = "input", .type = type, .rank = rank};
    memcpy(t->dim, dim, (size_t)rank * sizeof *dim);
    r->data->example_size = (size_t)ir_size(t);
}

/* As it may be printed; a copy only where it must be. */
static const char *clean_label(struct reader *r, const char *name)
{
    const char *c = name;
    while ((unsigned char)*c >= ' ' && *c != 127) {
        c++;
    }
    if (*c == '\0') {
        return name;
    }
    char *copy = arena_printf(r->arena, "%s", name);
    text_clean(copy);
    return copy;
}

int32_t data_label(struct reader *r, const char *name)
{
    name = clean_label(r, name);
    for (int32_t i = r->label_count - 1; i >= 0; i--) {
        if (strcmp(r->labels[i].name, name) == 0) {
            return i;
        }
    }
    ARENA_GROW(r->arena, r->labels, r->label_count, r->label_capacity);
    r->labels[r->label_count].name = arena_printf(r->arena, "%s", name);
    return r->label_count++;
}

static bool grow(struct reader *r)
{
    struct dataset *d = r->data;
    const int32_t capacity = d->capacity * 2 + 256;
    const size_t size = (size_t)capacity * d->example_size;
    if ((size_t)d->count * d->example_size > r->options->memory) {
        return diag_fail(r->diag, "more than %zu MiB of examples; take a larger hop, a smaller window or less data",
                         r->options->memory >> 20);
    }
    uint8_t *values = realloc(d->values, size);
    if (values != NULL) {
        d->values = values;
        struct data_example *examples = realloc(d->examples, (size_t)capacity * sizeof *examples);
        if (examples != NULL) {
            d->examples = examples;
            d->capacity = capacity;
            return true;
        }
    }
    return diag_fail(r->diag, "no memory for %zu MiB of examples", size >> 20);
}

void *data_add(struct reader *r, const struct data_file *f, const char *source, const char *label, const char *key)
{
    struct dataset *d = r->data;
    if (d->count == d->capacity && !grow(r)) {
        return NULL;
    }
    struct data_example *e = &d->examples[d->count];
    label = label != NULL ? label : f->label;
    *e = (struct data_example){
        .source = arena_printf(r->arena, "%s", source),
        .label = label != NULL ? data_label(r, label) : NO_LABEL,
        .group = folder_group(r->options->group, f->name, key),
    };
    e->split = f->split >= 0 ? (enum data_split)f->split : folder_split(e->group, r->options);
    if (f->split == SPLIT_TRAIN && !r->has_validation) { /* there are test files beside it; validation is of these */
        struct data_options validation_only = *r->options;
        validation_only.test = 0;
        e->split = folder_split(e->group, &validation_only);
    }
    void *values = d->values + (size_t)d->count++ * d->example_size;
    memset(values, 0, d->example_size);
    return values;
}

void data_free(struct dataset *d)
{
    free(d->values);
    free(d->examples);
    d->values = NULL;
    d->examples = NULL;
    d->count = 0;
}

int32_t data_count(const struct dataset *d, enum data_split split, int32_t label)
{
    int32_t count = 0;
    for (int32_t i = 0; i < d->count; i++) {
        count += d->examples[i].split == split && (label == NO_LABEL || d->examples[i].label == label);
    }
    return count;
}

/*** Classes ***/

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static int32_t find_name(const char *const names[], int32_t count, const char *name)
{
    for (int32_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return NO_LABEL;
}

/* Counts how often each label occurs, in examples and in boxes. */
static void count_labels(const struct reader *r, int32_t *counts)
{
    for (int32_t i = 0; i < r->data->count; i++) {
        const struct data_example *e = &r->data->examples[i];
        if (e->label != NO_LABEL) {
            counts[e->label]++;
        }
        for (int32_t k = 0; k < e->box_count; k++) {
            counts[e->boxes[k].label]++;
        }
    }
}

/* All classes that the data has, by name; those of too few examples are left out. */
static void find_classes(struct reader *r)
{
    struct dataset *d = r->data;
    int32_t *counts = ARENA_ARRAY(r->arena, r->label_count + 1, int32_t);
    count_labels(r, counts);
    d->classes = ARENA_ARRAY(r->arena, r->label_count + 1, const char *);
    for (int32_t i = 0; i < r->label_count; i++) {
        if (counts[i] >= r->options->least) {
            d->classes[d->class_count++] = r->labels[i].name;
        } else if (counts[i] > 0) {
            data_skip(r, r->labels[i].name, "a class of only %d; want %d examples or more", counts[i],
                      r->options->least);
        }
    }
    qsort(d->classes, (size_t)d->class_count, sizeof *d->classes, by_name);
}

/* From the labels as they came up to the order of the classes. Examples that belong to none are dropped. */
static void sort_labels(struct reader *r)
{
    struct dataset *d = r->data;
    int32_t *to = ARENA_ARRAY(r->arena, r->label_count + 1, int32_t);
    const int32_t other =
        r->options->other != NULL ? find_name(d->classes, d->class_count, r->options->other) : NO_LABEL;
    for (int32_t i = 0; i < r->label_count; i++) {
        to[i] = find_name(d->classes, d->class_count, r->labels[i].name);
        to[i] = to[i] == NO_LABEL ? other : to[i];
    }
    const bool is_labelled = d->class_count > 0 && r->options->kind != DATA_BOXES;
    int32_t kept = 0;
    for (int32_t i = 0; i < d->count; i++) {
        struct data_example e = d->examples[i];
        e.label = e.label != NO_LABEL ? to[e.label] : NO_LABEL;
        struct data_box *boxes = e.box_count > 0 ? ARENA_ARRAY(r->arena, e.box_count, struct data_box) : NULL;
        int32_t box_count = 0;
        for (int32_t k = 0; k < e.box_count; k++) {
            boxes[box_count] = e.boxes[k];
            boxes[box_count].label = to[e.boxes[k].label];
            box_count += boxes[box_count].label != NO_LABEL;
        }
        e.boxes = boxes;
        e.box_count = box_count;
        if (is_labelled && e.label == NO_LABEL) {
            continue;
        }
        if (kept != i) {
            memcpy(d->values + (size_t)kept * d->example_size, d->values + (size_t)i * d->example_size,
                   d->example_size);
        }
        d->examples[kept++] = e;
    }
    d->count = kept;
}

/*** Few recordings ***/

enum { LEAST_FEW = 3, MOST_FEW = 9 };

static int32_t find_group(const uint64_t groups[], int32_t count, uint64_t group)
{
    int32_t at = 0;
    while (at < count && groups[at] < group) {
        at++;
    }
    return at;
}

/* Recordings of a label, one behind the other by their hash; MOST_FEW + 1: there are more, or they have other labels, too. */
static int32_t find_groups(const struct reader *r, int32_t label, uint64_t groups[MOST_FEW])
{
    int32_t count = 0;
    for (int32_t i = 0; i < r->data->count; i++) {
        const struct data_example *e = &r->data->examples[i];
        const int32_t at = find_group(groups, count, e->group);
        if (e->label != label || (at < count && groups[at] == e->group)) {
            continue;
        }
        if (count == MOST_FEW) {
            return MOST_FEW + 1;
        }
        memmove(groups + at + 1, groups + at, (size_t)(count - at) * sizeof *groups);
        groups[at] = e->group;
        count++;
    }
    for (int32_t i = 0; i < r->data->count; i++) {
        const struct data_example *e = &r->data->examples[i];
        const int32_t at = find_group(groups, count, e->group);
        if (e->label != label && at < count && groups[at] == e->group) {
            return MOST_FEW + 1;
        }
    }
    return count;
}

/* Of so many a share, and one at least if any is wanted. */
static int32_t share_of(int32_t count, double share)
{
    const int32_t rounded = (int32_t)(count * share + 0.5);
    return share > 0 && rounded < 1 ? 1 : rounded;
}

/* Chance may leave a label of few recordings out of the test. Then those of the least hashes are the test, the next are for
 * validation. Not where folders, groups of the user's or parts of recordings make the split. */
static void split_few(struct reader *r)
{
    const struct data_options *o = r->options;
    bool is_split = o->group != NULL || (o->kind != DATA_AUDIO && o->kind != DATA_SENSOR && o->kind != DATA_IMAGE);
    for (int32_t i = 0; i < r->file_count; i++) {
        is_split |= r->files[i].split >= 0;
    }
    for (int32_t label = 0; label < r->label_count && !is_split; label++) {
        uint64_t groups[MOST_FEW];
        const int32_t count = find_groups(r, label, groups);
        const bool is_parted = o->kind != DATA_IMAGE && !data_is_whole(&r->labels[label]);
        if (count < LEAST_FEW || count > MOST_FEW || is_parted) {
            continue;
        }
        const int32_t test = share_of(count, o->test), validation = test + share_of(count, o->validation);
        for (int32_t i = 0; i < r->data->count; i++) {
            struct data_example *e = &r->data->examples[i];
            if (e->label == label) {
                const int32_t at = find_group(groups, count, e->group);
                e->split = at < test ? SPLIT_TEST : at < validation ? SPLIT_VALIDATION : SPLIT_TRAIN;
            }
        }
    }
}

static bool fail_empty(struct reader *r)
{
    static const char see[] = "see data.path, data.kind and data.labels";
    const struct dataset *d = r->data;
    char more[32] = "";
    if (d->skipped_count == 0) {
        return diag_fail(r->diag, "no example can be read: there is nothing of this kind; %s", see);
    }
    if (d->skipped_alike > 1) {
        snprintf(more, sizeof more, " and %d more", d->skipped_alike - 1);
    }
    return diag_fail(r->diag, "no example can be read: %s%s: %s; %s", d->skipped[0].source, more, d->skipped[0].why,
                     see);
}

static bool finish(struct reader *r)
{
    const struct data_options *o = r->options;
    struct dataset *d = r->data;
    split_few(r);
    if (o->class_count > 0) {
        d->classes = arena_copy(r->arena, o->classes, (size_t)o->class_count * sizeof *o->classes);
        d->class_count = o->class_count;
    } else {
        find_classes(r);
    }
    sort_labels(r);
    if (d->class_count == 0 && r->label_count > 0) {
        return diag_fail(r->diag,
                         "none of %d labels, such as %s, has %d examples; give more, or let data.least be less "
                         "(numbers are no classes)",
                         r->label_count, r->labels[0].name, o->least);
    }
    if (d->count == 0) {
        return fail_empty(r);
    }
    return true;
}

static bool check_pattern(struct reader *r, const char *key, const char *pattern)
{
    if (pattern == NULL || *pattern == '\0') {
        return true;
    }
    regex_t regex;
    const int code = regcomp(&regex, pattern, REG_EXTENDED);
    char why[100] = "it has no bracket ( ) round what it is to find";
    const bool ok = code == 0 && regex.re_nsub > 0;
    if (code != 0) {
        regerror(code, &regex, why, sizeof why);
    } else {
        regfree(&regex);
    }
    return ok || diag_fail(r->diag, "%s: the pattern \"%s\" does not work: %s", key, pattern, why);
}

static bool begin(struct reader *r)
{
    const struct data_options *o = r->options;
    const char *missing = data_missing(o->kind);
    *r->data = (struct dataset){.arena = r->arena, .rate = o->rate};
    if (missing != NULL) {
        return diag_fail(r->diag, "this program was built without %s; install it and build again", missing);
    }
    return check_pattern(r, "data.pattern", o->pattern) && check_pattern(r, "data.group", o->group) && folder_list(r);
}

bool data_read(const struct data_options *options, struct dataset *data, struct arena *arena, struct diag *diag)
{
    static bool (*const readers[])(struct reader *) = {
        [DATA_AUDIO] = data_read_audio, [DATA_SENSOR] = data_read_sensor, [DATA_IMAGE] = data_read_images,
        [DATA_BOXES] = data_read_boxes, [DATA_TEXT] = data_read_text,     [DATA_TABLE] = data_read_table,
    };
    struct reader r = {.options = options, .data = data, .arena = arena, .diag = diag};
    return begin(&r) && readers[options->kind](&r) && finish(&r);
}

bool data_read_sounds(const struct data_options *options, data_listener *listener, void *context, struct dataset *data,
                      struct arena *arena, struct diag *diag)
{
    struct reader r = {.options = options, .data = data, .arena = arena, .diag = diag};
    return begin(&r) && (r.file_count > 0 || diag_fail(diag, "there is no recording of sound")) &&
           data_listen(&r, listener, context);
}
