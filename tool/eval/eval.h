/* SPDX-License-Identifier: MIT
 *
 * How good a model's answers are. Pure functions of answers and what is right; they read no files and run no model.
 *
 * Answers are scores, count x class_count, row-major; the greatest of a row is what the model says, the first of equal
 * ones. Figures are 0 to 1; NaN where there is nothing to divide by.
 */
#ifndef EVAL_H
#define EVAL_H

#include "../base/base.h"

struct eval_answers {
    const float *scores;   /* [count][class_count] */
    const int32_t *labels; /* [count]: the right class */
    int32_t count, class_count;
};

/* A figure with its 95 % confidence interval. */
struct eval_figure {
    double value, low, high;
};

/*** Classes ***/

int32_t eval_best(const float *scores, int32_t class_count);

/* matrix[right][said], class_count x class_count, filled. */
void eval_confusion(const struct eval_answers *answers, int32_t *matrix);

/* Of one class, from a confusion matrix. */
double eval_precision(const int32_t *matrix, int32_t class_count, int32_t class);
double eval_recall(const int32_t *matrix, int32_t class_count, int32_t class);
double eval_f1(const int32_t *matrix, int32_t class_count, int32_t class);

/* The mean of F1 over all classes that occur or are said. */
double eval_macro_f1(const int32_t *matrix, int32_t class_count);

/* Interval by Wilson's score (Wilson 1927), which holds near 0 and 1, too. */
struct eval_figure eval_share(int64_t right, int64_t of);

struct eval_figure eval_accuracy(const struct eval_answers *answers);

/* F1 of class `positive`, or the macro mean if it is negative; the interval by 1,000 resamplings, the same each time. */
struct eval_figure eval_f1_figure(const struct eval_answers *answers, int32_t positive, struct arena *arena);

/*** Detection: one score an example, greater means positive ***/

/* The area under the ROC curve: how often a positive scores higher than a negative, ties counting half (Mann and
 * Whitney). Interval by Hanley and McNeil (1982). */
struct eval_figure eval_auc(const float *scores, const bool *positive, int32_t count, struct arena *arena);

/* The ROC curve from (0, 0) to (1, 1): x false alarms, y found. Returns the number of points, at most count + 1; x and y are
 * in the arena. */
int32_t eval_roc(const float *scores, const bool *positive, int32_t count, double **x, double **y, struct arena *arena);

/*** Words in sound that goes on ***/

/* From when to when a word that is looked for is said, in seconds. */
struct eval_word {
    double start, end;
};

/* A recording as the device heard it: a decision every so many seconds, the first at `every`. */
struct eval_stream {
    const float *scores; /* of the word, one a decision */
    int32_t count;
    double every;
    const struct eval_word *words; /* by their start */
    int32_t word_count;
};

/* How decisions become accepts: the word is accepted at a decision whose score is the threshold or more, if the last accept is
 * `refractory` seconds past or longer. An accept is right from a word's start to `tolerance` seconds beyond its end. */
struct eval_spotting_rule {
    double refractory, tolerance;
    double most_missed; /* share of the words */
};

struct eval_spotting {
    struct eval_figure per_hour; /* false accepts an hour; NaN: no threshold misses so few, or there are no words */
    int64_t false_accepts, words;
    double threshold, missed; /* share of the words that no accept is right for */
    double hours;             /* in which an accept is false */
};

/* False accepts an hour at the highest threshold that misses no more than `most_missed`: the number of false accepts over
 * the hours of all recordings without the times in which accepts are right. Interval of Poisson's distribution by Wilson
 * and Hilferty's approximation (1931). */
struct eval_spotting eval_spot(const struct eval_stream *streams, int32_t count, const struct eval_spotting_rule *rule,
                               struct arena *arena);

/*** Objects: peaks of a heat map ***/

struct eval_point {
    float x, y; /* of 0 to 1, right and down */
    int32_t class;
    float score;   /* of what the model says */
    bool is_right; /* set by eval_match */
};

/* Boxes that should be found, centre and size of 0 to 1. */
struct eval_box {
    float x, y, width, height;
    int32_t class;
    bool is_found; /* set by eval_match */
};

/* Peaks of a heat map [height][width][class_count], class 0 being nothing: cells whose score of a class is at least
 * thresholds[class], above 0, and not less than that of the eight around it; the point is their centre weighted by score.
 * Returns how many, in *points, in the arena. */
int32_t eval_peaks(const float *map, int32_t height, int32_t width, int32_t class_count, const float *thresholds,
                   struct eval_point **points, struct arena *arena);

struct eval_matches {
    int64_t found, missed, false_alarms;
};

/* Matches points, which get sorted, best score first, with boxes of their class that hold them, each box once. Adds to
 * the counts. */
void eval_match(struct eval_point *points, int32_t point_count, struct eval_box *boxes, int32_t box_count,
                struct eval_matches *matches);

void eval_match_add(struct eval_matches *sum, const struct eval_matches *more);

double eval_match_f1(const struct eval_matches *matches);

/* F1 of the matches of all examples, one picture each; the interval by 1,000 resamplings of pictures, as the objects of one
 * picture are alike. */
struct eval_figure eval_match_f1_figure(const struct eval_matches *of_each, int32_t count, struct arena *arena);

/* From which score on to believe points of one class, for the best F1: the middle of where it is within a hundredth of
 * the best. `points` are all of a low score or more, matched; they get sorted. 0: none is right. */
float eval_threshold(struct eval_point *points, int32_t count, int64_t boxes);

#endif
