/* SPDX-License-Identifier: MIT
 *
 * A training that takes no time: pictures with a line in them.
 */
#ifndef TESTS_PICTURES_H
#define TESTS_PICTURES_H

#include "../tool/train/trainer.h"

enum { POINTS = 300, SIZE = 8, TRAIN_MEMORY = 1 << 30 };

extern const struct tensor picture; /* [SIZE, SIZE, 1] */

/* POINTS pictures with a horizontal, a vertical or no line somewhere, in noise. */
struct train_set make_pictures(struct arena *a, uint64_t seed);

struct train_options quick_options(void);

/* Trains a named network on pictures; its outputs for the validation examples, unless NULL, to be compared. */
bool train_pictures(struct arena *a, const char *name, const struct train_options *o, struct graph *g,
                    struct train_result *result, float *outputs, struct diag *diag);

/* For train_options.progress: stops at epoch * 100 + batch, an int32_t that `context` leads to. */
bool stop_at(void *context, const struct train_report *report);

#endif
