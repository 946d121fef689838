/* SPDX-License-Identifier: MIT */
#include "training.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "page.h"

/*** Figures ***/

static void add_scores(struct text *page, const struct report_training *t)
{
    text_add(page, "<div class=\"scores\">\n");
    for (int32_t i = 0; i < t->score_count; i++) {
        const struct report_score *s = &t->scores[i];
        text_add(page, "<div class=\"score\"><b>%.3f</b>", s->value);
        page_text(page, s->name);
        if (s->high > s->low) {
            text_add(page, "<br><span>%.3f to %.3f with 95 %% confidence</span>", s->low, s->high);
        }
        if (s->real >= 0) {
            text_add(page, "<br><span>%.3f in float</span>", s->real);
        }
        text_add(page, "</div>\n");
    }
    text_add(page, "</div>\n<table>\n");
    for (int32_t i = 0; i < t->fact_count; i++) {
        text_add(page, "<tr><th>");
        page_text(page, t->facts[i].name);
        text_add(page, "</th><td>");
        page_text(page, t->facts[i].value);
        text_add(page, "</td></tr>\n");
    }
    text_add(page, "</table>\n");
}

/*** Learning ***/

/* One of the four figures of all epochs, as y values. */
static double *pick(const struct report_training *t, size_t offset, struct arena *arena)
{
    double *y = ARENA_ARRAY(arena, t->epoch_count, double);
    for (int32_t i = 0; i < t->epoch_count; i++) {
        memcpy(&y[i], (const char *)&t->epochs[i] + offset, sizeof y[i]);
    }
    return y;
}

static double highest(const double *a, const double *b, int32_t count)
{
    double most = 0;
    for (int32_t i = 0; i < count; i++) {
        most = fmax(most, isfinite(a[i]) ? a[i] : 0);
        most = fmax(most, isfinite(b[i]) ? b[i] : 0);
    }
    return most > 0 ? most : 1;
}

static void add_learning(struct text *page, const struct report_training *t, struct arena *arena)
{
    double *x = ARENA_ARRAY(arena, t->epoch_count, double);
    for (int32_t i = 0; i < t->epoch_count; i++) {
        x[i] = i + 1;
    }
    const struct page_line loss[] = {{"training", x, pick(t, offsetof(struct report_epoch, loss), arena),
                                      t->epoch_count},
                                     {"validation", x, pick(t, offsetof(struct report_epoch, validation_loss), arena),
                                      t->epoch_count}};
    const struct page_line score[] = {{"training", x, pick(t, offsetof(struct report_epoch, score), arena),
                                       t->epoch_count},
                                      {"validation", x, pick(t, offsetof(struct report_epoch, validation_score), arena),
                                       t->epoch_count}};
    struct page_chart chart = {.title = "loss", .x_name = "epoch", .x_low = 1, .lines = loss, .line_count = 2};
    chart.x_high = t->epoch_count;
    chart.y_high = highest(loss[0].y, loss[1].y, t->epoch_count);
    chart.mark = t->best_epoch;
    page_section(page, "Learning");
    text_add(page, "<div class=\"row\">\n");
    page_chart(page, &chart);
    chart.title = t->metric;
    chart.lines = score;
    chart.y_high = fmin(1, highest(score[0].y, score[1].y, t->epoch_count));
    page_chart(page, &chart);
    text_add(page, "</div>\n<p class=\"about\">The dashed line is the epoch whose weights were kept.</p>\n");
}

/*** Classes ***/

/* Precision, recall and F1 of `right` ones, of `wanted` that there are and `got` that the model says. */
static void add_class_row(struct text *page, const char *class, int64_t right, int64_t wanted, int64_t got)
{
    text_add(page, "<tr><td>");
    page_text(page, class);
    text_add(page, "</td>");
    const double figures[] = {got > 0 ? (double)right / (double)got : NAN,
                              wanted > 0 ? (double)right / (double)wanted : NAN,
                              wanted + got > 0 ? 2.0 * (double)right / (double)(wanted + got) : NAN};
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        text_add(page, isnan(figures[i]) ? "<td class=\"n\">-</td>" : "<td class=\"n\">%.3f</td>", figures[i]);
    }
    text_add(page, "<td class=\"n\">%lld</td></tr>\n", (long long)wanted);
}

static void add_class(struct text *page, const struct report_training *t, int32_t c)
{
    const int32_t n = t->class_count;
    int64_t wanted = 0, got = 0;
    for (int32_t i = 0; i < n; i++) {
        wanted += t->confusion[c * n + i];
        got += t->confusion[i * n + c];
    }
    add_class_row(page, t->classes[c], t->confusion[c * n + c], wanted, got);
}

static void add_matrix_row(struct text *page, const struct report_training *t, int32_t c)
{
    const int32_t *row = t->confusion + (size_t)c * (size_t)t->class_count;
    int64_t sum = 0;
    for (int32_t i = 0; i < t->class_count; i++) {
        sum += row[i];
    }
    text_add(page, "<tr><th>");
    page_text(page, t->classes[c]);
    text_add(page, "</th>");
    for (int32_t i = 0; i < t->class_count; i++) {
        const double part = sum > 0 ? (double)row[i] / (double)sum : 0;
        text_add(page, "<td style=\"background:color-mix(in srgb,var(--%s) %.0f%%,var(--card))\">%d</td>",
                 i == c ? "c0" : "bad", part * 70, row[i]);
    }
    text_add(page, "</tr>\n");
}

