/* SPDX-License-Identifier: MIT */
#include "heat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How much more an object counts than a cell without; and how wide round the middle of a box, in parts of its size and in
 * cells at least, a cell without counts less. */
static const float object_weight = 4, part = 0.16F, least_deviation = 0.4F;

static float square(float x) { return x * x; }

/* Penalty-reduced background as in CenterNet (Zhou, Wang and Kraehenbuehl 2019): the network is not told off for saying
 * the class one cell beside the middle of a large object. */
static void soften(const struct data_box *b, const struct heat *heat, float *target)
{
    const int32_t height = heat->height, width = heat->width, classes = heat->classes;
    const float deviation_x = fmaxf(part * b->width * (float)width, least_deviation),
                deviation_y = fmaxf(part * b->height * (float)height, least_deviation);
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            const float dx = ((float)x + 0.5F - b->x * (float)width) / deviation_x,
                        dy = ((float)y + 0.5F - b->y * (float)height) / deviation_y;
            float *nothing = &target[(y * width + x) * classes];
            *nothing = fminf(*nothing, square(square(1 - expf(-0.5F * (dx * dx + dy * dy)))));
        }
    }
}

void heat_draw(const struct data_box *boxes, int32_t count, const struct heat *heat, float *target)
{
    const int32_t height = heat->height, width = heat->width, classes = heat->classes;
    memset(target, 0, (size_t)(height * width * classes) * sizeof *target);
    for (int32_t k = 0; k < height * width; k++) {
        target[k * classes] = 1;
    }
    for (int32_t i = 0; i < count; i++) {
        soften(&boxes[i], heat, target);
    }
    for (int32_t i = 0; i < count; i++) {
        const int32_t x = (int32_t)floorf(boxes[i].x * (float)width), y = (int32_t)floorf(boxes[i].y * (float)height);
        if (x >= 0 && x < width && y >= 0 && y < height && boxes[i].label + 1 < classes) {
            float *cell = target + (y * width + x) * classes;
            memset(cell, 0, (size_t)classes * sizeof *cell);
            cell[boxes[i].label + 1] = object_weight * heat->weights[boxes[i].label];
        }
    }
}

struct eval_box *heat_boxes(const struct data_example *e, struct arena *arena)
{
    struct eval_box *boxes = ARENA_ARRAY(arena, e->box_count + 1, struct eval_box);
    for (int32_t i = 0; i < e->box_count; i++) {
        const struct data_box *b = &e->boxes[i];
        boxes[i] = (struct eval_box){b->x, b->y, b->width, b->height, b->label + 1, false};
    }
    return boxes;
}

/*** Thresholds ***/

const float *heat_thresholds(const struct recipe *r, int32_t classes, struct arena *arena, struct diag *diag)
{
    const struct recipe_words *words = &r->model_thresholds;
    float *thresholds = ARENA_ARRAY(arena, classes, float);
    if (words->count > 1 && words->count != classes - 1) {
        diag_fail(diag, "%s: model.thresholds has %d numbers, want one, or one for each of %d classes", r->path,
                  words->count, classes - 1);
        return NULL;
    }
    for (int32_t c = 1; c < classes; c++) {
        const char *word = words->count == 0 ? "0.5" : words->list[words->count == 1 ? 0 : c - 1];
        char *end;
        thresholds[c] = strtof(word, &end);
        if (*end != '\0' || !(thresholds[c] > 0 && thresholds[c] <= 1)) {
            diag_fail(diag, "%s: model.thresholds is \"%s\", want more than 0, at most 1", r->path, word);
            return NULL;
        }
    }
    return thresholds;
}

/* All points of a class in the maps, matched; the boxes of that class in *boxes. */
static int32_t find_points(const struct lesson *l, const struct heat_maps *m, int32_t class, struct eval_point **points,
                           int64_t *boxes, struct arena *arena)
{
    const float low = 0.05F;
    const size_t size = (size_t)m->height * (size_t)m->width * (size_t)m->classes;
    float *thresholds = ARENA_ARRAY(arena, m->classes, float);
    int32_t count = 0, capacity = 0;
    *points = NULL;
    for (int32_t c = 1; c < m->classes; c++) {
        thresholds[c] = c == class ? low : 2;
    }
    for (int32_t i = 0; i < m->count; i++) {
        const struct data_example *e = &l->data.examples[m->examples[i]];
        struct eval_box *all = heat_boxes(e, arena);
        struct eval_point *found;
        struct eval_matches matches = {0};
        const int32_t more =
            eval_peaks(m->scores + (size_t)i * size, m->height, m->width, m->classes, thresholds, &found, arena);
        eval_match(found, more, all, e->box_count, &matches);
        for (int32_t k = 0; k < e->box_count; k++) {
            *boxes += all[k].class == class;
        }
        if (count + more > capacity) {
            capacity = 2 * (count + more);
            struct eval_point *grown = ARENA_ARRAY(arena, capacity, struct eval_point);
            for (int32_t k = 0; k < count; k++) {
                grown[k] = (*points)[k];
            }
            *points = grown;
        }
        for (int32_t k = 0; k < more; k++) {
            (*points)[count++] = found[k];
        }
    }
    return count;
}

void heat_settle(struct lesson *l, const struct heat_maps *maps, struct arena *arena)
{
    struct recipe_words *words = &l->recipe.model_thresholds;
    if (words->count > 0 || maps->count == 0) {
        return;
    }
    words->list = ARENA_ARRAY(arena, maps->classes, const char *);
    for (int32_t c = 1; c < maps->classes; c++) {
        struct eval_point *points;
        int64_t boxes = 0;
        const int32_t count = find_points(l, maps, c, &points, &boxes, arena);
        const float threshold = count > 0 ? eval_threshold(points, count, boxes) : 0;
        words->list[words->count++] = arena_printf(arena, "%.3f", threshold > 0 ? (double)threshold : 0.5);
    }
}
