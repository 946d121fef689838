/* SPDX-License-Identifier: MIT
 *
 * Objects on a heat map: where they are, which of them are right, and how sure a model must be of each class.
 */
#include <math.h>
#include <stdlib.h>

#include "resample.h"

/*** Peaks ***/

struct heat {
    const float *map;
    int32_t height, width, class_count;
};

static float score_at(const struct heat *h, int32_t y, int32_t x, int32_t class)
{
    return h->map[((size_t)y * (size_t)h->width + (size_t)x) * (size_t)h->class_count + (size_t) class];
}

/* The class of a cell that is not nothing. */
static int32_t class_at(const struct heat *h, int32_t y, int32_t x)
{
    return 1 + eval_best(h->map + ((size_t)y * (size_t)h->width + (size_t)x) * (size_t)h->class_count + 1,
                         h->class_count - 1);
}

static int32_t at_least_0(int32_t i) { return i > 0 ? i : 0; }

/* Whether no neighbour scores more; of equal ones the first is the peak. Its centre by the scores around it. */
static bool is_peak(const struct heat *h, int32_t y, int32_t x, int32_t class, struct eval_point *p)
{
    const float score = score_at(h, y, x, class);
    float sum = 0, sum_x = 0, sum_y = 0;
    for (int32_t v = at_least_0(y - 1); v <= y + 1 && v < h->height; v++) {
        for (int32_t u = at_least_0(x - 1); u <= x + 1 && u < h->width; u++) {
            const float other = score_at(h, v, u, class);
            const bool is_before = v < y || (v == y && u < x);
            if (other > score || (is_before && other == score)) {
                return false;
            }
            sum += other;
            sum_x += other * ((float)u + 0.5F);
            sum_y += other * ((float)v + 0.5F);
        }
    }
    *p = (struct eval_point){sum_x / sum / (float)h->width, sum_y / sum / (float)h->height, class, score};
    return true;
}

int32_t eval_peaks(const float *map, int32_t height, int32_t width, int32_t class_count, const float *thresholds,
                   struct eval_point **points, struct arena *arena)
{
    const struct heat h = {map, height, width, class_count};
    int32_t count = 0;
    *points = ARENA_ARRAY(arena, height * width, struct eval_point);
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            const int32_t class = class_at(&h, y, x);
            if (score_at(&h, y, x, class) >= thresholds[class] && is_peak(&h, y, x, class, &(*points)[count])) {
                count++;
            }
        }
    }
    return count;
}

/*** Matching ***/

static int by_falling_score(const void *a, const void *b)
{
    const struct eval_point *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static bool is_inside(const struct eval_point *p, const struct eval_box *b)
{
    return p->class == b->class && fabsf(p->x - b->x) * 2 <= b->width && fabsf(p->y - b->y) * 2 <= b->height;
}

/* The nearest box that holds the point and is not taken; NULL: there is none. */
static struct eval_box *find_box(const struct eval_point *p, struct eval_box *boxes, int32_t box_count)
{
    struct eval_box *nearest = NULL;
    float least = INFINITY;
    for (int32_t k = 0; k < box_count; k++) {
        const float distance = hypotf(p->x - boxes[k].x, p->y - boxes[k].y);
        if (!boxes[k].is_found && distance < least && is_inside(p, &boxes[k])) {
            nearest = &boxes[k];
            least = distance;
        }
    }
    return nearest;
}

void eval_match(struct eval_point *points, int32_t point_count, struct eval_box *boxes, int32_t box_count,
                struct eval_matches *m)
{
    int64_t found = 0;
    for (int32_t k = 0; k < box_count; k++) {
        boxes[k].is_found = false;
    }
    qsort(points, (size_t)point_count, sizeof *points, by_falling_score);
    for (int32_t i = 0; i < point_count; i++) {
        struct eval_box *box = find_box(&points[i], boxes, box_count);
        points[i].is_right = box != NULL;
        if (box != NULL) {
            box->is_found = true;
            found++;
        }
    }
    m->found += found;
    m->missed += box_count - found;
    m->false_alarms += point_count - found;
}

void eval_match_add(struct eval_matches *sum, const struct eval_matches *more)
{
    sum->found += more->found;
    sum->missed += more->missed;
    sum->false_alarms += more->false_alarms;
}

double eval_match_f1(const struct eval_matches *m)
{
    const int64_t all = 2 * m->found + m->missed + m->false_alarms;
    return all > 0 ? 2.0 * (double)m->found / (double)all : NAN;
}

static double f1_of_examples(const void *context, const int32_t *picked, int32_t count)
{
    const struct eval_matches *of_each = context;
    struct eval_matches sum = {0};
    for (int32_t i = 0; i < count; i++) {
        eval_match_add(&sum, &of_each[picked[i]]);
    }
    return eval_match_f1(&sum);
}

struct eval_figure eval_match_f1_figure(const struct eval_matches *of_each, int32_t count, struct arena *arena)
{
    return resample(f1_of_examples, of_each, count, arena);
}

/*** Thresholds ***/

float eval_threshold(struct eval_point *points, int32_t count, int64_t boxes)
{
    const double flat = 0.99; /* of the best F1: the top of the curve is a matter of luck */
    double best = 0, f1 = 0;
    float low = 0, high = 0;
    int64_t right = 0;
    qsort(points, (size_t)count, sizeof *points, by_falling_score);
    for (int turn = 0; turn < 2; turn++, right = 0) {
        for (int32_t i = 0; i < count; i++) {
            right += points[i].is_right;
            f1 = 2.0 * (double)right / (double)(boxes + i + 1);
            if (turn == 0) {
                best = f1 > best ? f1 : best;
            } else if (f1 >= flat * best && right > 0) {
                high = high == 0 ? points[i].score : high;
                low = points[i].score;
            }
        }
    }
    return (low + high) / 2;
}