static void add_class_head(struct text *page, const char *examples)
{
    text_add(page,
             "<table><tr><th>class</th><th class=\"n\">precision</th><th class=\"n\">recall</th>"
             "<th class=\"n\">F1</th><th class=\"n\">%s</th></tr>\n",
             examples);
}

static void add_objects(struct text *page, const struct report_training *t)
{
    page_section(page, "Classes, on test data");
    add_class_head(page, "objects");
    for (int32_t c = 0; c < t->class_count; c++) {
        const struct report_objects *o = &t->objects[c];
        add_class_row(page, t->classes[c], o->found, o->found + o->missed, o->found + o->false_alarms);
    }
    text_add(page,
             "</table>\n<p class=\"about\">A point is right if it lies in a box of its class that no better point "
             "has taken.</p>\n");
}

static void add_classes(struct text *page, const struct report_training *t)
{
    page_section(page, "Classes, on test data");
    text_add(page, "<div class=\"row\">\n");
    add_class_head(page, "examples");
    for (int32_t c = 0; c < t->class_count; c++) {
        add_class(page, t, c);
    }
    text_add(page, "</table>\n<div><table class=\"matrix\"><tr><th></th>");
    for (int32_t c = 0; c < t->class_count; c++) {
        text_add(page, "<th class=\"n\">");
        page_text(page, t->classes[c]);
        text_add(page, "</th>");
    }
    text_add(page, "</tr>\n");
    for (int32_t c = 0; c < t->class_count; c++) {
        add_matrix_row(page, t, c);
    }
    text_add(page, "</table><p class=\"about\">A row is what it is, a column what the model says.</p></div></div>\n");
}

static void add_roc(struct text *page, const struct report_curve *roc)
{
    static const double ends[] = {0, 1};
    const struct page_line lines[] = {{"model", roc->x, roc->y, roc->count}, {"chance", ends, ends, 2}};
    page_section(page, "Detection");
    page_chart(page, &(struct page_chart){.title = "found against false alarms",
                                          .x_name = "false alarms, part of what is normal",
                                          .x_high = 1,
                                          .y_high = 1,
                                          .lines = lines,
                                          .line_count = 2,
                                          .mark = -1});
}

/*** Examples ***/

enum { PICTURE = 144 }; /* pixels, about */

/* In units of the picture's pixels, so that circles are round. */
static void add_mark(struct text *page, const struct report_example *e, const struct report_mark *m)
{
    const float x = m->x * (float)e->width, y = m->y * (float)e->height;
    const float w = m->width * (float)e->width, h = m->height * (float)e->height;
    const bool is_point = m->width <= 0 && m->height <= 0;
    if (is_point) {
        text_add(page, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\">", m->is_right ? "hit" : "wrong",
                 (double)x, (double)y, 0.011 * e->width);
    } else {
        text_add(page, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                 m->is_right ? "hit" : "missed", (double)(x - w / 2), (double)(y - h / 2), (double)w, (double)h);
    }
    text_add(page, "<title>");
    page_text(page, m->name);
    if (is_point) {
        text_add(page, ", %.0f %% sure", (double)m->confidence * 100);
    }
    text_add(page, "</title></%s>\n", is_point ? "circle" : "rect");
}

static void add_picture(struct text *page, const struct report_example *e)
{
    const int32_t longest = e->width > e->height ? e->width : e->height;
    text_add(page, "<div class=\"picture\">");
    page_picture(page, e->pixels, e->width, e->height, e->channels, longest < PICTURE ? PICTURE / longest : 1);
    if (e->mark_count > 0) {
        text_add(page, "<svg viewBox=\"0 0 %d %d\">\n", e->width, e->height);
        for (int32_t i = 0; i < e->mark_count; i++) {
            add_mark(page, e, &e->marks[i]);
        }
        text_add(page, "</svg>");
    }
    text_add(page, "</div>");
}

static void add_answer(struct text *page, const struct report_example *e)
{
    const bool is_right = strcmp(e->wanted, e->got) == 0;
    text_add(page, "<b>");
    page_text(page, e->wanted);
    text_add(page, "</b>%s", is_right ? ", and it says " : ", but it says <span class=\"bad\">");
    page_text(page, e->got);
    text_add(page, "%s", is_right ? "" : "</span>");
    if (e->confidence >= 0) {
        text_add(page, ", %.0f %% sure", e->confidence * 100);
    }
    text_add(page, "<br>");
}

static void add_example(struct text *page, const struct report_example *e)
{
    text_add(page, "<div class=\"card\">");
    if (e->pixels != NULL && e->width > 0 && e->height > 0) {
        add_picture(page, e);
    }
    if (e->text != NULL) {
        page_text(page, e->text);
        text_add(page, "<br>");
    }
    if (e->wanted != NULL) {
        add_answer(page, e);
    }
    text_add(page, "<small>");
    page_text(page, e->source);
    text_add(page, "</small></div>\n");
}

