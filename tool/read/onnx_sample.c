/* SPDX-License-Identifier: MIT
 *
 * GridSample of ONNX: pixels at places that are computed, by gathering each neighbour and weighing it.
 */
#include <string.h>

#include "onnx.h"

struct sampler {
    struct onnx *o;
    int32_t pixels;      /* [batch * height * width, channels] */
    int32_t batch;       /* the number of the first pixel of each image, [batch, 1, 1] */
    int64_t extent[2];   /* height, width */
    int32_t corner[2];   /* the neighbour up and left of each place, whole numbers as float [batch, h, w] */
    int32_t part[2];     /* how far the place is from it */
    const char *outside; /* zeros, border, reflection */
    bool aligns;         /* -1 and 1 are the centres of the outermost pixels, not their edges */
};

static int32_t limit(struct onnx *o, int32_t x, float low, float high)
{
    return onnx_binary(o, OP_MINIMUM, onnx_binary(o, OP_MAXIMUM, x, onnx_real(o, low)), onnx_real(o, high));
}

/* Back and forth between the first and the last pixel, or between their edges. */
static int32_t reflect(const struct sampler *s, int32_t x, int64_t extent)
{
    struct onnx *o = s->o;
    const float low = s->aligns ? 0.0F : -0.5F, span = s->aligns ? (float)(extent - 1) : (float)extent;
    if (span <= 0) {
        return onnx_affine(o, x, 0, 0);
    }
    const int32_t away = onnx_unary(o, OP_ABS, onnx_affine(o, x, 1, -low));
    const int32_t turn = onnx_binary(o, OP_FLOOR_MOD, away, onnx_real(o, 2 * span));
    return onnx_affine(o, onnx_binary(o, OP_MINIMUM, turn, onnx_affine(o, turn, -1, 2 * span)), 1, low);
}

static int32_t keep_inside(const struct sampler *s, int32_t x, int64_t extent)
{
    x = strcmp(s->outside, "reflection") == 0 ? reflect(s, x, extent) : x;
    return limit(s->o, x, 0, (float)(extent - 1));
}

/* From [-1, 1] to pixels. */
static int32_t place(const struct sampler *s, int32_t grid, int axis)
{
    const float extent = (float)s->extent[axis];
    const float factor = s->aligns ? (extent - 1) / 2 : extent / 2;
    return onnx_affine(s->o, grid, factor, s->aligns ? factor : factor - 0.5F);
}

/* The pixels so far from the corner, times the weight; NO_TENSOR: one. */
static int32_t neighbour(const struct sampler *s, float down, float right, int32_t weight)
{
    struct onnx *o = s->o;
    const int32_t at[2] = {onnx_affine(o, s->corner[0], 1, down), onnx_affine(o, s->corner[1], 1, right)};
    int32_t index[2], is_there = NO_TENSOR;
    for (int d = 0; d < 2; d++) {
        const int32_t inside = keep_inside(s, at[d], s->extent[d]);
        const int32_t same = onnx_cast(o, onnx_compare(o, OP_EQUAL, inside, at[d]), TYPE_F32);
        is_there = d == 0 ? same : onnx_binary(o, OP_MUL, is_there, same);
        index[d] = onnx_cast(o, inside, TYPE_S32);
    }
    const int32_t line = onnx_binary(o, OP_MUL, index[0], onnx_number(o, TYPE_S32, s->extent[1]));
    const int32_t flat = onnx_binary(o, OP_ADD, onnx_binary(o, OP_ADD, line, index[1]), s->batch);
    const int32_t values = onnx_emit(o, OP_GATHER, NULL, (int32_t[]){s->pixels, flat}, 2);
    if (strcmp(s->outside, "zeros") == 0) {
        weight = weight == NO_TENSOR ? is_there : onnx_binary(o, OP_MUL, weight, is_there);
    }
    if (weight == NO_TENSOR) {
        return values;
    }
    const struct tensor w = *onnx_tensor(o, weight);
    return onnx_binary(o, OP_MUL, values, onnx_reshape(o, weight, 4, (int64_t[]){w.dim[0], w.dim[1], w.dim[2], 1}));
}

