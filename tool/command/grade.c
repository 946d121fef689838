/* SPDX-License-Identifier: MIT */
#include "grade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/run.h"
#include "heat.h"

static const float alarm_limit = 1;

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

static bool check_model(const struct grade *g, struct session *s)
{
    const struct graph *graph = &s->model.graphs[0];
    const struct dataset *d = &g->lesson->data;
    const struct tensor *in = &graph->tensors[graph->inputs[0]], *out = &graph->tensors[graph->outputs[0]];
    if (graph->input_count != 1 || graph->output_count != 1) {
        return diag_fail(&s->diag, "has %d inputs and %d outputs, want one of each", graph->input_count,
                         graph->output_count);
    }
    if (!lesson_takes(g->lesson, in)) {
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
    const struct tensor *in = &graph->tensors[graph->inputs[0]];
    uint8_t *answer = arena_alloc(&s->arena, run_output_size(plan)),
            *given = arena_alloc(&s->arena, (size_t)ir_size(in));
    struct runner runner;
    run_init(&runner, plan);
    struct progress progress = {.total = (uint64_t)g->count};
    for (int32_t i = 0; i < g->count; i++) {
        mote_init(&plan->code, runner.arena);
        lesson_give(g->lesson, in, data_values(&g->lesson->data, g->examples[i]), given);
        run_invoke(&runner, given, answer);
        for (size_t k = 0; k < g->output_count; k++) {
            g->scores[(size_t)i * g->output_count + k] = lesson_real(out, answer, k);
        }
        progress_step(&progress);
    }
    progress_end(&progress);
    return run_check(&runner, &s->diag);
}

/*** Figures ***/

/* What is a share of nothing is left out. */
static void add_figure(struct grade *g, const char *name, struct eval_figure figure)
{
    if (isnan(figure.value)) {
        return;
    }
    g->figures[g->figure_count].name = name;
    g->figures[g->figure_count++].figure = figure;
}

int32_t grade_label(const struct grade *g, int32_t i) { return g->lesson->data.examples[g->examples[i]].label; }

float *grade_detection(const struct grade *g, bool *positive, struct arena *arena)
{
    float *scores = ARENA_ARRAY(arena, g->count + 1, float);
    const int32_t normal = lesson_normal(g->lesson);
    for (int32_t i = 0; i < g->count; i++) {
        const float *s = g->scores + (size_t)i * g->output_count;
        scores[i] = normal != NO_LABEL ? s[0] : s[g->positive];
        positive[i] = normal != NO_LABEL ? grade_label(g, i) != normal : grade_label(g, i) == g->positive;
    }
    return scores;
}

static void add_auc(struct grade *g, struct arena *arena)
{
    bool *positive = ARENA_ARRAY(arena, g->count + 1, bool);
    const float *scores = grade_detection(g, positive, arena);
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
        labels[i] = grade_label(g, i);
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

int32_t grade_objects(const struct grade *g, int32_t i, struct eval_point **points, struct eval_box **boxes,
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
    struct eval_matches all = {0}, *of_each = ARENA_ARRAY(arena, g->count + 1, struct eval_matches);
    g->objects = ARENA_ARRAY(arena, g->classes, struct eval_matches);
    for (int32_t i = 0; i < g->count; i++) {
        const struct arena_mark mark = arena_mark(arena);
        struct eval_point *points;
        struct eval_box *boxes;
        const int32_t count = grade_objects(g, i, &points, &boxes, &of_each[i], arena);
        eval_match_add(&all, &of_each[i]);
        count_objects(g->objects, points, count, boxes, g->lesson->data.examples[g->examples[i]].box_count);
        arena_release(arena, mark);
    }
    add_figure(g, "f1", eval_match_f1_figure(of_each, g->count, arena));
    add_figure(g, "precision", eval_share(all.found, all.found + all.false_alarms));
    add_figure(g, "recall", eval_share(all.found, all.found + all.missed));
}

/* Shares of what is normal with an alarm, and of the rest without one. */
static void alarm_figures(struct grade *g, struct arena *arena)
{
    bool *positive = ARENA_ARRAY(arena, g->count + 1, bool);
    const float *scores = grade_detection(g, positive, arena);
    int32_t others = 0, missed = 0, false_alarms = 0;
    for (int32_t i = 0; i < g->count; i++) {
        const bool is_alarm = scores[i] > alarm_limit;
        others += positive[i];
        missed += positive[i] && !is_alarm;
        false_alarms += !positive[i] && is_alarm;
    }
    add_figure(g, "false_alarms", eval_share(false_alarms, g->count - others));
    add_figure(g, "missed", eval_share(missed, others));
}

void grade_figures(struct grade *g, struct arena *arena)
{
    if (g->height * g->width > 1) {
        map_figures(g, arena);
    } else if (lesson_normal(g->lesson) != NO_LABEL) {
        add_auc(g, arena);
        alarm_figures(g, arena);
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
    if (lesson_normal(g->lesson) != NO_LABEL) {
        text_add(text, "  \"threshold\": %g,\n", (double)alarm_limit);
    }
    if (g->positive >= 0) {
        text_add(text, "  \"positive\": ");
        text_json_string(text, g->lesson->data.classes[g->positive]);
        text_add(text, ",\n");
    }
    json_classes(g, text);
}
