/* SPDX-License-Identifier: MIT */
#include "spotting.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "../run/run.h"
#include "grade.h"

/* A model that hears, and what it has heard. */
struct spotter {
    struct spotting *spotting;
    const struct lesson *lesson;
    struct arena *arena;
    struct plan plan;
    struct runner runner;
    const struct tensor *out;
    uint8_t *answer;
    int32_t samples, class; /* samples of an invoke; the word among the classes */
    struct eval_stream *streams;
    int32_t count, capacity;
};

bool spotting_is_stream(const struct lesson *l, const struct graph *g)
{
    const int64_t window = llround(l->recipe.data_window * l->recipe.data_rate);
    return strcmp(l->recipe.data_kind, "audio") == 0 && l->recipe.board_every > 0 && g->input_count == 1 &&
           g->tensors[g->inputs[0]].type == TYPE_S16 && ir_count(&g->tensors[g->inputs[0]]) < window;
}

static int32_t find_class(const struct recipe *r)
{
    for (int32_t i = 0; i < r->data_classes.count; i++) {
        if (strcasecmp(r->data_classes.list[i], r->data_positive) == 0) {
            return i;
        }
    }
    return NO_LABEL;
}

static bool begin(struct spotter *h, struct session *s, struct graph *g)
{
    const struct recipe *r = &h->lesson->recipe;
    const double window = r->data_window;
    h->class = find_class(r);
    h->out = &g->tensors[g->outputs[0]];
    h->arena = &s->arena;
    if (h->class == NO_LABEL || h->class >= ir_dim(h->out, -1)) {
        return diag_fail(&s->diag,
                         "data.positive is \"%s\", which is none of the model's classes; say which word is "
                         "looked for by --set data.positive=WORD",
                         r->data_positive);
    }
    if (!plan_graph(g, PLAN_STREAM, &h->plan, &s->diag)) {
        return false;
    }
    run_init(&h->runner, &h->plan);
    h->answer = arena_alloc(h->arena, run_output_size(&h->plan));
    h->samples = (int32_t)ir_count(&g->tensors[g->inputs[0]]);
    *h->spotting = (struct spotting){
        .is_judged = true,
        .word = r->data_classes.list[h->class],
        .rule = {.refractory = r->board_refractory > 0 ? r->board_refractory : window,
                 .tolerance = window,
                 .most_missed = r->board_missed},
        .every = (double)h->samples / r->data_rate,
    };
    return true;
}

static struct eval_stream *add_stream(struct spotter *h, int64_t samples)
{
    ARENA_GROW(h->arena, h->streams, h->count, h->capacity);
    struct eval_stream *stream = &h->streams[h->count++];
    *stream = (struct eval_stream){.every = h->spotting->every};
    stream->scores = arena_array(h->arena, (size_t)(samples / h->samples) + 1, sizeof *stream->scores);
    mote_init(&h->plan.code, h->runner.arena);
    return stream;
}

/* One decision. */
static void hear(struct spotter *h, struct eval_stream *stream, const int16_t *samples)
{
    float *scores = (float *)(uintptr_t)stream->scores;
    run_invoke(&h->runner, (const uint8_t *)samples, h->answer);
    scores[stream->count++] = lesson_real(h->out, h->answer, (size_t)h->class);
}

static void settle(struct spotter *h)
{
    h->spotting->figures = eval_spot(h->streams, h->count, &h->spotting->rule, h->arena);
}

/*** Recordings ***/

static void add_words(struct spotter *h, struct eval_stream *stream, const struct data_sound *sound)
{
    struct eval_word *words = ARENA_ARRAY(h->arena, sound->span_count + 1, struct eval_word);
    if (sound->label != NULL && strcasecmp(sound->label, h->spotting->word) == 0) {
        words[stream->word_count++] = (struct eval_word){0, (double)sound->count / h->lesson->recipe.data_rate};
    }
    for (int32_t i = 0; i < sound->span_count; i++) {
        const struct data_span *span = &sound->spans[i];
        if (strcasecmp(span->label, h->spotting->word) == 0) {
            words[stream->word_count++] = (struct eval_word){span->start, span->end};
        }
    }
    stream->words = words;
}

