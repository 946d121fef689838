/* SPDX-License-Identifier: MIT
 *
 * Figures of merit against values worked out by hand or published.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../tool/command/spotting.h"
#include "expect.h"

static bool is_near(double a, double b) { return fabs(a - b) < 5e-5; }

static void test_classes(struct arena *arena)
{
    /*                              right: 0         0         1         1         1         2 */
    static const float scores[] = {.9F, .1F, 0, .2F, .7F, .1F, 0, 1, 0, .4F, .4F, .2F, .1F, .8F, .1F, .1F, .1F, .8F};
    static const int32_t labels[] = {0, 0, 1, 1, 1, 2};
    const struct eval_answers a = {scores, labels, 6, 3};
    int32_t m[9];
    eval_confusion(&a, m);
    expect(m[0] == 1 && m[1] == 1 && m[3] == 1 && m[4] == 2 && m[8] == 1, "confusion; of equal scores the first wins");
    expect(is_near(eval_precision(m, 3, 1), 2.0 / 3) && is_near(eval_recall(m, 3, 1), 2.0 / 3), "precision and recall");
    expect(is_near(eval_f1(m, 3, 0), 0.5) && is_near(eval_f1(m, 3, 2), 1), "F1");
    expect(is_near(eval_macro_f1(m, 3), (0.5 + 2.0 / 3 + 1) / 3), "macro F1");
    expect(is_near(eval_accuracy(&a).value, 4.0 / 6), "accuracy");
    static const int32_t two[] = {3, 0, 0, 0}; /* a class that neither occurs nor is said */
    expect(isnan(eval_precision(two, 2, 1)) && isnan(eval_f1(two, 2, 1)) && is_near(eval_macro_f1(two, 2), 1),
           "no class");
    const struct eval_figure f1 = eval_f1_figure(&a, -1, arena), again = eval_f1_figure(&a, -1, arena);
    expect(is_near(f1.value, eval_macro_f1(m, 3)) && f1.low < f1.value && f1.value < f1.high, "an interval round F1");
    expect(f1.low == again.low && f1.high == again.high, "the same each time");
}

static void test_share(void)
{
    const struct eval_figure f = eval_share(8, 10); /* Wilson: 0.4902 to 0.9433 */
    expect(is_near(f.value, 0.8) && is_near(f.low, 0.4902) && is_near(f.high, 0.9433), "Wilson's interval");
    expect(eval_share(0, 5).low == 0 && eval_share(5, 5).high <= 1 && eval_share(5, 5).low > 0.5, "at the ends");
    expect(isnan(eval_share(0, 0).value), "of nothing");
}

static void test_auc(struct arena *arena)
{
    static const float scores[] = {.1F, .4F, .35F, .8F}, same[] = {1, 1, 1, 1};
    static const bool positive[] = {false, false, true, true}, all[] = {true, true, true, true};
    const struct eval_figure f = eval_auc(scores, positive, 4, arena);
    /* q1 = 0.6, q2 = 0.642857, variance 0.0763393 */
    expect(is_near(f.value, 0.75) && is_near(f.low, 0.75 - 1.959964 * 0.2762956) && f.high == 1, "AUC");
    expect(is_near(eval_auc(same, positive, 4, arena).value, 0.5), "equal scores");
    expect(isnan(eval_auc(scores, all, 4, arena).value), "no negatives");
    double *x, *y;
    const int32_t n = eval_roc(scores, positive, 4, &x, &y, arena);
    expect(n == 5 && x[0] == 0 && y[0] == 0 && y[1] == 0.5 && x[2] == 0.5 && y[3] == 1 && x[4] == 1, "ROC");
    expect(eval_roc(same, positive, 4, &x, &y, arena) == 2 && x[1] == 1 && y[1] == 1, "ROC of equal scores");
}

static void test_objects(struct arena *arena)
{
    /* 3 x 4 cells, two classes: a peak with a lower cell at its corner, and one with a cell below it */
    static const float map[] = {.1F, .9F, 1, 0, 1, 0, 1,   0,   /* cell 0: nothing, cell 1.. */
                                1,   0,   0, 1, 1, 0, .2F, .8F, /**/
                                1,   0,   1, 0, 1, 0, .6F, .4F};
    static const float level[] = {.2F, .8F, .2F, .8F, .2F, .8F, 1, 0, .2F, .8F}, thresholds[] = {0, 0.4F};
    struct eval_point *points;
    int32_t n = eval_peaks(level, 1, 5, 2, thresholds, &points, arena);
    expect(n == 2 && is_near((double)points[0].x, 0.2), "the first of equal cells");
    n = eval_peaks(map, 3, 4, 2, thresholds, &points, arena);
    expect(n == 2, "two peaks");
    /* cells (0, 0) with 0.9 and (1, 1) with 1: x = (0.5 * 0.9 + 1.5) / 1.9 / 4 */
    expect(is_near((double)points[0].x, 0.256579) && is_near((double)points[0].y, 0.342105), "a weighted centre");
    expect(is_near((double)points[1].x, 0.875) && is_near((double)points[1].y, 2.2 / 3.6), "one at the border");
    struct eval_box boxes[] = {{0.25F, 0.3F, 0.5F, 0.6F, 1, true},
                               {0.26F, 0.34F, 0.9F, 0.9F, 1, true},
                               {0.9F, 0.9F, 0.1F, 0.1F, 1, true}};
    struct eval_matches m = {0};
    eval_match(points, n, boxes, 3, &m);
    expect(m.found == 1 && m.missed == 2 && m.false_alarms == 1, "matches");
    expect(points[0].is_right && !points[1].is_right && !boxes[0].is_found && boxes[1].is_found, "which match");
    expect(is_near(eval_match_f1(&m), 2.0 / 5), "F1 of matches");
    /* 40 pictures, every fourth with nothing found: F1 3 / 4 in all, and of 40 drawn its deviation is near 0.07 */
    struct eval_matches of_each[40];
    for (int i = 0; i < 40; i++) {
        of_each[i] = i % 4 == 0 ? (struct eval_matches){0, 2, 2} : (struct eval_matches){2, 0, 0};
    }
    const struct eval_figure f1 = eval_match_f1_figure(of_each, 40, arena);
    expect(is_near(f1.value, 0.75) && f1.low > 0.55 && f1.low < 0.65 && f1.high > 0.85 && f1.high < 0.92,
           "the interval of F1 by pictures");
    expect(isnan(eval_match_f1_figure(of_each, 0, arena).value), "F1 of no pictures");
}

