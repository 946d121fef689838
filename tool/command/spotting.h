/* SPDX-License-Identifier: MIT
 *
 * Judging a model of sound that goes on, stream.tflite: how often a word is missed, and how often something else is taken for
 * it, by the decisions that the device makes one after another.
 */
#ifndef COMMAND_SPOTTING_H
#define COMMAND_SPOTTING_H

#include "../eval/eval.h"
#include "command.h"
#include "lesson.h"

struct spotting {
    bool is_judged;
    const char *word;
    struct eval_spotting_rule rule;
    double every; /* seconds from one decision to the next */
    struct eval_spotting figures;
};

/* Whether a model takes sound as it comes, rather than a whole window of a lesson of sound. */
bool spotting_is_stream(const struct lesson *lesson, const struct graph *graph);

/* Judges the model on whole recordings, read as the lesson's recipe says; each begins as the device does when it is
 * switched on. */
bool spotting_hear(struct spotting *spotting, struct lesson *lesson, struct session *session, struct graph *graph);

/* Judges it on the test's windows, one behind the other. */
bool spotting_hear_test(struct spotting *spotting, const struct lesson *lesson, struct session *session,
                        struct graph *graph);

/* Members of a JSON object, each with a comma behind it. */
void spotting_json(const struct spotting *spotting, struct text *text);

/* The same in one line of words. */
char *spotting_text(const struct spotting *spotting, struct arena *arena);

#endif
