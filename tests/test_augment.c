/* SPDX-License-Identifier: MIT
 *
 * Changed copies of pictures: what is in them is still where their boxes say.
 */
#include <math.h>
#include <stdlib.h>

#include "../tool/command/heat.h"
#include "expect.h"

enum { SIDE = 64, CELLS = 16, CLASSES = 3 };

/* The only cell with an object; -1: there is none. */
static int hot_cell(const float *targets, int class)
{
    int hot = -1;
    for (int i = 0; i < CELLS * CELLS; i++) {
        if (targets[i * CLASSES + class] > 0) {
            expect(hot < 0, "one box, one cell");
            hot = i;
        }
    }
    return hot;
}

/* The middle of what is bright, in cells; false: some of it is outside. */
static bool find_bright(const float *pixels, float *x, float *y)
{
    float sum = 0;
    *x = *y = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        sum += pixels[i];
        *x += pixels[i] * ((float)(i % SIDE) + 0.5F) * CELLS / SIDE;
        *y += pixels[i] * ((float)(i / SIDE) + 0.5F) * CELLS / SIDE;
        const bool is_border = i % SIDE == 0 || i % SIDE == SIDE - 1 || i < SIDE || i >= SIDE * (SIDE - 1);
        if (is_border && pixels[i] > 0) {
            return false;
        }
    }
    *x /= sum;
    *y /= sum;
    return sum > 0;
}

int main(void)
{
    static float features[SIDE * SIDE], picture[SIDE * SIDE], targets[CELLS * CELLS * CLASSES];
    static const float weights[CLASSES - 1] = {1, 1};
    const struct data_box box = {1, 42.5F / SIDE, 20.5F / SIDE, 9.0F / SIDE, 9.0F / SIDE};
    struct data_example example = {.boxes = &box, .box_count = 1};
    struct lesson lesson = {.features = features, .width = SIDE * SIDE, .shape = {.rank = 3, .dim = {SIDE, SIDE, 1}}};
    lesson.data.examples = &example;
    recipe_init(&lesson.recipe);
    lesson.recipe.augment_rotate = 60;
    lesson.recipe.augment_scale = 0.3;
    lesson.recipe.augment_move = 0.3;
    lesson.recipe.augment_flip = lesson.recipe.augment_flip_vertical = true;
    for (int y = 16; y <= 24; y++) {
        for (int x = 38; x <= 46; x++) {
            features[y * SIDE + x] = 1;
        }
    }
    const struct heat heat = {CELLS, CELLS, CLASSES, weights};
    const struct augment augment = {&lesson, NULL, &heat};
    int seen = 0, gone = 0;
    uint64_t random = 1;
    for (int i = 0; i < 300; i++) {
        float x, y;
        augment_picture(&augment, 0, picture, targets, &random);
        const int cell = hot_cell(targets, 2);
        if (find_bright(picture, &x, &y)) {
            seen++;
            expect(cell >= 0 && fabsf((float)(cell % CELLS) + 0.5F - x) < 0.8F &&
                       fabsf((float)(cell / CELLS) + 0.5F - y) < 0.8F,
                   "copy %d: at %.2f, %.2f, but the box is in cell %d, %d", i, (double)x, (double)y, cell % CELLS,
                   cell / CELLS);
        }
        gone += cell < 0;
        expect(hot_cell(targets, 1) < 0, "no other class");
    }
    expect(seen > 150 && gone > 10, "%d seen, %d gone", seen, gone);
    return expect_end();
}
