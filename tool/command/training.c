/* SPDX-License-Identifier: MIT
 *
 * The end of a training: the model that the device runs is judged on the test's recordings; then C, figures, report.
 */
#include "training.h"

#include <ctype.h>
#include <math.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include "../emit/emit.h"
#include "../pass/pass.h"
#include "../read/read.h"
#include "../run/run.h"
#include "../target/target.h"

static const char *or_null(const char *text) { return text != NULL && *text != '\0' ? text : NULL; }

/* The recipe's file name as a C identifier. */
static const char *model_name(const char *recipe, struct arena *arena)
{
    const char *slash = strrchr(recipe, '/');
    char *name = arena_printf(arena, "%s", slash != NULL ? slash + 1 : recipe);
    name[strcspn(name, ".")] = '\0';
    for (char *c = name; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
    }
    return islower((unsigned char)*name) ? name : "model";
}

/*** The board ***/

struct device {
    const char *name;
    struct plan plan; /* for the board's core */
    struct emit_files files;
    struct report_fit fit;
    bool has_fit;
};

static bool check_budget(struct training *t, const struct report_fit *fit)
{
    const struct recipe *r = &t->lesson.recipe;
    const int64_t ram = r->board_ram > 0 ? r->board_ram : fit->ram,
                  flash = r->board_flash > 0 ? r->board_flash : fit->flash;
    const double ms = fit->clock > 0 ? fit->cycles / fit->clock * 1e3 : 0;
    fprintf(stderr, "on %s about %lld of %lld bytes of RAM, %lld of %lld of flash", fit->board,
            (long long)report_fit_ram(fit), (long long)ram, (long long)report_fit_flash(fit), (long long)flash);
    fprintf(stderr, ms > 0 ? ", network %.1f ms\n" : "\n", ms);
    const bool fits = report_fit_ram(fit) <= ram && report_fit_flash(fit) <= flash &&
                      (r->board_latency <= 0 || ms <= r->board_latency);
    if (!fits) {
        fprintf(stderr, "mote: that is more than the recipe's board allows; take a smaller model\n");
    }
    return fits;
}

/* What the device runs: device.tflite, or stream.tflite. */
static bool find_graph(struct session *s, struct training *t, struct graph **graph)
{
    *graph = &s->model.graphs[0];
    if (t->lesson.recipe.board_every <= 0) {
        return true;
    }
    const char *path = arena_printf(&s->arena, "%s/stream.tflite", t->folder);
    const struct read_request request = {.evaluator = {run_node, 0}};
    struct model *stream = ARENA_NEW(&s->arena, struct model);
    *stream = (struct model){0};
    if (!file_open(&t->stream, path, &s->diag) || !read_model(&t->stream, &request, &s->arena, stream, &s->diag) ||
        !pass_all(stream, run_node, &s->diag)) {
        s->path = path;
        return false;
    }
    *graph = &stream->graphs[0];
    return true;
}

/* What comes over time is fed row by row where that takes less RAM: a hop of samples, a step of a sensor. */
static bool make_plan(struct session *s, const struct training *t, struct graph *graph, unsigned features,
                      struct plan *plan)
{
    struct diag none = {0};
    struct plan fed;
    const enum data_kind kind = t->lesson.data_options.kind;
    if (t->stream.size > 0) {
        return plan_graph_for(graph, PLAN_FED, features, plan, &s->diag);
    }
    if (!plan_graph_for(graph, PLAN_STREAM, features, plan, &s->diag)) {
        return false;
    }
    if ((kind == DATA_AUDIO || kind == DATA_SENSOR) && plan_graph_for(graph, PLAN_FED, features, &fed, &none) &&
        fed.tensor_size < plan->tensor_size) { /* the host's arena_size has what is fed in it, too */
        *plan = fed;
    }
    return true;
}

/* How to call what is in c/. */
static void print_calls(const struct training *t, const struct device *d)
{
    if (t->stream.size > 0) {
        const double every = t->lesson.front_options.hop * d->plan.steps[0].rows;
        printf("%s/c: call %s_feed_samples with samples as they come; every %g s it returns 1 and the decision is "
               "%s_output\n",
               t->folder, d->name, every, d->name);
    } else if (d->plan.is_fed) {
        printf("%s/c: call %s_feed_samples with samples as they come; at 1 the decision is %s_output\n", t->folder,
               d->name, d->name);
    } else {
        printf("%s/c: fill %s_input, call %s_invoke, read %s_output\n", t->folder, d->name, d->name, d->name);
    }
}

