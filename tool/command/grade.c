/* SPDX-License-Identifier: MIT */
#include "grade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/run.h"
#include "heat.h"

enum { WORST = 12 };

void grade_begin(struct grade *g, const struct lesson *l, enum data_split split, struct arena *arena)
{
    *g = (struct grade){.lesson = l, .examples = ARENA_ARRAY(arena, l->data.count + 1, int32_t), .positive = -1};
    for (int32_t i = 0; i < l->data.count; i++) {
        if (split == SPLIT_COUNT || l->data.examples[i].split == split) {
            g->examples[g->count++] = i;
        }
    }
}

/*** Running ***/

static float to_real(const struct tensor *t, const uint8_t *from, size_t i)
{
    const float scale = t->quant.count > 0 ? ir_scale(t) : 1;
    const int32_t zero = t->quant.count > 0 ? ir_zero_point(t) : 0;
    switch (t->type) {
    case TYPE_S8:
        return scale * (float)(((const int8_t *)from)[i] - zero);
    case TYPE_U8:
        return scale * (float)(from[i] - zero);
    case TYPE_S16: {
        int16_t v;
        memcpy(&v, from + 2 * i, sizeof v);
        return scale * (float)(v - zero);
    }
    default: {
        float v;
        memcpy(&v, from + 4 * i, sizeof v);
        return v;
    }
    }
}

static bool check_model(const struct grade *g, struct session *s)
{
    const struct graph *graph = &s->model.graphs[0];
    const struct dataset *d = &g->lesson->data;
    const struct tensor *in = &graph->tensors[graph->inputs[0]], *out = &graph->tensors[graph->outputs[0]];
    if (graph->input_count != 1 || graph->output_count != 1) {
        return diag_fail(&s->diag, "has %d inputs and %d outputs, want one of each", graph->input_count,
                         graph->output_count);
    }
    if ((size_t)ir_size(in) != d->example_size || in->type != d->shape.type) {
        return diag_fail(&s->diag,
                         "takes %lld bytes of %s, the recordings give %zu of %s; take device.tflite, which has the "
                         "front-end in it, and the recipe beside it",
                         (long long)ir_size(in), ir_type_text(in->type), d->example_size, ir_type_text(d->shape.type));
    }
    if (out->type != TYPE_S8 && out->type != TYPE_U8 && out->type != TYPE_S16 && out->type != TYPE_F32) {
        return diag_fail(&s->diag, "answers in %s", ir_type_text(out->type));
    }
    return true;
}

bool grade_run(struct grade *g, struct session *s, struct plan *plan)
{
    if (!check_model(g, s)) {
        return false;
    }
    const struct graph *graph = &s->model.graphs[0];
    const struct tensor *out = &graph->tensors[graph->outputs[0]];
    const bool is_map = out->rank == 4 && out->dim[1] * out->dim[2] > 1;
    g->output_count = (size_t)ir_count(out);
    g->height = is_map ? out->dim[1] : 1;
    g->width = is_map ? out->dim[2] : 1;
    g->classes = ir_dim(out, -1);
    const bool is_detector = lesson_normal(g->lesson) != NO_LABEL;
    const int32_t own_classes = g->classes - is_map; /* without that of nothing */
    if (!is_detector && own_classes != g->lesson->data.class_count) {
        return diag_fail(&s->diag, "tells %d classes apart, the data has %d", own_classes, g->lesson->data.class_count);
    }
    g->scores = arena_array(&s->arena, (size_t)g->count * g->output_count, sizeof *g->scores);
    uint8_t *answer = arena_alloc(&s->arena, run_output_size(plan));
    struct runner runner;
    run_init(&runner, plan);
    struct progress progress = {.total = (uint64_t)g->count};
    for (int32_t i = 0; i < g->count; i++) {
        mote_init(&plan->code, runner.arena);
        run_invoke(&runner, data_values(&g->lesson->data, g->examples[i]), answer);
        for (size_t k = 0; k < g->output_count; k++) {
            g->scores[(size_t)i * g->output_count + k] = to_real(out, answer, k);
        }
        progress_step(&progress);
    }
    progress_end(&progress);
    return true;
}

/*** Figures ***/

static void add_figure(struct grade *g, const char *name, struct eval_figure figure)
{
    g->figures[g->figure_count].name = name;
    g->figures[g->figure_count++].figure = figure;
}

static int32_t label_of(const struct grade *g, int32_t i) { return g->lesson->data.examples[g->examples[i]].label; }

/* One score for each example and whether it is what is looked for. */
static float *detector_scores(const struct grade *g, bool *positive, struct arena *arena)
{
    float *scores = ARENA_ARRAY(arena, g->count + 1, float);
    const int32_t normal = lesson_normal(g->lesson);
    for (int32_t i = 0; i < g->count; i++) {
        const float *s = g->scores + (size_t)i * g->output_count;
        scores[i] = normal != NO_LABEL ? s[0] : s[g->positive];
        positive[i] = normal != NO_LABEL ? label_of(g, i) != normal : label_of(g, i) == g->positive;
    }
    return scores;
}

