/* SPDX-License-Identifier: MIT
 *
 * From a recipe to features. The front-end runs on all cores; each has an arena of its own.
 */
#include "lesson.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "heat.h"

enum { MOST_THREADS = 64, MOST_CHANGED = 24000, USUAL_RATE = 16000 };

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

/* A line for all that follow each other with the same fault; an error names the one that there was itself. */
static void print_skipped(const struct dataset *d, bool is_error)
{
    if (is_error && d->skipped_count < 2) {
        return;
    }
    const int32_t count = d->skipped_count < DATA_MOST_SKIPPED ? d->skipped_count : DATA_MOST_SKIPPED;
    for (int32_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && strcmp(d->skipped[next].why, d->skipped[i].why) == 0;) {
            next++;
        }
        char more[32] = "";
        if (next - i > 1) {
            snprintf(more, sizeof more, " and %d more", next - i - 1);
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
        return diag_fail(diag, "data.normal is \"%s\", which is none of the %d classes; say which is normal",
                         l->recipe.data_normal, l->data.class_count);
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

/*** Running the front-end ***/

/* The deviation of an axis of a training example from its mean, over all of them. */
static double find_level(const struct dataset *d)
{
    double sum = 0;
    int64_t count = 0;
    if (d->shape.type != TYPE_F32 || d->shape.rank != 2) {
        return 0;
    }
    const int32_t steps = d->shape.dim[0], axes = d->shape.dim[1];
    for (int32_t i = 0; i < d->count; i++) {
        const float *x = data_values(d, i);
        for (int32_t a = 0; a < axes && d->examples[i].split == SPLIT_TRAIN; a++) {
            double s = 0, q = 0;
            for (int32_t t = 0; t < steps; t++) {
                s += x[t * axes + a];
                q += (double)x[t * axes + a] * x[t * axes + a];
            }
            sum += q / steps - s / steps * (s / steps);
            count++;
        }
    }
    return count > 0 && sum > 0 ? sqrt(sum / (double)count) : 1;
}

/* One thread's part: every `step`-th example from `first` on. */
struct part {
    const struct lesson *lesson;
    float *to;                 /* [data.count][width] */
    int32_t first, step, copy; /* copy -1: examples as they are */
    uint8_t *arena, *out, *raw;
    bool ok;
};

/* A quantised or float output as floats. */
static void to_floats(const struct tensor *t, const void *from, float *to, size_t count)
{
    const float scale = t->quant.count > 0 ? ir_scale(t) : 1;
    const int32_t zero = t->quant.count > 0 ? ir_zero_point(t) : 0;
    for (size_t i = 0; i < count; i++) {
        switch (t->type) {
        case TYPE_S16:
            to[i] = scale * (float)(((const int16_t *)from)[i] - zero);
            break;
        case TYPE_U8:
            to[i] = scale * (float)(((const uint8_t *)from)[i] - zero);
            break;
        default:
            to[i] = ((const float *)from)[i];
            break;
        }
    }
}

static void *run_part(void *context)
{
    struct part *p = context;
    const struct lesson *l = p->lesson;
    const struct mote_plan *code = &l->plan.code;
    for (int32_t i = p->first; i < l->data.count; i += p->step) {
        const void *raw = data_values(&l->data, i);
        if (p->copy >= 0) {
            if (l->data.examples[i].split != SPLIT_TRAIN) {
                continue;
            }
            uint64_t random = ((uint64_t)l->recipe.train_seed << 40) + ((uint64_t)p->copy << 32) + (uint64_t)i;
            train_random(&random);
            augment_raw(l, i, &random, p->raw);
            raw = p->raw;
        }
        mote_init(code, p->arena);
        memcpy(mote_input(code, p->arena, 0), raw, code->inputs[0].size);
        mote_invoke(code, p->arena);
        memcpy(p->out, mote_output(code, p->arena, 0), code->outputs[0].size);
        to_floats(&l->front.tensors[l->front.outputs[0]], p->out, p->to + (size_t)i * l->width, l->width);
    }
    return NULL;
}

static int thread_count(const struct lesson *l)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int32_t wanted = l->recipe.train_threads > 0 ? l->recipe.train_threads : (int32_t)(cores > 0 ? cores : 1);
    return wanted < MOST_THREADS ? wanted : MOST_THREADS;
}

static bool run_all(const struct lesson *l, float *to, int32_t copy, struct diag *diag)
{
    struct part parts[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    const int count = thread_count(l);
    bool ok = true;
    int begun = 0;
    for (int i = 0; i < count && ok; i++) {
        parts[i] = (struct part){l, to, i, count, copy};
        parts[i].arena = aligned_alloc(64, ((size_t)l->plan.arena_size + 63) / 64 * 64 + 64);
        parts[i].out = malloc(l->plan.code.outputs[0].size + 1);
        parts[i].raw = malloc(l->data.example_size + 1);
        ok = parts[i].arena != NULL && parts[i].out != NULL && parts[i].raw != NULL &&
             pthread_create(&threads[i], NULL, run_part, &parts[i]) == 0;
        begun += ok;
        if (!ok) {
            free(parts[i].arena);
            free(parts[i].out);
            free(parts[i].raw);
        }
    }
    for (int i = 0; i < begun; i++) {
        pthread_join(threads[i], NULL);
        free(parts[i].arena);
        free(parts[i].out);
        free(parts[i].raw);
    }
    return ok || diag_fail(diag, "no memory for the front-end");
}

/* Mean and deviation of each element of the last dim, over the training examples. */
static void find_statistics(struct lesson *l, struct arena *arena)
{
    const struct tensor *out = &l->front.tensors[l->front.outputs[0]];
    const size_t last = (size_t)ir_dim(out, -1), rows = l->width / last;
    double *sum = ARENA_ARRAY(arena, last, double), *squares = ARENA_ARRAY(arena, last, double);
    int64_t count = 0;
    for (int32_t i = 0; i < l->data.count; i++) {
        const float *x = l->features + (size_t)i * l->width;
        const int32_t normal = lesson_normal(l), label = l->data.examples[i].label;
        if (l->data.examples[i].split != SPLIT_TRAIN || (normal != NO_LABEL && label != normal)) {
            continue;
        }
        for (size_t k = 0; k < l->width; k++) {
            sum[k % last] += x[k];
            squares[k % last] += (double)x[k] * x[k];
        }
        count += (int64_t)rows;
    }
    l->mean = ARENA_ARRAY(arena, last, float);
    l->deviation = ARENA_ARRAY(arena, last, float);
    for (size_t k = 0; k < last; k++) {
        const double mean = count > 0 ? sum[k] / (double)count : 0;
        const double variance = count > 0 ? squares[k] / (double)count - mean * mean : 0;
        const double least = 1e-6 * fabs(mean) + 1e-9;
        l->mean[k] = (float)mean;
        l->deviation[k] = variance > least * least ? (float)sqrt(variance) : 1.0F;
    }
}

static void standardise(const struct lesson *l, float *x, size_t count)
{
    const size_t last = (size_t)ir_dim(&l->shape, -1);
    for (size_t k = 0; k < count; k++) {
        x[k] = (x[k] - l->mean[k % last]) * (1 / l->deviation[k % last]);
    }
}

/* The shape that the network sees: no frames of 1, and a channel for spectrograms. */
static void set_shape(struct lesson *l)
{
    const struct tensor *out = &l->front.tensors[l->front.outputs[0]];
    l->shape = (struct tensor){.name = "features", .type = TYPE_F32, .rank = out->rank};
    memcpy(l->shape.dim, out->dim, sizeof l->shape.dim);
    const enum front_kind kind = l->front_options.kind;
    if (kind == FRONT_MEL || kind == FRONT_MFCC) {
        l->shape.dim[l->shape.rank++] = 1;
    } else if (kind == FRONT_SPECTRUM || kind == FRONT_STATISTICS) {
        l->shape.rank = 1;
        l->shape.dim[0] = out->dim[1];
    } else if (kind == FRONT_PIXELS) {
        l->shape.rank = 3;
        memcpy(l->shape.dim, out->dim + 1, 3 * sizeof out->dim[0]);
    }
    l->width = (size_t)ir_count(&l->shape);
}

static float *new_features(const struct lesson *l, int32_t copies, struct diag *diag)
{
    const size_t size = (size_t)copies * (size_t)l->data.count * l->width;
    float *f = size <= l->data_options.memory ? calloc(size + 1, sizeof *f) : NULL;
    if (f == NULL) {
        diag_fail(diag, "features of %d examples take %zu MiB; take less data, or let data.memory be more",
                  l->data.count * copies, size * sizeof *f >> 20);
    }
    return f;
}

static bool make_copies(struct lesson *l, struct diag *diag)
{
    const int32_t most = MOST_CHANGED / (l->data.count > 0 ? l->data.count : 1);
    const int32_t wanted = l->recipe.augment_copies < most ? l->recipe.augment_copies : most;
    if (!augment_is_raw(&l->recipe, l->data_options.kind) || l->front.node_count == 0 || wanted < 1 ||
        l->front_options.kind == FRONT_RAW) {
        return true;
    }
    l->copies = new_features(l, wanted, diag);
    l->copy_count = l->copies != NULL ? wanted : 0;
    for (int32_t c = 0; c < l->copy_count; c++) {
        if (!run_all(l, l->copies + (size_t)c * (size_t)l->data.count * l->width, c, diag)) {
            return false;
        }
    }
    return !diag->failed;
}

bool lesson_make_features(struct lesson *l, struct arena *arena, struct diag *diag)
{
    l->front_options.level = find_level(&l->data);
    if (l->data.rate > 0 && l->data_options.kind == DATA_SENSOR) {
        l->front_options.rate = l->data.rate;
    }
    l->front = (struct graph){.arena = arena};
    if (!front_build(&l->front_options, &l->data.shape, &l->front, diag)) {
        return false;
    }
    set_shape(l);
    l->features = new_features(l, 1, diag);
    const bool is_empty = l->front.node_count == 0;
    if (l->features == NULL || (!is_empty && !plan_graph(&l->front, PLAN_STREAM, &l->plan, diag))) {
        return false;
    }
    for (int32_t i = 0; i < l->data.count && is_empty; i++) {
        to_floats(&l->front.tensors[l->front.outputs[0]], data_values(&l->data, i), l->features + (size_t)i * l->width,
                  l->width);
    }
    if (!is_empty && !run_all(l, l->features, -1, diag)) {
        return false;
    }
    if (!make_copies(l, diag)) {
        return false;
    }
    if (!front_is_float(l->front_options.kind)) {
        return true;
    }
    find_statistics(l, arena);
    standardise(l, l->features, (size_t)l->data.count * l->width);
    if (l->copies != NULL) {
        standardise(l, l->copies, (size_t)l->copy_count * (size_t)l->data.count * l->width);
    }
    return front_standardise(&l->front, l->mean, l->deviation, diag);
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
