/* SPDX-License-Identifier: MIT
 *
 * mote eval MODEL --data DIR
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../run/run.h"
#include "grade.h"
#include "spotting.h"

enum { MODEL, DATA, RECIPE, SPLIT, JSON, SET, SHAPE, VALUE, MAX_WORK, OPTION_COUNT };

static const struct usage usage = {
    .verb = "eval",
    .about = "How good a model is on recordings: raw examples go through the plan that the device runs, front-end\n"
             "included, bit for bit. MODEL is the device.tflite that `mote train` left; the recipe lies beside it.\n"
             "stream.tflite hears whole recordings: false accepts per hour of the word data.positive.",
    .example = "mote eval keyword/device.tflite --data more-recordings --json",
};

struct job {
    const struct option *options;
    struct lesson lesson;
};

static const char *find_recipe(struct session *s, const struct option *options)
{
    const char *model = options[MODEL].text, *slash = strrchr(model, '/');
    if (options[RECIPE].text != NULL) {
        return options[RECIPE].text;
    }
    const char *beside =
        arena_printf(&s->arena, "%.*srecipe.yaml", slash != NULL ? (int)(slash + 1 - model) : 0, model);
    if (access(beside, R_OK) != 0) {
        diag_fail(&s->diag, "no recipe.yaml lies beside it; say by --recipe how its data is read");
        return NULL;
    }
    return beside;
}

static bool find_split(struct session *s, const char *word, enum data_split *split)
{
    static const char *const words[] = {"train", "validation", "test", "all", NULL};
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            *split = (enum data_split)i;
            return true;
        }
    }
    s->path = "--split";
    const char *meant = word_nearest(word, words);
    return diag_fail(&s->diag, "there is no \"%s\"%s%s; want train, validation, test or all", word,
                     meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "");
}

static void print_text(const struct grade *g)
{
    printf("%d examples\n", g->count);
    for (int32_t i = 0; i < g->figure_count; i++) {
        const struct eval_figure *f = &g->figures[i].figure;
        printf("%-12s %.4f", g->figures[i].name, f->value);
        if (f->low < f->high) {
            printf("  (%.4f to %.4f)", f->low, f->high);
        }
        putchar('\n');
    }
    for (int32_t i = 0; i + 1 < g->classes && g->objects != NULL; i++) {
        const struct eval_matches *m = &g->objects[i];
        printf("  %-24.24s found %lld of %lld, %lld false alarms, f1 %.3f\n", g->lesson->data.classes[i],
               (long long)m->found, (long long)(m->found + m->missed), (long long)m->false_alarms, eval_match_f1(m));
    }
    for (int32_t i = 0; i < g->classes && g->confusion != NULL; i++) {
        printf("  %-24.24s precision %.3f  recall %.3f\n", g->lesson->data.classes[i],
               eval_precision(g->confusion, g->classes, i), eval_recall(g->confusion, g->classes, i));
    }
}

/* A model of sound that goes on: on whole recordings. */
static bool eval_stream(struct session *s, struct job *job)
{
    struct spotting spotting;
    if (job->options[SPLIT].text != NULL) {
        s->path = "--split";
        return diag_fail(&s->diag, "a stream is judged on whole recordings; leave it out");
    }
    if (!spotting_hear(&spotting, &job->lesson, s, &s->model.graphs[0])) {
        return false;
    }
    if (job->options[JSON].text == NULL) {
        printf("%s\n", spotting_text(&spotting, &s->arena));
        return true;
    }
    struct text text = {.arena = &s->arena};
    spotting_json(&spotting, &text);
    printf("{\n%s  \"positive\": ", text.data);
    text = (struct text){.arena = &s->arena};
    text_json_string(&text, spotting.word);
    printf("%s\n}\n", text.data);
    return true;
}

static bool eval(struct session *s, void *context)
{
    struct job *job = context;
    struct lesson *l = &job->lesson;
    const struct option *o = job->options;
    const char *recipe = find_recipe(s, o), *model = s->path;
    enum data_split split = SPLIT_COUNT;
    if (recipe == NULL || (o[SPLIT].text != NULL && !find_split(s, o[SPLIT].text, &split))) {
        return false;
    }
    s->path = NULL; /* messages name their file themselves */
    if (!lesson_read_recipe(l, recipe, o[DATA].text, NULL, o[SET].list, &s->arena, &s->diag)) {
        return false;
    }
    if (spotting_is_stream(l, &s->model.graphs[0])) {
        s->path = model;
        return eval_stream(s, job);
    }
    s->path = l->recipe.data_path;
    l->recipe.data_least = 1;
    l->is_settled = true;
    if (!lesson_read_data(l, &s->arena, &s->diag)) {
        return false;
    }
    s->path = model;
    struct grade grade;
    struct plan plan;
    grade_begin(&grade, l, split, &s->arena);
    if (!plan_graph(&s->model.graphs[0], PLAN_STREAM, &plan, &s->diag) || !grade_run(&grade, s, &plan)) {
        return false;
    }
    grade_figures(&grade, &s->arena);
    if (o[JSON].text == NULL) {
        print_text(&grade);
        return true;
    }
    struct text text = {.arena = &s->arena};
    grade_json(&grade, NULL, &text);
    printf("{\n%s\n}\n", text.data);
    return true;
}

int command_eval(int argc, char **argv)
{
    const char *sets[OPTION_MOST + 1] = {NULL};
    const char *shapes[OPTION_MOST + 1] = {NULL}, *values[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [MODEL] = {.value = "MODEL", .required = true, .help = "device.tflite of a training"},
        [DATA] = {.name = "data", .value = "DIR", .required = true, .help = "folder or file with recordings"},
        [RECIPE] = {.name = "recipe",
                    .value = "FILE",
                    .help = "how to read them; default: recipe.yaml beside the model"},
        [SPLIT] = {.name = "split", .value = "PART", .help = "train, validation, test or all, the default"},
        [JSON] = {.name = "json", .help = "for programs"},
        [SET] = {.name = "set", .value = "KEY=VALUE", .list = sets, .help = "a word of the recipe; may be repeated"},
        [SHAPE] = SHAPE_OPTION(shapes),
        [VALUE] = VALUE_OPTION(values),
        [MAX_WORK] = MAX_WORK_OPTION,
    };
    int status;
    if (!options_parse(argc, argv, &usage, options, OPTION_COUNT, &status)) {
        return status;
    }
    struct job *job = &(struct job){.options = options};
    const struct session_given given = {options[MODEL].text, options[MAX_WORK].text, shapes, values, 0};
    status = session_run(&given, eval, job);
    lesson_free(&job->lesson);
    return status;
}