static bool make_device(struct session *s, struct training *t, struct graph *graph, struct device *d)
{
    const char *board = or_null(t->lesson.recipe.board_name), *model = s->path;
    char hash[SHA256_DIGEST_STRING_LENGTH];
    unsigned features = 0;
    const struct file *file = t->stream.size > 0 ? &t->stream : &s->file;
    SHA256Data(file->data, file->size, hash);
    const struct emit_options how = {.name = model_name(t->recipe, &s->arena),
                                     .source = t->stream.size > 0 ? "stream.tflite" : "device.tflite",
                                     .hash = hash,
                                     .target = NULL};
    if ((board != NULL && !command_board_features(s, board, &features)) ||
        !make_plan(s, t, graph, features, &d->plan) || !emit_c(&d->plan, &how, &d->files, &s->diag) ||
        !command_write_c(s, arena_printf(&s->arena, "%s/c", t->folder), how.name, &d->files)) {
        return false;
    }
    s->path = model;
    d->name = how.name;
    d->has_fit = board != NULL;
    if (board != NULL && !command_fit(s, board, &d->plan, &d->files, &d->fit)) {
        return false;
    }
    if (board != NULL) {
        check_budget(t, &d->fit);
    }
    return true;
}

/*** metrics.json ***/

static bool write_metrics(struct session *s, const struct training *t, const struct grade *g, const struct device *d)
{
    const struct dataset *data = &t->lesson.data;
    struct text text = {.arena = &s->arena};
    text_add(&text, "{\n");
    if (t->spotting.is_judged) {
        spotting_json(&t->spotting, &text);
    }
    grade_json(g, t->real.figure_count > 0 ? &t->real : NULL, &text);
    text_add(&text,
             ",\n  \"train_examples\": %d,\n  \"validation_examples\": %d,\n  \"skipped\": %d,\n  \"seed\": %d,\n",
             data_count(data, SPLIT_TRAIN, NO_LABEL), data_count(data, SPLIT_VALIDATION, NO_LABEL), data->skipped_count,
             t->lesson.recipe.train_seed);
    text_add(&text,
             "  \"epochs\": %d,\n  \"best_epoch\": %d,\n  \"model_bytes\": %lld,\n  \"arena_bytes\": %u,\n  "
             "\"input_fed\": %s",
             t->result.epoch_count, t->result.best + 1, (long long)t->losses.bytes, d->plan.tensor_size,
             d->plan.is_fed ? "true" : "false");
    if (d->has_fit) {
        text_add(&text, ",\n  \"board\": ");
        text_json_string(&text, d->fit.board);
        text_add(&text, ",\n  \"ram_bytes\": %lld,\n  \"flash_bytes\": %lld", (long long)report_fit_ram(&d->fit),
                 (long long)report_fit_flash(&d->fit));
    }
    text_add(&text, "\n}\n");
    return file_write(arena_printf(&s->arena, "%s/metrics.json", t->folder), text.data, text.size, &s->diag);
}

/*** report.html ***/

static void add_facts(struct session *s, const struct training *t, struct report_training *r)
{
    const struct dataset *data = &t->lesson.data;
    const struct recipe *recipe = &t->lesson.recipe;
    struct report_fact *facts = ARENA_ARRAY(&s->arena, 10, struct report_fact);
    int32_t n = 0;
    facts[n++] =
        (struct report_fact){"recordings",
                             arena_printf(&s->arena, "%d for training, %d for validation, %d for the test; %d skipped",
                                          data_count(data, SPLIT_TRAIN, NO_LABEL),
                                          data_count(data, SPLIT_VALIDATION, NO_LABEL),
                                          data_count(data, SPLIT_TEST, NO_LABEL), data->skipped_count)};
    char shape[IR_SHAPE_TEXT];
    facts[n++] = (struct report_fact){"an example", arena_printf(&s->arena, "%s %s", ir_type_text(data->shape.type),
                                                                 ir_shape_text(&data->shape, shape))};
    facts[n++] =
        (struct report_fact){"the network sees", arena_printf(&s->arena, "%s", ir_shape_text(&t->lesson.shape, shape))};
    facts[n++] = (struct report_fact){"network", recipe->layer_count > 0 ? "layers of the recipe" : recipe->model_name};
    if (t->result.epoch_count > 0) {
        facts[n++] = (struct report_fact){"epochs", arena_printf(&s->arena, "%d, the best was %d",
                                                                 t->result.epoch_count, t->result.best + 1)};
    }
    if (lesson_is_detector(recipe)) {
        facts[n++] = (struct report_fact){"an alarm",
                                          arena_printf(&s->arena, "a score above 1, set for %.3g %% of what is normal",
                                                       100 * recipe->model_false_alarms)};
    }
    if (t->spotting.is_judged) {
        facts[n++] = (struct report_fact){"the test as it goes on", spotting_text(&t->spotting, &s->arena)};
    }
    facts[n++] =
        (struct report_fact){"weights", arena_printf(&s->arena, "%lld bytes, in float %lld", (long long)t->losses.bytes,
                                                     (long long)t->losses.float_bytes)};
    facts[n++] = (struct report_fact){"seed", arena_printf(&s->arena, "%d", recipe->train_seed)};
    r->facts = facts;
    r->fact_count = n;
}

