/* SPDX-License-Identifier: MIT
 *
 * Words in sound that goes on: how often they are missed, and how often something else is taken for them. Each score that
 * occurs is tried as the threshold, from the highest down.
 */
#include <math.h>
#include <stdlib.h>

#include "eval.h"

enum { MOST_THRESHOLDS = 512 };

static const double z95 = 1.959963985;

/* What a threshold makes of all streams. */
struct outcome {
    int64_t false_accepts, found;
};

static void run_stream(const struct eval_stream *s, const struct eval_spotting_rule *rule, float threshold, bool *found,
                       struct outcome *sum)
{
    double last = -INFINITY;
    int32_t first = 0; /* words before it are over */
    for (int32_t k = 0; k < s->word_count; k++) {
        found[k] = false;
    }
    for (int32_t i = 0; i < s->count; i++) {
        const double t = (i + 1) * s->every;
        if (s->scores[i] < threshold || t - last < rule->refractory - 1e-9) {
            continue;
        }
        last = t;
        bool is_right = false;
        while (first < s->word_count && s->words[first].end + rule->tolerance < t) {
            first++;
        }
        for (int32_t k = first; k < s->word_count && s->words[k].start <= t; k++) {
            if (t <= s->words[k].end + rule->tolerance) {
                found[k] = is_right = true;
            }
        }
        sum->false_accepts += !is_right;
    }
    for (int32_t k = 0; k < s->word_count; k++) {
        sum->found += found[k];
    }
}

/* Seconds in which an accept is false. */
static double other_time(const struct eval_stream *s, const struct eval_spotting_rule *rule)
{
    const double end = s->count * s->every;
    double sum = 0, covered = 0;
    for (int32_t k = 0; k < s->word_count; k++) {
        sum += fmax(0, fmin(s->words[k].start, end) - covered);
        covered = fmin(end, fmax(covered, s->words[k].end + rule->tolerance));
    }
    return sum + end - covered;
}

static int falling(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* The scores that occur, the highest first; of very many some. */
static int32_t find_thresholds(const struct eval_stream *streams, int32_t count, float *thresholds, struct arena *arena)
{
    size_t all = 0, n = 0;
    for (int32_t i = 0; i < count; i++) {
        all += (size_t)streams[i].count;
    }
    float *scores = arena_array(arena, all + 1, sizeof *scores);
    for (int32_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < streams[i].count; k++) {
            scores[n++] = streams[i].scores[k];
        }
    }
    qsort(scores, all, sizeof *scores, falling);
    n = 0;
    for (size_t i = 0; i < all; i++) {
        if (n == 0 || scores[i] != scores[n - 1]) {
            scores[n++] = scores[i];
        }
    }
    const size_t kept = n < MOST_THRESHOLDS ? n : MOST_THRESHOLDS;
    for (size_t i = 0; i < kept; i++) {
        thresholds[i] = scores[i * n / kept];
    }
    return (int32_t)kept;
}

static struct eval_figure rate_of(int64_t events, double hours)
{
    const double k = (double)events, n = k + 1;
    const double low = k > 0 ? k * pow(1 - 1 / (9 * k) - z95 / (3 * sqrt(k)), 3) : 0;
    const double high = n * pow(1 - 1 / (9 * n) + z95 / (3 * sqrt(n)), 3);
    return (struct eval_figure){k / hours, low / hours, high / hours};
}

struct eval_spotting eval_spot(const struct eval_stream *streams, int32_t count, const struct eval_spotting_rule *rule,
                               struct arena *arena)
{
    struct eval_spotting result = {.per_hour = {NAN, NAN, NAN}, .missed = NAN, .threshold = NAN};
    int32_t most = 0;
    double seconds = 0;
    for (int32_t i = 0; i < count; i++) {
        result.words += streams[i].word_count;
        most = streams[i].word_count > most ? streams[i].word_count : most;
        seconds += other_time(&streams[i], rule);
    }
    result.hours = seconds / 3600;
    float *thresholds = ARENA_ARRAY(arena, MOST_THRESHOLDS, float);
    bool *found = ARENA_ARRAY(arena, most + 1, bool);
    const int32_t threshold_count = find_thresholds(streams, count, thresholds, arena);
    for (int32_t t = 0; t < threshold_count && result.words > 0; t++) {
        struct outcome sum = {0, 0};
        for (int32_t i = 0; i < count; i++) {
            run_stream(&streams[i], rule, thresholds[t], found, &sum);
        }
        result.threshold = (double)thresholds[t];
        result.false_accepts = sum.false_accepts;
        result.missed = 1 - (double)sum.found / (double)result.words;
        if (result.missed <= rule->most_missed + 1e-9) {
            result.per_hour = rate_of(sum.false_accepts, result.hours);
            break;
        }
    }
    return result;
}
