/* SPDX-License-Identifier: MIT
 *
 * Operators that move data.
 */
#include <math.h>
#include <string.h>

#include "../ir/shape.h"
#include "lower_copy.h"

enum { FEW_CHANNELS = 16 }; /* whose lines are worth a window */

bool lower_reshape(struct lower *l) { return copy_check(l, 0, 0) && lower_alias(l, 0); }

bool lower_shape(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t count = l->node->op == OP_RANK ? 1 : in->rank;
    if (out->type != TYPE_S32 && out->type != TYPE_S64) {
        return lower_no_kernel(l, "int32 and int64 results");
    }
    int64_t *wide = lower_alloc(l, (size_t)count + 1, sizeof *wide);
    int32_t *narrow = lower_alloc(l, (size_t)count + 1, sizeof *narrow);
    for (int d = 0; d < count; d++) {
        wide[d] = narrow[d] = l->node->op == OP_RANK ? in->rank : in->dim[d];
    }
    lower_constant(l, 0, out->type == TYPE_S64 ? (void *)wide : narrow);
    return true;
}

/*** Selections ***/

bool lower_boxes(struct lower *l)
{
    for (int i = 0; i < l->node->out_count; i++) {
        struct shape_box box;
        struct select_axis axis[IR_MAX_RANK];
        if (lower_out(l, i) == NULL) {
            continue;
        }
        if (!shape_find_box(l->graph, l->node, i, &box, l->diag) || !copy_check(l, i, box.input)) {
            return false;
        }
        const struct tensor *in = lower_in(l, box.input);
        for (int d = 0; d < in->rank; d++) {
            axis[d] = select_axis(l, in->dim[d], box.count[d]);
            for (int32_t o = 0; o < box.count[d]; o++) {
                axis[d].from[o] = box.begin[d] + o * box.step[d];
            }
        }
        lower_begin_step(l);
        lower_select(l, i, box.input, in->rank, axis, NULL);
    }
    return true;
}

/* The value that pads: an input's, or zero. */
static bool find_pad_value(struct lower *l, struct select_fill *fill)
{
    const struct tensor *in = lower_in(l, 0), *value = lower_in(l, 2);
    *fill = select_zero(lower_out(l, 0));
    if (value != NULL && (value->type != in->type || ir_count(value) != 1)) {
        return ir_fail(l->node, l->diag, "pads with %lld values of type %s, want one of type %s",
                       (long long)ir_count(value), ir_type_text(value->type), ir_type_text(in->type));
    }
    if (value != NULL && value->data == NULL) {
        fill->input = 2;
    } else if (value != NULL) {
        memcpy(fill->value, value->data, (size_t)copy_unit(value));
    }
    return true;
}

bool lower_pad(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0), *pads = lower_in(l, 1);
    struct select_axis axis[IR_MAX_RANK];
    struct select_fill fill;
    if (!copy_check(l, 0, 0) || !find_pad_value(l, &fill)) {
        return false;
    }
    for (int d = 0; d < in->rank; d++) {
        const int64_t before = ir_const_int(pads, 2 * d);
        axis[d] = select_axis(l, in->dim[d], out->dim[d]);
        for (int32_t o = 0; o < out->dim[d]; o++) {
            axis[d].from[o] = o < before || o - before >= in->dim[d] ? -1 : (int32_t)(o - before);
        }
    }
    return lower_select(l, 0, 0, in->rank, axis, &fill);
}

bool lower_mirror_pad(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0), *pads = lower_in(l, 1);
    const int32_t edge = l->node->attr.mode == 0 ? 0 : 1; /* SYMMETRIC repeats the border */
    struct select_axis axis[IR_MAX_RANK];
    if (!copy_check(l, 0, 0)) {
        return false;
    }
    for (int d = 0; d < in->rank; d++) {
        const int32_t before = (int32_t)ir_const_int(pads, 2 * d);
        axis[d] = select_axis(l, in->dim[d], out->dim[d]);
        for (int32_t o = 0; o < out->dim[d]; o++) {
            const int32_t x = o - before;
            axis[d].from[o] = x < 0 ? -x - edge : x >= in->dim[d] ? 2 * in->dim[d] - 2 + edge - x : x;
        }
    }
    return lower_select(l, 0, 0, in->rank, axis, NULL);
}

bool lower_tile(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    struct select_axis axis[IR_MAX_RANK];
    if (!copy_check(l, 0, 0)) {
        return false;
    }
    for (int d = 0; d < in->rank; d++) {
        axis[d] = select_axis(l, in->dim[d], out->dim[d]);
        for (int32_t o = 0; o < out->dim[d]; o++) {
            axis[d].from[o] = o % in->dim[d];
        }
    }
    return lower_select(l, 0, 0, in->rank, axis, NULL);
}

