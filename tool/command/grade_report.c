/* SPDX-License-Identifier: MIT
 *
 * Figures and examples for the page of a training: how an example looks, and which the model got most wrong.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grade.h"

enum { WORST = 12 };

static const char *class_name(const struct grade *g, int32_t label)
{
    return label >= 0 && label < g->lesson->data.class_count ? g->lesson->data.classes[label] : "?";
}

/* A spectrogram: low bands at the bottom, the loudest white. */
static bool picture_of_bands(const struct lesson *l, int32_t example, struct report_example *to, struct arena *arena)
{
    const int32_t frames = l->shape.dim[0], bands = l->shape.dim[1];
    const float *x = l->features + (size_t)example * l->width;
    float low = x[0], high = x[0];
    for (size_t i = 0; i < l->width; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    uint8_t *pixels = ARENA_ARRAY(arena, frames * bands, uint8_t);
    for (int32_t t = 0; t < frames; t++) {
        for (int32_t b = 0; b < bands; b++) {
            const float part = high > low ? (x[t * bands + b] - low) / (high - low) : 0;
            pixels[(bands - 1 - b) * frames + t] = (uint8_t)(255 * part);
        }
    }
    to->pixels = pixels;
    to->width = frames;
    to->height = bands;
    to->channels = 1;
    return true;
}

/* The lines of up to three axes, one above the other. */
static bool picture_of_axes(const struct lesson *l, int32_t example, struct report_example *to, struct arena *arena)
{
    enum { WIDTH = 160, HEIGHT = 32, MOST = 3 };
    const int32_t steps = l->data.shape.dim[0], axes = l->data.shape.dim[1], shown = axes < MOST ? axes : MOST;
    const float *x = data_values(&l->data, example);
    uint8_t *pixels = ARENA_ARRAY(arena, WIDTH * HEIGHT * shown, uint8_t);
    memset(pixels, 255, (size_t)(WIDTH * HEIGHT * shown));
    for (int32_t a = 0; a < shown; a++) {
        float low = x[a], high = x[a];
        for (int32_t t = 0; t < steps; t++) {
            low = fminf(low, x[t * axes + a]);
            high = fmaxf(high, x[t * axes + a]);
        }
        for (int32_t t = 0; t < steps; t++) {
            const float part = high > low ? (x[t * axes + a] - low) / (high - low) : 0.5F;
            const int32_t y = HEIGHT - 2 - (int32_t)(part * (HEIGHT - 3)),
                          column = (int32_t)((int64_t)t * WIDTH / steps);
            pixels[(a * HEIGHT + y) * WIDTH + column] = 0;
        }
    }
    to->pixels = pixels;
    to->width = WIDTH;
    to->height = HEIGHT * shown;
    to->channels = 1;
    return true;
}

bool grade_picture(const struct lesson *l, int32_t example, struct report_example *to, struct arena *arena)
{
    switch (l->data_options.kind) {
    case DATA_IMAGE:
    case DATA_BOXES:
        to->pixels = data_values(&l->data, example);
        to->height = l->data.shape.dim[0];
        to->width = l->data.shape.dim[1];
        to->channels = l->data.shape.dim[2];
        return true;
    case DATA_AUDIO:
        return l->features != NULL && picture_of_bands(l, example, to, arena);
    case DATA_SENSOR:
        return picture_of_axes(l, example, to, arena);
    case DATA_TEXT:
        to->text = arena_printf(arena, "%.*s", (int)l->data.example_size, (const char *)data_values(&l->data, example));
        return true;
    case DATA_TABLE:
        break;
    }
    return false;
}

/* How wrong the model is: how sure it is of what is wrong, less of what is right; or how many objects it got wrong. */
struct mistake {
    int32_t index;
    float weight;
};

static int by_weight(const void *a, const void *b)
{
    const struct mistake *x = a, *y = b;
    return x->weight != y->weight ? (x->weight < y->weight ? 1 : -1) : x->index - y->index;
}

static void add_examples(const struct grade *g, struct report_training *r, struct arena *arena)
{
    struct mistake *all = ARENA_ARRAY(arena, g->count + 1, struct mistake);
    int32_t count = 0;
    for (int32_t i = 0; i < g->count; i++) {
        const float *s = g->scores + (size_t)i * g->output_count;
        const int32_t said = eval_best(s, g->classes);
        if (said != grade_label(g, i)) {
            all[count++] = (struct mistake){i, s[said] - s[grade_label(g, i)]};
        }
    }
    qsort(all, (size_t)count, sizeof *all, by_weight);
    count = count < WORST ? count : WORST;
    struct report_example *examples = ARENA_ARRAY(arena, count + 1, struct report_example);
    for (int32_t i = 0; i < count; i++) {
        const float *s = g->scores + (size_t)all[i].index * g->output_count;
        const int32_t said = eval_best(s, g->classes), example = g->examples[all[i].index];
        examples[i] = (struct report_example){
            .source = g->lesson->data.examples[example].source,
            .wanted = class_name(g, grade_label(g, all[i].index)),
            .got = class_name(g, said),
            .confidence = s[said],
        };
        grade_picture(g->lesson, example, &examples[i], arena);
    }
    r->examples = examples;
    r->example_count = count;
}

/*** Objects ***/

static struct report_mark *mark_objects(const struct grade *g, const struct eval_point *points, int32_t point_count,
                                        const struct eval_box *boxes, int32_t box_count, struct arena *arena)
{
    struct report_mark *marks = ARENA_ARRAY(arena, point_count + box_count + 1, struct report_mark), *m = marks;
    for (int32_t i = 0; i < box_count; i++) {
        const struct eval_box *b = &boxes[i];
        *m++ = (struct report_mark){class_name(g, b->class - 1), b->x, b->y, b->width, b->height, b->is_found, 0};
    }
    for (int32_t i = 0; i < point_count; i++) {
        const struct eval_point *p = &points[i];
        *m++ = (struct report_mark){class_name(g, p->class - 1), p->x, p->y, 0, 0, p->is_right, p->score};
    }
    return marks;
}

static void add_scenes(const struct grade *g, struct report_training *r, struct arena *arena)
{
    struct mistake *all = ARENA_ARRAY(arena, g->count + 1, struct mistake);
    struct eval_point *points;
    struct eval_box *boxes;
    for (int32_t i = 0; i < g->count; i++) {
        const struct arena_mark mark = arena_mark(arena);
        struct eval_matches m = {0};
        grade_objects(g, i, &points, &boxes, &m, arena);
        all[i] = (struct mistake){i, (float)(m.missed + m.false_alarms)};
        arena_release(arena, mark);
    }
    qsort(all, (size_t)g->count, sizeof *all, by_weight);
    r->example_count = g->count < WORST ? g->count : WORST;
    struct report_example *examples = ARENA_ARRAY(arena, r->example_count + 1, struct report_example);
    for (int32_t i = 0; i < r->example_count; i++) {
        const int32_t index = all[i].index, example = g->examples[index];
        const int32_t box_count = g->lesson->data.examples[example].box_count;
        struct eval_matches m = {0};
        const int32_t count = grade_objects(g, index, &points, &boxes, &m, arena);
        examples[i] = (struct report_example){.source = g->lesson->data.examples[example].source,
                                              .marks = mark_objects(g, points, count, boxes, box_count, arena),
                                              .mark_count = count + box_count};
        grade_picture(g->lesson, example, &examples[i], arena);
    }
    r->examples = examples;
}

static void add_objects(const struct grade *g, struct report_training *r, struct arena *arena)
{
    struct report_objects *objects = ARENA_ARRAY(arena, g->classes, struct report_objects);
    r->class_count = g->classes - 1;
    for (int32_t c = 0; c < r->class_count; c++) {
        const struct eval_matches *m = &g->objects[c];
        objects[c] = (struct report_objects){m->found, m->missed, m->false_alarms};
    }
    r->objects = objects;
    add_scenes(g, r, arena);
}

static void add_roc(const struct grade *g, struct report_training *r, struct arena *arena)
{
    bool *positive = ARENA_ARRAY(arena, g->count + 1, bool);
    const float *scores = grade_detection(g, positive, arena);
    double *x, *y;
    const int32_t count = eval_roc(scores, positive, g->count, &x, &y, arena);
    struct report_curve *roc = ARENA_NEW(arena, struct report_curve);
    *roc = (struct report_curve){x, y, count};
    r->roc = roc;
}

void grade_report(const struct grade *g, const struct grade *real, struct report_training *r, struct arena *arena)
{
    struct report_score *scores = ARENA_ARRAY(arena, g->figure_count + 1, struct report_score);
    for (int32_t i = 0; i < g->figure_count; i++) {
        const struct eval_figure *f = &g->figures[i].figure;
        const double other = real != NULL ? grade_value(real, g->figures[i].name) : -1;
        const bool has_interval = f->low < f->high;
        scores[i] = (struct report_score){g->figures[i].name, f->value, has_interval ? f->low : 0,
                                          has_interval ? f->high : 0, isfinite(other) ? other : -1};
    }
    r->scores = scores;
    r->score_count = g->figure_count;
    r->classes = g->lesson->data.classes;
    if (g->confusion != NULL) {
        r->class_count = g->classes;
        r->confusion = g->confusion;
        add_examples(g, r, arena);
    }
    if (g->objects != NULL) {
        add_objects(g, r, arena);
    }
    if (!isnan(grade_value(g, "auc"))) {
        add_roc(g, r, arena);
    }
}