static void add_curves(struct session *s, const struct training *t, struct report_training *r)
{
    struct report_epoch *epochs = ARENA_ARRAY(&s->arena, t->result.epoch_count + 1, struct report_epoch);
    for (int32_t i = 0; i < t->result.epoch_count; i++) {
        const struct train_epoch *e = &t->result.epochs[i];
        epochs[i] = (struct report_epoch){(double)e->loss, (double)e->accuracy, (double)e->validation_loss,
                                          (double)e->validation_accuracy};
    }
    r->metric = "accuracy";
    r->epochs = epochs;
    r->epoch_count = t->result.epoch_count;
    r->best_epoch = t->result.best + 1;
}

static void add_losses(struct session *s, const struct training *t, struct report_training *r)
{
    struct report_loss *losses = ARENA_ARRAY(&s->arena, t->losses.layer_count + 1, struct report_loss);
    for (int32_t i = 0; i < t->losses.layer_count; i++) {
        losses[i] = (struct report_loss){t->losses.layers[i].name, t->losses.layers[i].sqnr};
    }
    r->losses = losses;
    r->loss_count = t->losses.layer_count;
}

static bool write_report(struct session *s, const struct training *t, const struct grade *g, const struct device *d)
{
    struct report_training r = {
        .title = model_name(t->recipe, &s->arena),
        .about = arena_printf(&s->arena, "made by mote train from %s", t->lesson.recipe.data_path),
        .fit = d->has_fit ? &d->fit : NULL,
        .plan = &d->plan,
    };
    add_facts(s, t, &r);
    add_curves(s, t, &r);
    add_losses(s, t, &r);
    grade_report(g, t->real.figure_count > 0 ? &t->real : NULL, &r, &s->arena);
    const struct file page = report_training(&r, &s->arena);
    return file_write(arena_printf(&s->arena, "%s/report.html", t->folder), page.data, page.size, &s->diag);
}

static void print_figures(const struct training *t, const struct grade *g)
{
    printf("%s: on %d recordings that it was not trained on\n", t->folder, g->count);
    for (int32_t i = 0; i < g->figure_count; i++) {
        const struct eval_figure *f = &g->figures[i].figure;
        printf("%-12s %.4f", g->figures[i].name, f->value);
        if (f->low < f->high) {
            printf("  (%.4f to %.4f)", f->low, f->high);
        }
        const double real = grade_value(&t->real, g->figures[i].name);
        printf(isnan(real) ? "\n" : "  float %.4f\n", real);
    }
    if (t->spotting.is_judged) {
        printf("%s\n", spotting_text(&t->spotting, t->arena));
    }
    if (lesson_is_detector(&t->lesson.recipe)) {
        printf("a score above 1 is an alarm\n");
    }
}

/* A word that is looked for in sound that goes on. */
static bool judge_stream(struct session *s, struct training *t, struct graph *graph)
{
    return t->stream.size == 0 || or_null(t->lesson.recipe.data_positive) == NULL ||
           spotting_hear_test(&t->spotting, &t->lesson, s, graph);
}

bool training_finish(struct session *s, void *context)
{
    struct training *t = context;
    struct grade grade;
    struct plan plan;
    struct device device = {0};
    grade_begin(&grade, &t->lesson, SPLIT_TEST, &s->arena);
    if (!plan_graph(&s->model.graphs[0], PLAN_STREAM, &plan, &s->diag) || !grade_run(&grade, s, &plan)) {
        return false;
    }
    grade_figures(&grade, &s->arena);
    struct graph *graph;
    if (!find_graph(s, t, &graph) || !judge_stream(s, t, graph) || !make_device(s, t, graph, &device)) {
        return false;
    }
    s->path = NULL;
    if (!write_metrics(s, t, &grade, &device) || !write_report(s, t, &grade, &device)) {
        return false;
    }
    print_figures(t, &grade);
    print_calls(t, &device);
    return true;
}