bool lower_fill(struct lower *l)
{
    const struct tensor *out = lower_out(l, 0);
    if (!copy_check(l, 0, 1)) {
        return false;
    }
    if (ir_count(out) == 0) {
        return true;
    }
    const struct lower_lines lines = lower_lines(out);
    const int32_t unit = copy_unit(out);
    struct copy_maker m = copy_begin(l, unit, 1);
    copy_add(&m, (struct mote_piece){.run = unit, .table = -1}, 1,
             (struct mote_loop[]){{lines.line_bytes / unit, 0, unit}});
    copy_end(&m, 1, 1);
    lower_out_lines(l, 0);
    lower_in_view(l, 1, (struct lower_lines){1, 1, unit}, (struct lower_window){.count = 1});
    return true;
}

/* The input line or column that output index o shows. */
static int32_t nearest(const struct attr *a, int32_t o, int32_t in, int32_t out)
{
    const bool corners = a->align_corners && out > 1;
    const float scale = corners ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    const float at = ((float)o + (a->half_pixel_centers ? 0.5F : 0.0F)) * scale;
    const float whole = a->align_corners ? roundf(at) : floorf(at);
    return whole < (float)(in - 1) ? (int32_t)whole : in - 1;
}

bool lower_resize_nearest(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    struct select_axis axis[4];
    if (!copy_check(l, 0, 0)) {
        return false;
    }
    for (int d = 0; d < 4; d++) {
        const bool resized = d == 1 || d == 2;
        axis[d] = select_axis(l, in->dim[d], out->dim[d]);
        for (int32_t o = 0; o < out->dim[d]; o++) {
            axis[d].from[o] = resized ? nearest(&l->node->attr, o, in->dim[d], out->dim[d]) : o;
        }
    }
    return lower_select(l, 0, 0, 4, axis, NULL);
}

/*** Axes exchanged ***/

/* [N, C, H, W] -> [N, H, W, C] of few channels, such as an image: a line comes from one line of each channel. */
static bool gather_channels(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    const int32_t c = in->dim[1], h = in->dim[2], w = in->dim[3], unit = copy_unit(in);
    struct copy_maker m = copy_begin(l, unit, c);
    for (int32_t k = 0; k < c; k++) {
        copy_add(&m, (struct mote_piece){.row = k, .out_start = k * unit, .run = unit, .table = -1}, 1,
                 (struct mote_loop[]){{w, unit, c * unit}});
    }
    copy_end(&m, 1, 1);
    lower_out_lines(l, 0);
    lower_in_view(l, 0, (struct lower_lines){in->dim[0], c * h, w * unit}, (struct lower_window){c, 1, h, 0, NULL});
    return true;
}

bool lower_transpose(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0), *permutation = lower_in(l, 1);
    const int32_t unit = copy_unit(in), rank = in->rank;
    struct mote_loop loops[IR_MAX_RANK];
    int32_t from[IR_MAX_RANK], in_step[IR_MAX_RANK], step = unit, last = -1;
    bool moves = false; /* whether axes of more than 1 change their order */
    if (!copy_check(l, 0, 0) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    for (int d = rank - 1; d >= 0; d--) {
        in_step[d] = step;
        step *= in->dim[d];
    }
    step = unit;
    for (int d = rank - 1; d >= 0; d--) {
        const int32_t p = (int32_t)ir_const_int(permutation, d);
        from[d] = p < 0 ? p + rank : p;
        loops[d] = (struct mote_loop){out->dim[d], in_step[from[d]], step};
        step *= out->dim[d];
    }
    for (int d = 0; d < rank; d++) {
        moves = moves || (out->dim[d] > 1 && from[d] < last);
        last = out->dim[d] > 1 ? from[d] : last;
    }
    if (!moves) {
        return lower_alias(l, 0);
    }
    if (rank == 4 && from[0] == 0 && from[1] == 2 && from[2] == 3 && in->dim[1] <= FEW_CHANNELS) {
        return gather_channels(l);
    }
    /* What stays in front is images and lines. */
    const bool images = rank >= 2 && from[0] == 0, lines = rank >= 3 && images && from[1] == 1;
    const int32_t n = images ? out->dim[0] : 1, h = lines ? out->dim[1] : 1, skip = images + lines;
    const struct lower_lines view = {n, h, (int32_t)(ir_size(out) / n / h)};
    struct copy_maker m = copy_begin(l, unit, 1);
    copy_add(&m, (struct mote_piece){.run = unit, .table = -1}, rank - skip, loops + skip);
    copy_end(&m, 1, 1);
    lower_out_view(l, 0, view);
    lower_in_view(l, 0, view, lower_each_line);
    return true;
}
