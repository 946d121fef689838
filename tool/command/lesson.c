/* SPDX-License-Identifier: MIT
 *
 * A recipe and the data that it is about.
 */
#include "lesson.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "heat.h"

enum { USUAL_RATE = 16000 };

static const char *or_null(const char *text) { return text != NULL && *text != '\0' ? text : NULL; }

bool lesson_read_recipe(struct lesson *l, const char *path, const char *data, const char *seed, const char *const *sets,
                        struct arena *arena, struct diag *diag)
{
    struct recipe *r = &l->recipe;
    recipe_init(r);
    if (!recipe_read(r, path, arena, diag)) {
        return false;
    }
    for (; sets != NULL && *sets != NULL; sets++) {
        if (!recipe_set(r, *sets, arena, diag)) {
            return false;
        }
    }
    if (seed != NULL && !recipe_set(r, arena_printf(arena, "train.seed=%s", seed), arena, diag)) {
        return false;
    }
    r->data_path = data != NULL ? arena_printf(arena, "%s", data) : r->data_path;
    if (or_null(r->data_kind) == NULL) {
        return diag_fail(diag, "%s: data.kind is missing: say what the recordings are", path);
    }
    if (or_null(r->data_path) == NULL) {
        return diag_fail(diag, "%s: data.path is missing; give it there or by --data", path);
    }
    return true;
}

