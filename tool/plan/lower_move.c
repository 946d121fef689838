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

/* What stands for zero in a tensor. */
static struct select_fill zero_fill(const struct tensor *t)
{
    const bool quantised = t->type == TYPE_S8 || t->type == TYPE_U8;
    return (struct select_fill){.value = {quantised ? (uint8_t)ir_zero_point(t) : 0}, .input = -1};
}

/* The value that pads: an input's, or zero. */
static bool find_pad_value(struct lower *l, struct select_fill *fill)
{
    const struct tensor *in = lower_in(l, 0), *value = lower_in(l, 2);
    *fill = zero_fill(lower_out(l, 0));
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

/*** Tensors joined ***/

/* A table that takes 8-bit values of one quantisation to another. Source: TensorFlow Lite,
 * reference_ops::ConcatenationWithScaling. */
static void fill_requantise_table(uint8_t table[256], const struct tensor *in, const struct tensor *out)
{
    const bool is_signed = in->type == TYPE_S8;
    const float scale = ir_scale(in) * (1.0F / ir_scale(out));
    const float bias = (float)-ir_zero_point(in) * scale;
    for (int i = 0; i < 256; i++) {
        const int value = is_signed ? (int8_t)i : i;
        const float real = roundf((float)value * scale + bias) + (float)ir_zero_point(out);
        table[i] = (uint8_t)(int)fminf(fmaxf(real, is_signed ? -128.0F : 0.0F), is_signed ? 127.0F : 255.0F);
    }
}

static bool needs_table(const struct tensor *in, const struct tensor *out)
{
    return (in->type == TYPE_S8 || in->type == TYPE_U8) && in->quant.count > 0 && ir_scale(out) > 0 &&
           (ir_scale(in) != ir_scale(out) || ir_zero_point(in) != ir_zero_point(out));
}

/* Writes the tables of those inputs of a concatenation that need one, and their numbers, else -1, to number[]. */
static const uint8_t *make_tables(struct lower *l, int32_t number[])
{
    const struct tensor *out = lower_out(l, 0);
    int32_t count = 0;
    for (int k = 0; k < l->node->in_count; k++) {
        number[k] = needs_table(lower_in(l, k), out) ? count++ : -1;
    }
    uint8_t *tables = count > 0 ? lower_alloc(l, (size_t)count * 256, 1) : NULL;
    for (int k = 0; k < l->node->in_count; k++) {
        if (number[k] >= 0) {
            fill_requantise_table(tables + number[k] * 256, lower_in(l, k), out);
        }
    }
    return tables;
}

/* Inputs joined along `axis`: extent[k] of input k, of dim[] of the output. */
static bool lower_join(struct lower *l, int32_t axis, int32_t rank, const int32_t dim[], const int32_t extent[])
{
    const int32_t unit = copy_unit(lower_out(l, 0)), outer = rank >= 3 ? 2 : rank - 1;
    const int32_t images = rank >= 3 ? dim[0] : 1, lines = rank >= 3 ? dim[1] : rank == 2 ? dim[0] : 1;
    int32_t line = unit, outside = 1, inside = unit; /* of the axis, within a line */
    for (int32_t d = outer; d < rank; d++) {
        line *= dim[d];
        outside *= d < axis ? dim[d] : 1;
        inside *= d > axis ? dim[d] : 1;
    }
    const bool in_line = axis >= outer, along_images = rank >= 3 && axis == 0;
    int32_t *number = ARENA_ARRAY(l->plan->arena, l->node->in_count, int32_t);
    struct copy_maker m = copy_begin(l, unit, l->node->in_count);
    m.p->tables = make_tables(l, number);
    lower_out_view(l, 0,
                   along_images ? (struct lower_lines){1, images * lines, line}
                                : (struct lower_lines){images, lines, line});
    int32_t at = 0, row = 0;
    for (int k = 0; k < l->node->in_count; k++) {
        if (extent[k] == 0) {
            continue;
        }
        const struct mote_piece piece = {.row = row++, .run = unit, .table = number[k]};
        if (in_line) {
            const int32_t run = extent[k] * inside;
            copy_add(&m, piece, 2, (struct mote_loop[]){{outside, run, dim[axis] * inside}, {run / unit, unit, unit}})
                ->out_start = at * inside;
            lower_in_view(l, k, (struct lower_lines){images, lines, outside * run}, lower_each_line);
        } else {
            const int32_t scale = along_images ? lines : 1, own = extent[k] * scale;
            copy_add(&m, piece, 1, (struct mote_loop[]){{line / unit, unit, unit}});
            lower_in_view(l, k, (struct lower_lines){along_images ? 1 : images, own, line},
                          (struct lower_window){1, 1, 1, at * scale, NULL});
        }
        at += extent[k];
    }
    copy_end(&m, 1, 1);
    return true;
}

bool lower_concat(struct lower *l)
{
    const struct tensor *out = lower_out(l, 0);
    const int32_t axis = l->node->attr.axis < 0 ? l->node->attr.axis + out->rank : l->node->attr.axis;
    int32_t *extent = ARENA_ARRAY(l->plan->arena, l->node->in_count, int32_t);
    if (l->node->attr.activation != ACT_NONE) {
        return ir_fail(l->node, l->diag, "has a fused activation, want none");
    }
    for (int k = 0; k < l->node->in_count; k++) {
        if (!copy_check(l, 0, k)) {
            return false;
        }
        extent[k] = lower_in(l, k)->dim[axis];
    }
    return ir_count(out) == 0 || lower_join(l, axis, out->rank, out->dim, extent);
}

bool lower_pack(struct lower *l)
{
    const struct tensor *out = lower_out(l, 0);
    const int32_t axis = l->node->attr.axis < 0 ? l->node->attr.axis + out->rank : l->node->attr.axis;
    int32_t *extent = ARENA_ARRAY(l->plan->arena, l->node->in_count, int32_t);
    for (int k = 0; k < l->node->in_count; k++) {
        if (!copy_check(l, 0, k)) {
            return false;
        }
        extent[k] = 1;
    }
    return ir_count(out) == 0 || lower_join(l, axis, out->rank, out->dim, extent);
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

/* An output line takes in all lines of a block, each of which gives every pixel a part of its channels. */
bool lower_space_to_depth(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t b = l->node->attr.block_size, unit = copy_unit(in);
    const int32_t part = b * in->dim[3] * unit; /* bytes of a block in one line */
    if (!copy_check(l, 0, 0) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    struct copy_maker m = copy_begin(l, unit, b);
    for (int32_t k = 0; k < b; k++) {
        copy_add(&m, (struct mote_piece){.row = k, .out_start = k * part, .run = unit, .table = -1}, 2,
                 (struct mote_loop[]){{out->dim[2], part, b * part}, {part / unit, unit, unit}});
    }
    copy_end(&m, 1, 1);
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, (struct lower_window){b, b, 1, 0, NULL});
    return true;
}

/* The lines of a block take turns at the parts of one input line. */
bool lower_depth_to_space(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t b = l->node->attr.block_size, unit = copy_unit(in);
    const int32_t part = b * out->dim[3] * unit;
    if (!copy_check(l, 0, 0) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    struct copy_maker m = copy_begin(l, unit, b);
    for (int32_t k = 0; k < b; k++) {
        copy_add(&m, (struct mote_piece){.in_start = k * part, .run = unit, .table = -1}, 2,
                 (struct mote_loop[]){{in->dim[2], b * part, part}, {part / unit, unit, unit}});
    }
    copy_end(&m, b, 1);
    int32_t *from = lower_alloc(l, (size_t)out->dim[1], sizeof *from);
    for (int32_t v = 0; v < out->dim[1]; v++) {
        from[v] = v / b;
    }
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, (struct lower_window){1, 0, 1, 0, from});
    return true;
}

/*** Space to and from batch ***/

/* The geometry that both directions share: the `big` image, cut into blocks, whose pixels of equal place in their
 * block make up the `small` images. [N, H, C] is [N, H, 1, C]. */
struct blocks {
    int32_t h, w;         /* of a block */
    int32_t top, left;    /* padding or crops */
    int32_t images;       /* in the batch of big images */
    int32_t big_h, big_w; /* of the images without padding, or cropped */
    int32_t small_h, small_w;
    int32_t pixel; /* bytes */
};

static struct blocks find_blocks(struct lower *l, const struct tensor *big, const struct tensor *small)
{
    const struct tensor *block = lower_in(l, 1), *edge = lower_in(l, 2);
    const bool flat = big->rank == 3;
    return (struct blocks){
        .h = (int32_t)ir_const_int(block, 0),
        .w = flat ? 1 : (int32_t)ir_const_int(block, 1),
        .top = (int32_t)ir_const_int(edge, 0),
        .left = flat ? 0 : (int32_t)ir_const_int(edge, 2),
        .images = big->dim[0],
        .big_h = big->dim[1],
        .big_w = flat ? 1 : big->dim[2],
        .small_h = small->dim[1],
        .small_w = flat ? 1 : small->dim[2],
        .pixel = big->dim[big->rank - 1] * copy_unit(big),
    };
}

/* Columns of the small image that lie inside of the big one, for column `shift` of a block: how many, from which.
 * Column x is column x * w + shift - left of the big image. */
static int32_t find_columns(const struct blocks *b, int32_t shift, int32_t *first)
{
    const int64_t offset = (int64_t)shift - b->left;
    const int64_t begin = offset < 0 ? (-offset + b->w - 1) / b->w : 0;
    int64_t end = offset < b->big_w ? (b->big_w - 1 - offset) / b->w + 1 : 0;
    end = end < b->small_w ? end : b->small_w;
    *first = begin < end ? (int32_t)begin : 0;
    return begin < end ? (int32_t)(end - begin) : 0;
}

bool lower_space_to_batch(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const struct blocks b = find_blocks(l, in, out);
    const int32_t unit = copy_unit(in), rows = out->dim[0] * b.small_h, line = b.small_w * b.pixel;
    if (!copy_check(l, 0, 0) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    struct copy_maker m = copy_begin(l, unit, b.w);
    for (int32_t shift = 0; shift < b.w; shift++) {
        int32_t first;
        const int32_t count = find_columns(&b, shift, &first);
        const int32_t column = count > 0 ? first * b.w + shift - b.left : 0;
        copy_add(
            &m,
            (struct mote_piece){.in_start = column * b.pixel, .out_start = first * b.pixel, .run = unit, .table = -1},
            2, (struct mote_loop[]){{count, b.w * b.pixel, b.pixel}, {b.pixel / unit, unit, unit}});
    }
    copy_end(&m, b.w, b.images * b.small_h);
    m.p->fill = MOTE_FILL_ALWAYS;
    m.p->out_bytes = line;
    memcpy(m.p->value, zero_fill(out).value, sizeof m.p->value);
    int32_t *from = lower_alloc(l, (size_t)rows, sizeof *from);
    for (int32_t r = 0; r < rows; r++) {
        const int32_t image = r / b.small_h, shift = image / b.images / b.w;
        const int64_t v = (int64_t)(r % b.small_h) * b.h + shift - b.top;
        from[r] = v < 0 || v >= b.big_h ? -1 : (int32_t)(image % b.images * b.big_h + v);
    }
    lower_out_view(l, 0, (struct lower_lines){1, rows, line});
    lower_in_view(l, 0, (struct lower_lines){1, b.images * b.big_h, b.big_w * b.pixel},
                  (struct lower_window){1, 0, 1, 0, from});
    return true;
}

bool lower_batch_to_space(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const struct blocks b = find_blocks(l, out, in);
    const int32_t unit = copy_unit(in), rows = b.images * b.big_h;
    if (!copy_check(l, 0, 0) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    struct copy_maker m = copy_begin(l, unit, b.w);
    for (int32_t shift = 0; shift < b.w; shift++) {
        int32_t first;
        const int32_t count = find_columns(&b, shift, &first);
        const int32_t column = count > 0 ? first * b.w + shift - b.left : 0;
        copy_add(&m,
                 (struct mote_piece){.row = shift,
                                     .in_start = first * b.pixel,
                                     .out_start = column * b.pixel,
                                     .run = unit,
                                     .table = -1},
                 2, (struct mote_loop[]){{count, b.pixel, b.w * b.pixel}, {b.pixel / unit, unit, unit}});
    }
    copy_end(&m, 1, 1);
    int32_t *from = lower_alloc(l, (size_t)rows, sizeof *from);
    for (int32_t r = 0; r < rows; r++) {
        const int32_t v = r % b.big_h + b.top, image = v % b.h * b.w * b.images + r / b.big_h;
        from[r] = image * b.small_h + v / b.h;
    }
    lower_out_view(l, 0, (struct lower_lines){1, rows, b.big_w * b.pixel});
    lower_in_view(l, 0, (struct lower_lines){1, in->dim[0] * b.small_h, b.small_w * b.pixel},
                  (struct lower_window){b.w, 0, b.images * b.small_h, 0, from});
    return true;
}