static void add_auc(struct grade *g, struct arena *arena)
{
    bool *positive = ARENA_ARRAY(arena, g->count + 1, bool);
    const float *scores = detector_scores(g, positive, arena);
    add_figure(g, "auc", eval_auc(scores, positive, g->count, arena));
}

/* Shares of the others that were taken for it, and of it that was taken for another. */
static void add_mistakes(struct grade *g)
{
    int64_t alarms = 0, others = 0, missed = 0, all = 0;
    for (int32_t right = 0; right < g->classes; right++) {
        for (int32_t said = 0; said < g->classes; said++) {
            const int32_t count = g->confusion[right * g->classes + said];
            const bool is_it = right == g->positive, is_said = said == g->positive;
            all += is_it ? count : 0;
            others += is_it ? 0 : count;
            missed += is_it && !is_said ? count : 0;
            alarms += !is_it && is_said ? count : 0;
        }
    }
    add_figure(g, "false_alarms", eval_share(alarms, others));
    add_figure(g, "missed", eval_share(missed, all));
}

static void class_figures(struct grade *g, struct arena *arena)
{
    int32_t *labels = ARENA_ARRAY(arena, g->count + 1, int32_t);
    for (int32_t i = 0; i < g->count; i++) {
        labels[i] = label_of(g, i);
    }
    const struct eval_answers answers = {g->scores, labels, g->count, g->classes};
    g->confusion = ARENA_ARRAY(arena, g->classes * g->classes, int32_t);
    eval_confusion(&answers, g->confusion);
    g->positive = lesson_class(g->lesson, g->lesson->recipe.data_positive); /* NO_LABEL: all are alike */
    add_figure(g, "accuracy", eval_accuracy(&answers));
    add_figure(g, "f1", eval_f1_figure(&answers, g->positive, arena));
    if (g->positive >= 0) {
        add_auc(g, arena);
        add_mistakes(g);
    }
}

/* Adds what became of an example's points and boxes to the counts of their classes, which begin with 1. */
static void count_objects(struct eval_matches *objects, const struct eval_point *points, int32_t point_count,
                          const struct eval_box *boxes, int32_t box_count)
{
    for (int32_t i = 0; i < point_count; i++) {
        objects[points[i].class - 1].false_alarms += !points[i].is_right;
    }
    for (int32_t i = 0; i < box_count; i++) {
        objects[boxes[i].class - 1].found += boxes[i].is_found;
        objects[boxes[i].class - 1].missed += !boxes[i].is_found;
    }
}

/* Points and boxes of judged example i, matched. */
static int32_t find_objects(const struct grade *g, int32_t i, struct eval_point **points, struct eval_box **boxes,
                            struct eval_matches *matches, struct arena *arena)
{
    const struct data_example *e = &g->lesson->data.examples[g->examples[i]];
    struct diag none = {0}; /* lesson_read_data has looked at them */
    const float *thresholds = heat_thresholds(&g->lesson->recipe, g->classes, arena, &none);
    const int32_t count =
        eval_peaks(g->scores + (size_t)i * g->output_count, g->height, g->width, g->classes, thresholds, points, arena);
    *boxes = heat_boxes(e, arena);
    eval_match(*points, count, *boxes, e->box_count, matches);
    return count;
}

static void map_figures(struct grade *g, struct arena *arena)
{
    struct eval_matches matches = {0};
    g->objects = ARENA_ARRAY(arena, g->classes, struct eval_matches);
    for (int32_t i = 0; i < g->count; i++) {
        const struct arena_mark mark = arena_mark(arena);
        struct eval_point *points;
        struct eval_box *boxes;
        const int32_t count = find_objects(g, i, &points, &boxes, &matches, arena);
        count_objects(g->objects, points, count, boxes, g->lesson->data.examples[g->examples[i]].box_count);
        arena_release(arena, mark);
    }
    const double f1 = eval_match_f1(&matches);
    add_figure(g, "f1", (struct eval_figure){f1, f1, f1});
    add_figure(g, "precision", eval_share(matches.found, matches.found + matches.false_alarms));
    add_figure(g, "recall", eval_share(matches.found, matches.found + matches.missed));
}

