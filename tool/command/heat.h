/* SPDX-License-Identifier: MIT
 *
 * Boxes and heat maps: what a network that finds objects is to say, and what it said.
 */
#ifndef COMMAND_HEAT_H
#define COMMAND_HEAT_H

#include "../eval/eval.h"
#include "lesson.h"

/* What heat maps are drawn on. */
struct heat {
    int32_t height, width, classes; /* class 0 is nothing */
    const float *weights;           /* of each class but nothing: how much its objects count */
};

/* What each cell of the map should say, times how much it counts: in the cell with the middle of a box its class; nothing
 * elsewhere, which near the middle of a box counts little. */
void heat_draw(const struct data_box *boxes, int32_t count, const struct heat *heat, float *target);

/* The boxes of an example, classes from 1 on. */
struct eval_box *heat_boxes(const struct data_example *example, struct arena *arena);

/* What a network said to examples of the lesson. */
struct heat_maps {
    const float *scores; /* [count][height][width][classes] */
    const int32_t *examples;
    int32_t count, height, width, classes;
};

/* The score for each class, from 1 on, from which on it is believed: the recipe's, or 0.5. NULL: the recipe's do not fit. */
const float *heat_thresholds(const struct recipe *recipe, int32_t classes, struct arena *arena, struct diag *diag);

/* The best for these maps go into the recipe, if it says none. */
void heat_settle(struct lesson *lesson, const struct heat_maps *maps, struct arena *arena);

#endif
