/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "eval.h"

struct ranked {
    float score;
    bool is_positive;
};

static int by_falling_score(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static struct ranked *rank(const float *scores, const bool *positive, int32_t count, struct arena *arena)
{
    struct ranked *list = ARENA_ARRAY(arena, count, struct ranked);
    for (int32_t i = 0; i < count; i++) {
        list[i] = (struct ranked){scores[i], positive[i]};
    }
    qsort(list, (size_t)count, sizeof *list, by_falling_score);
    return list;
}

int32_t eval_roc(const float *scores, const bool *positive, int32_t count, double **x, double **y, struct arena *arena)
{
    const struct ranked *list = rank(scores, positive, count, arena);
    *x = ARENA_ARRAY(arena, count + 1, double);
    *y = ARENA_ARRAY(arena, count + 1, double);
    int32_t points = 1, found = 0, alarms = 0;
    for (int32_t i = 0; i < count; i++) {
        found += list[i].is_positive;
        alarms += !list[i].is_positive;
        if (i + 1 == count || list[i + 1].score < list[i].score) { /* equal scores go together */
            (*x)[points] = alarms;
            (*y)[points++] = found;
        }
    }
    for (int32_t i = 0; i < points; i++) {
        (*x)[i] = alarms > 0 ? (*x)[i] / alarms : 0;
        (*y)[i] = found > 0 ? (*y)[i] / found : 0;
    }
    return points;
}

struct eval_figure eval_auc(const float *scores, const bool *positive, int32_t count, struct arena *arena)
{
    double *x, *y, area = 0, positives = 0;
    for (int32_t i = 0; i < count; i++) {
        positives += positive[i];
    }
    const double negatives = count - positives;
    if (positives == 0 || negatives == 0) {
        return (struct eval_figure){NAN, NAN, NAN};
    }
    const struct arena_mark mark = arena_mark(arena);
    const int32_t points = eval_roc(scores, positive, count, &x, &y, arena);
    for (int32_t i = 1; i < points; i++) {
        area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
    }
    arena_release(arena, mark);
    const double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area);
    const double variance =
        area * (1 - area) + (positives - 1) * (q1 - area * area) + (negatives - 1) * (q2 - area * area);
    const double half = 1.959963985 * sqrt(fmax(0, variance / (positives * negatives)));
    return (struct eval_figure){area, fmax(0, area - half), fmin(1, area + half)};
}

/*** Objects ***/

struct heat {
    const float *map;
    int32_t height, width, class_count;
    float threshold;
    bool *is_seen;
    int32_t *stack; /* cells still to look at */
};

static bool answers(const struct heat *h, int32_t cell, int32_t class)
{
    const float *scores = h->map + (size_t)cell * (size_t)h->class_count;
    return scores[class] >= h->threshold && eval_best(scores, h->class_count) == class;
}

/* Neighbours of the cell that answer the same and were not seen go on the stack. */
static int32_t spread(const struct heat *h, int32_t cell, int32_t class, int32_t depth)
{
    const int32_t y = cell / h->width, x = cell % h->width;
    for (int32_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < h->height; v++) {
        for (int32_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < h->width; u++) {
            const int32_t next = v * h->width + u;
            if (!h->is_seen[next] && answers(h, next, class)) {
                h->is_seen[next] = true;
                h->stack[depth++] = next;
            }
        }
    }
    return depth;
}

static struct eval_point gather(const struct heat *h, int32_t cell, int32_t class)
{
    struct eval_point p = {.class = class};
    double sum = 0, x = 0, y = 0;
    int32_t depth = 0;
    h->is_seen[cell] = true;
    h->stack[depth++] = cell;
    while (depth > 0) {
        const int32_t at = h->stack[--depth];
        const float score = h->map[(size_t)at * (size_t)h->class_count + (size_t) class];
        sum += (double)score;
        x += (double)score * (at % h->width + 0.5);
        y += (double)score * (at / h->width + 0.5);
        p.score = score > p.score ? score : p.score;
        depth = spread(h, at, class, depth);
    }
    p.x = (float)(x / sum / h->width);
    p.y = (float)(y / sum / h->height);
    return p;
}

int32_t eval_centroids(const float *map, int32_t height, int32_t width, int32_t class_count, float threshold,
                       struct eval_point **points, struct arena *arena)
{
    const int32_t cells = height * width;
    struct heat h = {map,
                     height,
                     width,
                     class_count,
                     threshold,
                     ARENA_ARRAY(arena, cells, bool),
                     ARENA_ARRAY(arena, cells, int32_t)};
    int32_t count = 0;
    *points = ARENA_ARRAY(arena, cells, struct eval_point);
    for (int32_t i = 0; i < cells; i++) {
        const int32_t class = eval_best(map + (size_t)i * (size_t)class_count, class_count);
        if (class != 0 && !h.is_seen[i] && answers(&h, i, class)) {
            (*points)[count++] = gather(&h, i, class);
        }
    }
    return count;
}

static int by_falling_point(const void *a, const void *b)
{
    const struct eval_point *const *x = a, *const *y = b;
    return ((*x)->score < (*y)->score) - ((*x)->score > (*y)->score);
}

static bool is_inside(const struct eval_point *p, const struct eval_box *b)
{
    return p->class == b->class && fabsf(p->x - b->x) * 2 <= b->width && fabsf(p->y - b->y) * 2 <= b->height;
}

void eval_match(const struct eval_point *points, int32_t point_count, const struct eval_box *boxes, int32_t box_count,
                struct eval_matches *m, struct arena *arena)
{
    const struct arena_mark mark = arena_mark(arena);
    const struct eval_point **order = ARENA_ARRAY(arena, point_count, const struct eval_point *);
    bool *is_taken = ARENA_ARRAY(arena, box_count, bool);
    for (int32_t i = 0; i < point_count; i++) {
        order[i] = &points[i];
    }
    qsort(order, (size_t)point_count, sizeof *order, by_falling_point);
    int64_t found = 0;
    for (int32_t i = 0; i < point_count; i++) {
        int32_t nearest = -1;
        float least = INFINITY;
        for (int32_t k = 0; k < box_count; k++) {
            const float distance = hypotf(order[i]->x - boxes[k].x, order[i]->y - boxes[k].y);
            if (!is_taken[k] && distance < least && is_inside(order[i], &boxes[k])) {
                nearest = k;
                least = distance;
            }
        }
        if (nearest >= 0) {
            is_taken[nearest] = true;
            found++;
        }
    }
    m->found += found;
    m->missed += box_count - found;
    m->false_alarms += point_count - found;
    arena_release(arena, mark);
}

double eval_match_f1(const struct eval_matches *m)
{
    const int64_t all = 2 * m->found + m->missed + m->false_alarms;
    return all > 0 ? 2.0 * (double)m->found / (double)all : NAN;
}
