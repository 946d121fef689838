/* SPDX-License-Identifier: MIT
 *
 * What a training learns from: the examples of a split, their heat maps, how much classes count.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heat.h"
#include "training.h"

/* Whether an example is one to learn from: detectors learn from what is normal alone. */
static bool is_taught(const struct lesson *l, int32_t i, enum data_split split)
{
    const struct data_example *e = &l->data.examples[i];
    return e->split == split && (lesson_normal(l) == NO_LABEL || e->label == lesson_normal(l));
}

struct train_set training_set(struct training *t, enum data_split split, int32_t **examples)
{
    const struct lesson *l = &t->lesson;
    const int32_t count = data_count(&l->data, split, NO_LABEL);
    struct train_set set = {.width = l->width};
    float *inputs = malloc((size_t)count * l->width * sizeof *inputs + 1);
    int32_t *labels = ARENA_ARRAY(t->arena, count + 1, int32_t), *from = ARENA_ARRAY(t->arena, count + 1, int32_t);
    for (int32_t i = 0; i < l->data.count && inputs != NULL; i++) {
        if (is_taught(l, i, split)) {
            from[set.count] = i;
            labels[set.count] = l->data.examples[i].label;
            memcpy(inputs + (size_t)set.count++ * l->width, l->features + (size_t)i * l->width,
                   l->width * sizeof *inputs);
        }
    }
    set.inputs = inputs;
    set.labels = labels;
    *examples = from;
    return set;
}

void training_set_maps(struct training *t, const struct heat *heat, struct train_set *set, const int32_t *examples)
{
    set->target_width = (size_t)heat->height * (size_t)heat->width * (size_t)heat->classes;
    set->labels = NULL;
    float *targets = ARENA_ARRAY(t->arena, (size_t)set->count * set->target_width + 1, float);
    for (int32_t i = 0; i < set->count; i++) {
        const struct data_example *e = &t->lesson.data.examples[examples[i]];
        heat_draw(e->boxes, e->box_count, heat, targets + (size_t)i * set->target_width);
    }
    set->targets = targets;
}

static int32_t count_boxes(const struct dataset *d, int32_t label)
{
    int32_t count = 0;
    for (int32_t i = 0; i < d->count; i++) {
        for (int32_t k = 0; k < d->examples[i].box_count && d->examples[i].split == SPLIT_TRAIN; k++) {
            count += label == NO_LABEL || d->examples[i].boxes[k].label == label;
        }
    }
    return count;
}

const float *training_weights(const struct training *t, bool is_map)
{
    const struct lesson *l = &t->lesson;
    const int32_t classes = l->data.class_count;
    float *weights = ARENA_ARRAY(t->arena, classes, float);
    const int32_t all = is_map ? count_boxes(&l->data, NO_LABEL) : data_count(&l->data, SPLIT_TRAIN, NO_LABEL);
    for (int32_t c = 0; c < classes; c++) {
        const int32_t count = is_map ? count_boxes(&l->data, c) : data_count(&l->data, SPLIT_TRAIN, c);
        weights[c] = count > 0 && l->recipe.train_balance ? sqrtf((float)all / ((float)count * (float)classes)) : 1;
    }
    return weights;
}

struct heat training_heat(const struct training *t, bool is_map)
{
    const struct tensor *map = &t->network.tensors[t->network.outputs[0]];
    return is_map ? (struct heat){map->dim[1], map->dim[2], map->dim[3], training_weights(t, true)} : (struct heat){0};
}