static void hear_sound(void *context, const struct data_sound *sound)
{
    struct spotter *h = context;
    struct eval_stream *stream = add_stream(h, sound->count);
    add_words(h, stream, sound);
    for (int64_t at = 0; at + h->samples <= sound->count; at += h->samples) {
        hear(h, stream, sound->samples + at);
    }
}

bool spotting_hear(struct spotting *spotting, struct lesson *l, struct session *s, struct graph *g)
{
    struct spotter h = {.spotting = spotting, .lesson = l};
    if (!begin(&h, s, g)) {
        return false;
    }
    if (!lesson_listen(l, hear_sound, &h, &s->arena, &s->diag)) {
        s->path = l->recipe.data_path;
        return false;
    }
    settle(&h);
    return run_check(&h.runner, &s->diag);
}

/*** The test ***/

bool spotting_hear_test(struct spotting *spotting, const struct lesson *l, struct session *s, struct graph *g)
{
    struct spotter h = {.spotting = spotting, .lesson = l};
    const struct dataset *d = &l->data;
    const int32_t window = d->shape.dim[0], count = data_count(d, SPLIT_TEST, NO_LABEL);
    if (!begin(&h, s, g)) {
        return false;
    }
    struct eval_stream *stream = add_stream(&h, (int64_t)count * window);
    struct eval_word *words = ARENA_ARRAY(h.arena, count + 1, struct eval_word);
    int16_t *piece = ARENA_ARRAY(h.arena, h.samples, int16_t);
    int32_t held = 0, heard = 0;
    for (int32_t i = 0; i < d->count; i++) {
        const int16_t *x = data_values(d, i);
        if (d->examples[i].split != SPLIT_TEST) {
            continue;
        }
        if (d->examples[i].label == h.class) {
            const double start = spotting->every * ((double)heard * window / h.samples);
            words[stream->word_count++] = (struct eval_word){start, start + l->recipe.data_window};
        }
        heard++;
        for (int32_t k = 0; k < window; k++) {
            piece[held++] = x[k];
            if (held == h.samples) {
                hear(&h, stream, piece);
                held = 0;
            }
        }
    }
    stream->words = words;
    settle(&h);
    return run_check(&h.runner, &s->diag);
}

/*** Words ***/

/* With all digits of a float: a threshold is one of the scores. */
static void json_number(struct text *text, const char *name, double value)
{
    text_add(text, isfinite(value) ? "  \"%s\": %.9g,\n" : "  \"%s\": null,\n", name, value);
}

void spotting_json(const struct spotting *p, struct text *text)
{
    const struct eval_spotting *f = &p->figures;
    json_number(text, "false_accepts_per_hour", f->per_hour.value);
    if (isfinite(f->per_hour.value)) {
        text_add(text, "  \"false_accepts_per_hour_interval\": [%.6g, %.6g],\n", f->per_hour.low, f->per_hour.high);
    }
    text_add(text, "  \"false_accepts\": %lld,\n  \"words\": %lld,\n", (long long)f->false_accepts,
             (long long)f->words);
    json_number(text, "miss_rate", f->missed);
    json_number(text, "accept_threshold", f->threshold);
    json_number(text, "hours", f->hours);
    json_number(text, "refractory_seconds", p->rule.refractory);
    json_number(text, "decision_seconds", p->every);
}

/* Three digits, or all that are before the point. */
static const char *plain(double value, struct arena *arena)
{
    return arena_printf(arena, fabs(value) < 100 ? "%.3g" : "%.0f", value);
}

char *spotting_text(const struct spotting *p, struct arena *arena)
{
    const struct eval_spotting *f = &p->figures;
    if (f->words == 0) {
        return arena_printf(arena, "\"%s\" is said nowhere, so that no threshold can be found", p->word);
    }
    if (!isfinite(f->per_hour.value)) {
        return arena_printf(arena, "no threshold misses %g or less of %lld words \"%s\"", p->rule.most_missed,
                            (long long)f->words, p->word);
    }
    return arena_printf(arena,
                        "%s false accepts per hour (%s to %s) where %.3g of %lld words \"%s\" are missed: %lld in %s "
                        "hours, by a score of "
                        "%.3g, no two accepts within %g s",
                        plain(f->per_hour.value, arena), plain(f->per_hour.low, arena), plain(f->per_hour.high, arena),
                        f->missed, (long long)f->words, p->word, (long long)f->false_accepts, plain(f->hours, arena),
                        f->threshold, p->rule.refractory);
}