static void add_examples(struct text *page, const struct report_training *t)
{
    const bool has_marks = t->examples[0].marks != NULL;
    page_section(page, "Worst examples");
    if (has_marks) {
        text_add(page,
                 "<p class=\"about\">Boxes are what is there: found, or <span class=\"bad\">missed</span> with a "
                 "dashed line. Points are what the model sees: right, or <span class=\"bad\">wrong</span>.</p>\n");
    }
    text_add(page, "<div class=\"cards%s\">\n", has_marks ? " scenes" : "");
    for (int32_t i = 0; i < t->example_count; i++) {
        add_example(page, &t->examples[i]);
    }
    text_add(page, "</div>\n");
}

/*** The board ***/

static void add_losses(struct text *page, const struct report_training *t)
{
    page_section(page, "Quantisation, layer by layer");
    text_add(page, "<table><tr><th>layer</th><th class=\"n\">signal to noise</th></tr>\n");
    for (int32_t i = 0; i < t->loss_count; i++) {
        text_add(page, "<tr><td>");
        page_text(page, t->losses[i].layer);
        text_add(page, "</td><td class=\"n\">%.1f dB</td></tr>\n", t->losses[i].decibels);
    }
    text_add(page, "</table>\n");
}

static void add_fit(struct text *page, const struct report_fit *f)
{
    char value[96];
    page_section(page, "On the board");
    text_add(page, "<p>");
    page_text(page, f->about);
    text_add(page, "</p>\n");
    const int64_t ram = report_fit_ram(f), flash = report_fit_flash(f);
    snprintf(value, sizeof value, "%lld of %lld bytes", (long long)ram, (long long)f->ram);
    page_bar(page, "RAM", value, f->ram > 0 ? (double)ram / (double)f->ram : 0);
    snprintf(value, sizeof value, "%lld of %lld bytes", (long long)flash, (long long)f->flash);
    page_bar(page, "flash", value, f->flash > 0 ? (double)flash / (double)f->flash : 0);
    if (f->cycles > 0 && f->clock > 0) {
        text_add(page,
                 "<p>The network's products take about %.3g ms at %.0f MHz; what all of a decision takes, mote bench "
                 "tells.</p>\n",
                 f->cycles / f->clock * 1e3, f->clock / 1e6);
    }
}

enum { MAP_WIDTH = 920, MAP_HEIGHT = 260 };

static void add_block(struct text *page, const struct plan *plan, const struct plan_map *map,
                      const struct plan_block *b)
{
    const double x_unit = (double)MAP_WIDTH / map->firings, y_unit = (double)MAP_HEIGHT / plan->tensor_size;
    const double width = (b->last - b->first + 1) * x_unit, height = b->size * y_unit;
    if (width * height < 0.25) {
        return; /* would not be seen */
    }
    text_add(page,
             "<rect class=\"f%d\" fill-opacity=\"%.2f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
             b->buffer % 4, b->buffer / 4 % 2 == 0 ? 0.85 : 0.5, b->first * x_unit,
             MAP_HEIGHT - (b->offset + b->size) * y_unit, width, height);
    page_text(page, plan->buffers[b->buffer].name != NULL ? plan->buffers[b->buffer].name : "sums");
    text_add(page, ", %u bytes</title></rect>\n", b->size);
}

static void add_map(struct text *page, const struct plan *plan)
{
    const struct plan_map map = plan_make_map(plan);
    page_section(page, "RAM over time");
    text_add(page, "<svg width=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"RAM over time\">\n", MAP_WIDTH,
             MAP_WIDTH, MAP_HEIGHT);
    for (int32_t i = 0; i < map.count && map.firings > 0 && plan->tensor_size > 0; i++) {
        add_block(page, plan, &map, &map.blocks[i]);
    }
    text_add(page,
             "</svg>\n<p class=\"about\">From left to right one decision, row by row; from bottom to top the %u bytes "
             "that hold all "
             "tensors. A block is rows of one tensor while they are needed; its name shows under the pointer.</p>\n",
             plan->tensor_size);
}

struct file report_training(const struct report_training *t, struct arena *arena)
{
    struct text page = {.arena = arena};
    page_begin(&page, t->title, t->about);
    add_scores(&page, t);
    if (t->epoch_count > 1) {
        add_learning(&page, t, arena);
    }
    if (t->confusion != NULL && t->class_count > 0) {
        add_classes(&page, t);
    }
    if (t->objects != NULL && t->class_count > 0) {
        add_objects(&page, t);
    }
    if (t->roc != NULL) {
        add_roc(&page, t->roc);
    }
    if (t->example_count > 0) {
        add_examples(&page, t);
    }
    if (t->fit != NULL) {
        add_fit(&page, t->fit);
    }
    if (t->plan != NULL) {
        add_map(&page, t->plan);
    }
    if (t->loss_count > 0) {
        add_losses(&page, t);
    }
    page_end(&page);
    return (struct file){(const uint8_t *)page.data, page.size};
}
