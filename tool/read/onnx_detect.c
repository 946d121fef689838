/* SPDX-License-Identifier: MIT
 *
 * NonMaxSuppression and RoiAlign of ONNX. How many boxes are left is known only at run time, but shapes are not: each class
 * of each image has room for as many as it may choose, and what is left over is a row of -1. Where all is constant, there
 * is none.
 */
#include <math.h>
#include <string.h>

#include "onnx.h"

enum { MAX_CLASSES = 1024 };

struct suppression {
    struct onnx *o;
    int64_t most;      /* boxes of a class */
    int32_t most_list; /* the same as a constant */
    int32_t overlap, least;
};

/* (x, y, w, h) of the centre as two corners (y, x) */
static int32_t to_corners(struct onnx *o, int32_t boxes)
{
    int32_t part[4], corner[4];
    for (int i = 0; i < 4; i++) {
        part[i] = onnx_slice(o, boxes, 2, i, 1);
    }
    for (int i = 0; i < 4; i++) {
        const int32_t middle = part[1 - i % 2], half = onnx_affine(o, part[3 - i % 2], i < 2 ? -0.5F : 0.5F, 0);
        corner[i] = onnx_binary(o, OP_ADD, middle, half);
    }
    return onnx_concat(o, corner, 4, 2);
}

/* Rows (image, class, box) of one class. */
static int32_t choose(const struct suppression *s, int32_t boxes, int32_t scores, int64_t image, int64_t class)
{
    struct onnx *o = s->o;
    const struct tensor t = *onnx_tensor(o, boxes);
    const int64_t one[] = {t.dim[1], 4};
    const int32_t own = onnx_slice(o, onnx_slice(o, scores, 0, image, 1), 1, class, 1);
    const int32_t in[] = {onnx_reshape(o, onnx_slice(o, boxes, 0, image, 1), 2, one), onnx_reshape(o, own, 1, one),
                          s->most_list, s->overlap, s->least};
    int32_t out[2];
    onnx_node(o, OP_NON_MAX_SUPPRESSION_V4, NULL, in, 5, (enum type[]){TYPE_S32, TYPE_S32}, out, 2);
    if (onnx_failed(o)) {
        return NO_TENSOR;
    }
    const int64_t shape[] = {s->most, 1};
    int64_t *numbers = ARENA_ARRAY(o->arena, s->most, int64_t);
    for (int64_t i = 0; i < s->most; i++) {
        numbers[i] = i;
    }
    const int32_t at = onnx_const_list(o, (int)s->most, numbers);
    const int32_t is_there = onnx_reshape(o, onnx_compare(o, OP_LESS, at, out[1]), 2, shape);
    const int32_t index = onnx_reshape(o, out[0], 2, shape);
    const int32_t first = onnx_filled(o, onnx_number(o, TYPE_S32, image), index);
    const int32_t second = onnx_filled(o, onnx_number(o, TYPE_S32, class), index);
    const int32_t rows = onnx_concat(o, (int32_t[]){first, second, index}, 3, 1);
    if (onnx_is_const(o, out[1])) {
        return onnx_slice(o, rows, 0, 0, *(const int32_t *)onnx_tensor(o, out[1])->data);
    }
    return onnx_select(o, is_there, rows, onnx_number(o, TYPE_S32, -1));
}

/* A constant number of float; `absent` if it is left out. */
static float number(struct onnx *o, int i, float absent)
{
    const int32_t index = onnx_in(o, i);
    const struct tensor *t = onnx_tensor(o, index);
    if (index != NO_TENSOR && (!onnx_is_const(o, index) || t->type != TYPE_F32 || ir_count(t) != 1)) {
        onnx_fail(o, "input %d is known only at run time, want a constant", i);
        return absent;
    }
    return index == NO_TENSOR ? absent : *(const float *)t->data;
}

void onnx_convert_suppression(struct onnx *o)
{
    int32_t boxes = onnx_in(o, 0);
    const int32_t scores = onnx_in(o, 1);
    const struct tensor b = *onnx_tensor(o, boxes), t = *onnx_tensor(o, scores);
    struct suppression s = {.o = o, .most = 0};
    onnx_in_list(o, 2, &s.most, 1);
    const float overlap = number(o, 3, 0), least = number(o, 4, -INFINITY);
    if (b.rank != 3 || b.dim[2] != 4 || t.rank != 3 || t.dim[2] != b.dim[1] || t.dim[0] != b.dim[0] ||
        (int64_t)t.dim[0] * t.dim[1] > MAX_CLASSES || ir_count(&t) < 1 || onnx_failed(o)) {
        onnx_fail(o, "boxes have %d dims, scores %d: want [N, boxes, 4] and [N, classes, boxes], up to %d classes",
                  b.rank, t.rank, MAX_CLASSES);
        return;
    }
    s.most = s.most < 0 ? 0 : s.most > b.dim[1] ? b.dim[1] : s.most;
    s.most_list = onnx_number(o, TYPE_S32, s.most);
    s.overlap = onnx_real(o, nextafterf(overlap, INFINITY)); /* what overlaps more is dropped, not what does as much */
    s.least = onnx_real(o, least);
    boxes = onnx_int(o, "center_point_box", 0) != 0 ? to_corners(o, boxes) : boxes;
    int32_t part[MAX_CLASSES], count = 0;
    for (int64_t n = 0; n < t.dim[0]; n++) {
        for (int64_t c = 0; c < t.dim[1] && !onnx_failed(o); c++) {
            part[count++] = choose(&s, boxes, scores, n, c);
        }
    }
    onnx_out(o, 0, onnx_cast(o, onnx_failed(o) ? NO_TENSOR : onnx_concat(o, part, count, 0), TYPE_S64));
}

/*** RoiAlign ***/

void onnx_convert_roi_align(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0);
    const char *mode = onnx_text(o, "mode", "avg");
    const char *how =
        onnx_text(o, "coordinate_transformation_mode", onnx_opset(o) < 16 ? "output_half_pixel" : "half_pixel");
    const int64_t height = onnx_int(o, "output_height", 1), width = onnx_int(o, "output_width", 1);
    const int64_t samples = onnx_int(o, "sampling_ratio", 0);
    const bool is_half = strcmp(how, "half_pixel") == 0;
    if (strcmp(mode, "avg") != 0 || (!is_half && strcmp(how, "output_half_pixel") != 0) || height > INT32_MAX ||
        width > INT32_MAX || samples > INT32_MAX || onnx_tensor(o, x)->rank != 4) {
        onnx_fail(o, "has mode %.20s, places by %.30s, images of %d dims; want avg, half_pixel or output_half_pixel, 4",
                  mode, how, onnx_tensor(o, x)->rank);
        return;
    }
    const struct attr attr = {.filter_h = (int32_t)height,
                              .filter_w = (int32_t)width,
                              .num = (int32_t)samples,
                              .alpha = onnx_float(o, "spatial_scale", 1),
                              .half_pixel_centers = is_half};
    const int32_t image = onnx_transpose(o, x, (int32_t[]){0, 2, 3, 1});
    const int32_t in[] = {image, onnx_in(o, 1), onnx_in(o, 2)};
    onnx_out(o, 0, onnx_transpose(o, onnx_emit(o, OP_ROI_ALIGN, &attr, in, 3), (int32_t[]){0, 3, 1, 2}));
}
