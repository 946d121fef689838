/* SPDX-License-Identifier: MIT
 *
 * What training and judging share: a recipe's data, its front-end, and what the front-end makes of the data.
 */
#ifndef COMMAND_LESSON_H
#define COMMAND_LESSON_H

#include "../data/data.h"
#include "../front/front.h"
#include "../plan/plan.h"
#include "../recipe/recipe.h"
#include "../train/train.h"

struct lesson {
    struct recipe recipe;
    struct data_options data_options;
    bool is_settled; /* the recipe is one that a training left */
    struct dataset data;
    struct front_options front_options;
    double level;        /* of steps: the usual deviation of an axis from its mean */
    struct graph front;  /* raw example to features */
    struct plan plan;    /* of it */
    struct tensor shape; /* of the features of one example, as the network sees them */
    size_t width;        /* elements of it */
    float *features;     /* [data.count][width] */
    float *copies;       /* [copy_count][data.count][width]: features of changed recordings; training examples only */
    int32_t copy_count;
    float *mean, *deviation; /* of the last dim of float features, by which they are standardised; else NULL */
    struct dataset noise;    /* recordings to mix in */
};

/* Reads a recipe and what goes before it. `sets` ends with NULL. */
bool lesson_read_recipe(struct lesson *lesson, const char *path, const char *data, const char *seed,
                        const char *const *sets, struct arena *arena, struct diag *diag);

/* Reads the data and says on stderr what was skipped. */
bool lesson_read_data(struct lesson *lesson, struct arena *arena, struct diag *diag);

/* Gives the listener each recording of sound as a whole, and says what was skipped. */
bool lesson_listen(struct lesson *lesson, data_listener *listener, void *context, struct arena *arena,
                   struct diag *diag);

/* Builds the front-end and runs it on all examples. */
bool lesson_make_features(struct lesson *lesson, struct arena *arena, struct diag *diag);

/* How large a step of the integers is that the device takes for floats, and the level; for the front-end. */
void lesson_find_units(struct lesson *lesson, struct arena *arena);

/* Whether examples can be given to a model with this input: the same type, or floats as integers with one scale. */
bool lesson_takes(const struct lesson *lesson, const struct tensor *input);

/* An example's values as such a model takes them: ir_size(input) bytes. Saturates. */
void lesson_give(const struct lesson *lesson, const struct tensor *input, const void *values, void *to);

/* Value i of a tensor of int8, uint8, int16, int32 or float as a real number. */
float lesson_real(const struct tensor *tensor, const void *values, size_t i);

/* What the recipe left open is written into it, so that the same can be done to other data. */
void lesson_settle(struct lesson *lesson);

/* Frees what is not in the arena. */
void lesson_free(struct lesson *lesson);

/* The label of a class by its name; NO_LABEL: there is none. */
int32_t lesson_class(const struct lesson *lesson, const char *name);

/* Whether the model says how unusual an example is, instead of what it is. */
bool lesson_is_detector(const struct recipe *recipe);

/* The label of what is normal, for detectors of anomalies; NO_LABEL: it is no such lesson. */
int32_t lesson_normal(const struct lesson *lesson);

/*** Augmentation ***/

/* Chance, evenly from low to high, or up to `most` either way. */
float augment_between(uint64_t *random, float low, float high);
float augment_either_way(uint64_t *random, double most);

bool augment_is_raw(const struct recipe *recipe, enum data_kind kind);

/* A changed copy of an example. */
void augment_raw(const struct lesson *lesson, int32_t index, uint64_t *random, void *to);

/* For train_options: `context` is a struct augment. */
struct augment {
    const struct lesson *lesson;
    const int32_t *examples; /* index of each example of the training set */
    const struct heat *heat; /* of boxes */
};

/* A changed copy of the picture of example i, and of its heat map; targets NULL: it has none. */
void augment_picture(const struct augment *augment, int32_t i, float *to, float *targets, uint64_t *random);

void augment_features(void *context, float *example, size_t width, float *targets, int32_t index, uint64_t *random);

#endif
