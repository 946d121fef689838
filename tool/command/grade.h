/* SPDX-License-Identifier: MIT
 *
 * Judging a model on a lesson's data: the device's own plan on raw examples, the figures that come of it.
 */
#ifndef COMMAND_GRADE_H
#define COMMAND_GRADE_H

#include "../eval/eval.h"
#include "../report/training.h"
#include "command.h"
#include "lesson.h"

enum { GRADE_MOST_FIGURES = 5 };

struct grade {
    const struct lesson *lesson;
    int32_t *examples; /* those that are judged: indices */
    int32_t count;
    size_t output_count;            /* values of an example */
    int32_t height, width, classes; /* of a heat map, else 1, 1 and the classes */
    float *scores;                  /* [count][output_count], as real numbers */
    struct {
        const char *name;
        struct eval_figure figure;
    } figures[GRADE_MOST_FIGURES];
    int32_t figure_count;
    int32_t positive; /* the class that f1 and auc are of; negative: the mean over all */
    int32_t *confusion;
    struct eval_matches *objects; /* of each class, on a heat map; else NULL */
};

/* Picks the examples of a split; SPLIT_COUNT: all. */
void grade_begin(struct grade *grade, const struct lesson *lesson, enum data_split split, struct arena *arena);

/* Runs the model of a session on the raw examples, each from the states' first values. Fails if it does not take them. */
bool grade_run(struct grade *grade, struct session *session, struct plan *plan);

/* Fills in the figures. */
void grade_figures(struct grade *grade, struct arena *arena);

/* The right class of judged example i. */
int32_t grade_label(const struct grade *grade, int32_t i);

/* One score for each judged example and whether it is what is looked for. */
float *grade_detection(const struct grade *grade, bool *positive, struct arena *arena);

/* Points and boxes of judged example i of a heat map, matched; how many points. */
int32_t grade_objects(const struct grade *g, int32_t i, struct eval_point **points, struct eval_box **boxes,
                      struct eval_matches *matches, struct arena *arena);

double grade_value(const struct grade *grade, const char *name); /* NaN: there is no such figure */

/* Figures, classes and confusion as members of a JSON object. `real`: the float model's, or NULL. */
void grade_json(const struct grade *grade, const struct grade *real, struct text *text);

/* Figures and examples for the report. */
void grade_report(const struct grade *grade, const struct grade *real, struct report_training *report,
                  struct arena *arena);

/* How an example looks. False: it has no picture. */
bool grade_picture(const struct lesson *lesson, int32_t example, struct report_example *to, struct arena *arena);

void text_json_string(struct text *text, const char *string);

#endif