/* The weight of the neighbour `offset` from the corner along an axis: of a line, or of a cubic with a = -0.75. */
static int32_t weight_of(const struct sampler *s, int axis, int offset, bool is_cubic)
{
    struct onnx *o = s->o;
    const float a = -0.75F;
    const int32_t x = onnx_unary(o, OP_ABS, onnx_affine(o, s->part[axis], 1, (float)-offset)); /* distance */
    if (!is_cubic) {
        return onnx_affine(o, x, -1, 1);
    }
    const bool is_near = offset == 0 || offset == 1;
    int32_t y = onnx_affine(o, x, is_near ? a + 2 : a, is_near ? -(a + 3) : -5 * a);
    y = onnx_affine(o, onnx_binary(o, OP_MUL, y, x), 1, is_near ? 0 : 8 * a);
    return onnx_affine(o, onnx_binary(o, OP_MUL, y, x), 1, is_near ? 1 : -4 * a);
}

static int32_t interpolate(const struct sampler *s, bool is_cubic)
{
    const int first = is_cubic ? -1 : 0, last = is_cubic ? 2 : 1;
    int32_t sum = NO_TENSOR;
    for (int down = first; down <= last; down++) {
        const int32_t along = weight_of(s, 0, down, is_cubic);
        for (int right = first; right <= last; right++) {
            const int32_t weight = onnx_binary(s->o, OP_MUL, along, weight_of(s, 1, right, is_cubic));
            const int32_t part = neighbour(s, (float)down, (float)right, weight);
            sum = sum == NO_TENSOR ? part : onnx_binary(s->o, OP_ADD, sum, part);
        }
    }
    return sum;
}

void onnx_convert_grid_sample(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), grid = onnx_in(o, 1);
    const struct tensor t = *onnx_tensor(o, x), g = *onnx_tensor(o, grid);
    const char *mode = onnx_text(o, "mode", "bilinear");
    const bool is_nearest = strcmp(mode, "nearest") == 0, is_cubic = strstr(mode, "cubic") != NULL;
    struct sampler s = {.o = o,
                        .extent = {t.dim[2], t.dim[3]},
                        .outside = onnx_text(o, "padding_mode", "zeros"),
                        .aligns = onnx_int(o, "align_corners", 0) != 0};
    if (t.rank != 4 || g.rank != 4 || g.dim[3] != 2 || g.dim[0] != t.dim[0] || ir_count(&t) < 1) {
        onnx_fail(o, "samples %d dims by %d, want images [N, C, H, W] and places [N, h, w, 2]", t.rank, g.rank);
        return;
    }
    int64_t *first = ARENA_ARRAY(o->arena, t.dim[0], int64_t);
    for (int32_t n = 0; n < t.dim[0]; n++) {
        first[n] = (int64_t)n * t.dim[2] * t.dim[3];
    }
    s.batch = onnx_reshape(o, onnx_const_list(o, t.dim[0], first), 3, (int64_t[]){t.dim[0], 1, 1});
    s.pixels = onnx_reshape(o, onnx_transpose(o, x, (int32_t[]){0, 2, 3, 1}), 2, (int64_t[]){-1, t.dim[1]});
    for (int axis = 0; axis < 2; axis++) {
        const int32_t own = onnx_slice(o, grid, 3, 1 - axis, 1); /* x comes first */
        int32_t at = place(&s, onnx_reshape(o, own, 3, (int64_t[]){g.dim[0], g.dim[1], g.dim[2]}), axis);
        at = is_cubic || strcmp(s.outside, "zeros") == 0 ? at : keep_inside(&s, at, s.extent[axis]);
        s.corner[axis] = onnx_unary(o, is_nearest ? OP_ROUND : OP_FLOOR, at);
        s.part[axis] = onnx_binary(o, OP_SUB, at, s.corner[axis]);
    }
    const int32_t y = is_nearest ? neighbour(&s, 0, 0, NO_TENSOR) : interpolate(&s, is_cubic);
    onnx_out(o, 0, onnx_transpose(o, y, (int32_t[]){0, 3, 1, 2}));
}