static int by_score(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Where to raise an alarm, so that it is false for one normal recording of twenty. */
static void find_threshold(struct grade *g, struct arena *arena)
{
    bool *positive = ARENA_ARRAY(arena, g->count + 1, bool);
    const float *scores = detector_scores(g, positive, arena);
    float *normal = ARENA_ARRAY(arena, g->count + 1, float);
    int32_t count = 0, others = 0, found = 0;
    for (int32_t i = 0; i < g->count; i++) {
        if (!positive[i]) {
            normal[count++] = scores[i];
        }
    }
    if (count == 0) {
        return;
    }
    qsort(normal, (size_t)count, sizeof *normal, by_score);
    g->threshold = (double)normal[(count - 1) * 19 / 20];
    for (int32_t i = 0; i < g->count; i++) {
        others += positive[i];
        found += positive[i] && (double)scores[i] > g->threshold;
    }
    g->found = others > 0 ? (double)found / others : NAN;
}

void grade_figures(struct grade *g, struct arena *arena)
{
    g->threshold = NAN;
    if (g->height * g->width > 1) {
        map_figures(g, arena);
    } else if (lesson_normal(g->lesson) != NO_LABEL) {
        add_auc(g, arena);
        find_threshold(g, arena);
    } else {
        class_figures(g, arena);
    }
}

double grade_value(const struct grade *g, const char *name)
{
    for (int32_t i = 0; i < g->figure_count; i++) {
        if (strcmp(g->figures[i].name, name) == 0) {
            return g->figures[i].figure.value;
        }
    }
    return NAN;
}

/*** JSON ***/

void text_json_string(struct text *text, const char *string)
{
    text_add(text, "\"");
    for (; *string != '\0'; string++) {
        const unsigned char c = (unsigned char)*string;
        if (c == '"' || c == '\\') {
            text_add(text, "\\%c", c);
        } else if (c < 32) {
            text_add(text, "\\u%04x", c);
        } else {
            text_add(text, "%c", c);
        }
    }
    text_add(text, "\"");
}

static void json_number(struct text *text, double value)
{
    if (isfinite(value)) {
        text_add(text, "%.6g", value);
    } else {
        text_add(text, "null");
    }
}

static void json_classes(const struct grade *g, struct text *text)
{
    const struct dataset *d = &g->lesson->data;
    text_add(text, "  \"classes\": [");
    for (int32_t i = 0; i < d->class_count; i++) {
        text_add(text, i > 0 ? ", " : "");
        text_json_string(text, d->classes[i]);
    }
    text_add(text, "]");
    for (int32_t i = 0; i < d->class_count && g->objects != NULL; i++) {
        const struct eval_matches *m = &g->objects[i];
        text_add(text, i == 0 ? ",\n  \"objects\": {\n    " : ",\n    ");
        text_json_string(text, d->classes[i]);
        text_add(text, ": {\"found\": %lld, \"missed\": %lld, \"false_alarms\": %lld, \"f1\": ", (long long)m->found,
                 (long long)m->missed, (long long)m->false_alarms);
        json_number(text, eval_match_f1(m));
        text_add(text, i + 1 < d->class_count ? "}" : "}\n  }");
    }
    if (g->confusion == NULL) {
        return;
    }
    text_add(text, ",\n  \"confusion\": [");
    for (int32_t i = 0; i < g->classes; i++) {
        text_add(text, i > 0 ? ",\n    [" : "\n    [");
        for (int32_t k = 0; k < g->classes; k++) {
            text_add(text, "%s%d", k > 0 ? ", " : "", g->confusion[i * g->classes + k]);
        }
        text_add(text, "]");
    }
    text_add(text, "\n  ]");
}

void grade_json(const struct grade *g, const struct grade *real, struct text *text)
{
    text_add(text, "  \"examples\": %d,\n", g->count);
    for (int32_t i = 0; i < g->figure_count; i++) {
        const struct eval_figure *f = &g->figures[i].figure;
        text_add(text, "  \"%s\": ", g->figures[i].name);
        json_number(text, f->value);
        text_add(text, ",\n  \"%s_interval\": [", g->figures[i].name);
        json_number(text, f->low);
        text_add(text, ", ");
        json_number(text, f->high);
        text_add(text, "],\n");
        if (real != NULL) {
            text_add(text, "  \"%s_float\": ", g->figures[i].name);
            json_number(text, grade_value(real, g->figures[i].name));
            text_add(text, ",\n");
        }
    }
    if (!isnan(g->threshold)) {
        text_add(text, "  \"threshold\": %.9g,\n  \"found_above\": ", g->threshold);
        json_number(text, g->found);
        text_add(text, ",\n");
    }
    if (g->positive >= 0) {
        text_add(text, "  \"positive\": ");
        text_json_string(text, g->lesson->data.classes[g->positive]);
        text_add(text, ",\n");
    }
    json_classes(g, text);
}

/*** The report ***/

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
        if (said != label_of(g, i)) {
            all[count++] = (struct mistake){i, s[said] - s[label_of(g, i)]};
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
            .wanted = class_name(g, label_of(g, all[i].index)),
            .got = class_name(g, said),
            .confidence = s[said],
        };
        grade_picture(g->lesson, example, &examples[i], arena);
    }
    r->examples = examples;
    r->example_count = count;
}

/*** Objects in the report ***/

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
        find_objects(g, i, &points, &boxes, &m, arena);
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
        const int32_t count = find_objects(g, index, &points, &boxes, &m, arena);
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
    const float *scores = detector_scores(g, positive, arena);
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