static void test_threshold(void)
{
    struct eval_point points[] = {{.score = 0.3F, .is_right = false},
                                  {.score = 0.9F, .is_right = true},
                                  {.score = 0.5F, .is_right = true},
                                  {.score = 0.8F, .is_right = true},
                                  {.score = 0.2F, .is_right = true}};
    /* F1 of the first k of 4 boxes: 0.4, 0.667, 0.857, 0.75, 0.889 */
    expect(is_near((double)eval_threshold(points, 5, 4), (double)0.2F), "the threshold of the best F1");
    points[4].is_right = false;
    expect(is_near((double)eval_threshold(points, 4, 4), 0.5), "down to the last that is right");
    for (int i = 0; i < 5; i++) {
        points[i].is_right = false;
    }
    expect(eval_threshold(points, 5, 4) == 0, "no threshold where none is right");
}

/* Decisions every second on two recordings. Word 0 is from 2 to 3, word 1 from 7 to 8, word 2 of the other from 1 to 2; an
 * accept is right until 1 s after the end. */
static void test_spotting(struct arena *arena)
{
    /*                              at   1    2    3    4    5    6    7    8    9    10 */
    static const float first[] = {.1F, .1F, .9F, .8F, .7F, .1F, .1F, .2F, .6F, .1F};
    static const float second[] = {.5F, .1F, .3F, .6F, .6F, .1F};
    static const struct eval_word words[] = {{2, 3}, {7, 8}}, other[] = {{1, 2}};
    const struct eval_stream streams[] = {{first, 10, 1, words, 2}, {second, 6, 1, other, 1}};
    struct eval_spotting_rule rule = {.refractory = 2, .tolerance = 1, .most_missed = 0.4};
    /* From 0.6 on: right at 3, at 5 false, as at 4 none is accepted; right at 9; of the other false at 4. */
    struct eval_spotting r = eval_spot(streams, 2, &rule, arena);
    expect(is_near(r.threshold, 0.6) && is_near(r.missed, 1.0 / 3) && r.false_accepts == 2 && r.words == 3,
           "a third of the words missed: %g, %g, %lld", r.threshold, r.missed, (long long)r.false_accepts);
    expect(is_near(r.hours * 3600, 10 - 4 + 6 - 2) && is_near(r.per_hour.value * r.hours, 2),
           "hours between the words");
    expect(is_near(r.per_hour.low * r.hours, 0.2246) && is_near(r.per_hour.high * r.hours, 7.2209),
           "Poisson's interval: %g %g", r.per_hour.low * r.hours, r.per_hour.high * r.hours);
    rule.most_missed = 0;
    r = eval_spot(streams, 2, &rule, arena);
    expect(is_near(r.threshold, 0.5) && r.missed == 0, "all found by a lower threshold");
    rule.refractory = 3;
    rule.most_missed = 0.4;
    r = eval_spot(streams, 2, &rule, arena);
    expect(r.false_accepts == 1, "a longer silence, fewer false accepts");
    r = eval_spot(&(struct eval_stream){first, 10, 1, NULL, 0}, 1, &rule, arena);
    expect(isnan(r.per_hour.value) && r.words == 0, "without words there is no threshold");
    r = eval_spot(&(struct eval_stream){second, 6, 1, (const struct eval_word[]){{8, 9}}, 1}, 1, &rule, arena);
    expect(isnan(r.per_hour.value) && r.missed == 1, "a word that no threshold finds");
}

/* Of some seconds the rates are large, and plain all the same. */
static void test_spotting_text(struct arena *arena)
{
    const struct spotting s = {
        .word = "yes",
        .rule = {.refractory = 1},
        .figures = {.per_hour = {4851.6, 3204.2, 7050.3},
                    .missed = 0.05,
                    .words = 20,
                    .false_accepts = 31,
                    .hours = 0.00639,
                    .threshold = 0.53125},
    };
    const char *text = spotting_text(&s, arena);
    expect(strcmp(text, "4852 false accepts per hour (3204 to 7050) where 0.05 of 20 words \"yes\" are missed: 31 in "
                        "0.00639 hours, by a score of 0.531, no two accepts within 1 s") == 0,
           "numbers as they are: %s", text);
}

int main(void)
{
    struct arena arena;
    arena_init(&arena, (size_t)16 << 20);
    test_classes(&arena);
    test_share();
    test_auc(&arena);
    test_objects(&arena);
    test_threshold();
    test_spotting(&arena);
    test_spotting_text(&arena);
    arena_free(&arena);
    return expect_end();
}