/* The index of a word in a list, which the recipe's reader has checked. */
static int find_word(const char *word, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static enum data_kind find_data_kind(const struct recipe *r)
{
    static const char *const words[] = {
        [DATA_AUDIO] = "audio", [DATA_SENSOR] = "sensor", [DATA_IMAGE] = "image",
        [DATA_BOXES] = "boxes", [DATA_TEXT] = "text",     [DATA_TABLE] = "table",
    };
    return (enum data_kind)find_word(r->data_kind, words, COUNT_OF(words));
}

static enum front_kind find_front_kind(const struct recipe *r, enum data_kind kind)
{
    static const char *const words[] = {
        [FRONT_MEL] = "mel",           [FRONT_MFCC] = "mfcc",
        [FRONT_SPECTRUM] = "spectrum", [FRONT_STATISTICS] = "statistics",
        [FRONT_RAW] = "raw",           [FRONT_PIXELS] = "pixels",
        [FRONT_HASH] = "hash",         [FRONT_STANDARD] = "standard",
    };
    static const enum front_kind usual[] = {
        [DATA_AUDIO] = FRONT_MEL,    [DATA_SENSOR] = FRONT_RAW, [DATA_IMAGE] = FRONT_PIXELS,
        [DATA_BOXES] = FRONT_PIXELS, [DATA_TEXT] = FRONT_HASH,  [DATA_TABLE] = FRONT_STANDARD,
    };
    const int found = find_word(r->front_kind, words, COUNT_OF(words));
    return found >= 0 ? (enum front_kind)found : usual[kind];
}

static void set_front_options(struct lesson *l)
{
    static const char *const ranges[] = {[FRONT_UNIT] = "unit", [FRONT_SIGNED] = "signed", [FRONT_BYTES] = "bytes"};
    const struct recipe *r = &l->recipe;
    l->front_options = (struct front_options){
        .kind = find_front_kind(r, l->data_options.kind),
        .rate = r->data_rate > 0                     ? r->data_rate
                : l->data_options.kind == DATA_AUDIO ? USUAL_RATE
                                                     : 1,
        .frame = r->front_frame,
        .hop = r->front_hop,
        .filters = r->front_filters,
        .low = r->front_low,
        .high = r->front_high,
        .coefficients = r->front_coefficients,
        .noise_reduction = r->front_noise_reduction,
        .pcan = r->front_pcan,
        .bands = r->front_bands,
        .mean = r->front_mean,
        .lengths = r->front_lengths,
        .shape = r->front_shape,
        .buckets = r->front_buckets,
        .words = r->front_words,
        .letters = r->front_letters,
        .range = (enum front_range)find_word(r->front_range, ranges, COUNT_OF(ranges)),
    };
}

static void set_data_options(struct lesson *l, struct arena *arena)
{
    const struct recipe *r = &l->recipe;
    struct data_options *o = &l->data_options;
    *o = (struct data_options){
        .kind = find_data_kind(r),
        .path = r->data_path,
        .labels = r->data_labels,
        .pattern = or_null(r->data_pattern),
        .label_column = or_null(r->data_label_column),
        .label_file = or_null(r->data_label_file),
        .rest = or_null(r->data_rest),
        .group = or_null(r->data_group),
        .classes = r->data_classes.list,
        .class_count = r->data_classes.count,
        .other = or_null(r->data_other),
        .unlabelled = !lesson_is_detector(r)                ? NULL
                      : strcmp(r->data_normal, "auto") == 0 ? "normal"
                                                            : r->data_normal,
        .test = r->data_test,
        .validation = r->data_validation,
        .least = r->data_least,
        .rate = r->data_rate,
        .is_settled = l->is_settled,
        .window = r->data_window,
        .hop = r->data_hop,
        .width = r->data_width,
        .height = r->data_height,
        .channels = r->data_colour ? 3 : 1,
        .crop = r->data_crop,
        .length = r->data_length,
        .text_column = or_null(r->data_text_column),
        .rows = r->data_rows.list,
        .rows_count = r->data_rows.count,
        .columns = r->data_columns.list,
        .column_count = r->data_columns.count,
        .memory = (size_t)r->data_memory << 20,
    };
    for (int32_t i = 0; i < r->data_drop.count; i++) {
        o->drop = arena_printf(arena, "%s%s%s", i > 0 ? o->drop : "", i > 0 ? "," : "", r->data_drop.list[i]);
    }
    set_front_options(l);
    if (o->kind == DATA_AUDIO) {
        o->rate = (int32_t)l->front_options.rate;
        const double window = o->window > 0 ? o->window : 1;
        o->window = (double)front_length(&l->front_options, (int32_t)lround(window * o->rate)) / o->rate;
    }
}

/* Noise from a folder, all of it for the training. */
static bool read_noise(struct lesson *l, struct arena *arena, struct diag *diag)
{
    const char *path = or_null(l->recipe.augment_noise_path);
    const bool is_asked = path != NULL;
    path = is_asked ? path : arena_printf(arena, "%s/_background_noise_", l->data_options.path);
    if (l->data_options.kind != DATA_AUDIO || l->recipe.augment_noise <= 0 || (!is_asked && access(path, R_OK) != 0)) {
        return true;
    }
    const struct data_options o = {
        .kind = DATA_AUDIO,
        .path = path,
        .labels = "none",
        .rate = l->data_options.rate,
        .window = l->data_options.window,
        .hop = l->data_options.window / 2,
        .memory = l->data_options.memory / 4,
    };
    return data_read(&o, &l->noise, arena, diag);
}

/* A line for all with the same fault; an error names the one that there was itself. */
static void print_skipped(const struct dataset *d, bool is_error)
{
    if (is_error && d->skipped_alike == d->skipped_count) {
        return; /* the error says it */
    }
    const int32_t count = d->skipped_count < DATA_MOST_SKIPPED ? d->skipped_count : DATA_MOST_SKIPPED;
    for (int32_t i = 0; i < count; i++) {
        int32_t same = 0, said = 0;
        for (int32_t k = 0; k < count; k++) {
            const bool is_same = strcmp(d->skipped[k].why, d->skipped[i].why) == 0;
            same += is_same;
            said += is_same && k < i;
        }
        if (said > 0) {
            continue;
        }
        char more[32] = "";
        if (same > 1) {
            snprintf(more, sizeof more, " and %d more", same - 1);
        }
        diag_print("mote: skipped %s%s: %s", d->skipped[i].source, more, d->skipped[i].why);
    }
    if (d->skipped_count > 0) {
        fprintf(stderr, "mote: %d skipped in all\n", d->skipped_count);
    }
}

bool lesson_read_data(struct lesson *l, struct arena *arena, struct diag *diag)
{
    set_data_options(l, arena);
    const bool ok = data_read(&l->data_options, &l->data, arena, diag);
    print_skipped(&l->data, !ok);
    if (!ok || !read_noise(l, arena, diag)) {
        return false;
    }
    if (l->data_options.kind == DATA_BOXES &&
        heat_thresholds(&l->recipe, l->data.class_count + 1, arena, diag) == NULL) {
        return false;
    }
    if (lesson_is_detector(&l->recipe) && lesson_normal(l) == NO_LABEL) {
        return diag_fail(diag,
                         "data.normal is \"%s\", which is none of the %d classes, such as %s; say which is normal",
                         l->recipe.data_normal, l->data.class_count, l->data.class_count > 0 ? l->data.classes[0] : "");
    }
    if (or_null(l->recipe.data_positive) != NULL && lesson_class(l, l->recipe.data_positive) == NO_LABEL) {
        return diag_fail(diag, "data.positive is \"%s\", which is none of the %d classes", l->recipe.data_positive,
                         l->data.class_count);
    }
    for (int32_t i = 0; i < l->data.count && lesson_is_detector(&l->recipe); i++) {
        struct data_example *e = &l->data.examples[i];
        e->split = e->label != lesson_normal(l) ? SPLIT_TEST : e->split; /* nothing is learned from what is not */
    }
    return true;
}

bool lesson_listen(struct lesson *l, data_listener *listener, void *context, struct arena *arena, struct diag *diag)
{
    set_data_options(l, arena);
    const bool ok = data_read_sounds(&l->data_options, listener, context, &l->data, arena, diag);
    print_skipped(&l->data, !ok);
    return ok;
}

int32_t lesson_class(const struct lesson *l, const char *name)
{
    for (int32_t i = 0; i < l->data.class_count; i++) {
        if (strcasecmp(l->data.classes[i], name) == 0) {
            return i;
        }
    }
    return NO_LABEL;
}

bool lesson_is_detector(const struct recipe *r)
{
    return r->layer_count == 0 && (strcmp(r->model_name, "gaussian") == 0 || strcmp(r->model_name, "clusters") == 0 ||
                                   strcmp(r->model_name, "autoencoder") == 0);
}

int32_t lesson_normal(const struct lesson *l)
{
    static const char *const usual[] = {"normal",  "healthy", "good",     "ok",      "baseline", "nominal",
                                        "regular", "fine",    "no_fault", "nofault", "0"};
    const char *normal = l->recipe.data_normal;
    const bool is_auto = strcmp(normal, "auto") == 0;
    if (!lesson_is_detector(&l->recipe)) {
        return NO_LABEL;
    }
    for (size_t k = 0; k < (is_auto ? COUNT_OF(usual) : 1); k++) {
        const int32_t found = lesson_class(l, is_auto ? usual[k] : normal);
        if (found != NO_LABEL) {
            return found;
        }
    }
    return l->data.class_count == 1 ? 0 : NO_LABEL;
}

void lesson_settle(struct lesson *l)
{
    struct recipe *r = &l->recipe;
    const struct tensor *shape = &l->data.shape;
    r->data_classes = (struct recipe_words){l->data.classes, l->data.class_count};
    if (lesson_normal(l) != NO_LABEL) {
        r->data_normal = l->data.classes[lesson_normal(l)];
    }
    if (l->data.class_count == 2 && or_null(r->data_positive) == NULL) {
        const int32_t first = data_count(&l->data, SPLIT_TRAIN, 0), second = data_count(&l->data, SPLIT_TRAIN, 1);
        r->data_positive = l->data.classes[first < second ? 0 : 1];
    }
    if (l->data_options.kind == DATA_AUDIO) {
        r->data_rate = l->data_options.rate;
        r->data_window = l->data_options.window;
    } else if (l->data_options.kind == DATA_SENSOR) {
        r->data_window = shape->dim[0];
    } else if (l->data_options.kind == DATA_TABLE) {
        r->data_columns = (struct recipe_words){l->data.column_names, shape->dim[0]};
    } else if (l->data_options.kind == DATA_IMAGE || l->data_options.kind == DATA_BOXES) {
        r->data_height = shape->dim[0];
        r->data_width = shape->dim[1];
    }
}

void lesson_free(struct lesson *l)
{
    data_free(&l->data);
    data_free(&l->noise);
    free(l->features);
    free(l->copies);
    l->features = l->copies = NULL;
}
