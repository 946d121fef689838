/* SPDX-License-Identifier: MIT
 *
 * Space to and from depth and batch.
 */
#include <string.h>

#include "lower_copy.h"

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

/* A piece for each column of a block: from the large image to the small ones, or back from their rows. */
static void add_columns(struct copy_maker *m, const struct blocks *b, int32_t unit, bool to_small)
{
    for (int32_t shift = 0; shift < b->w; shift++) {
        int32_t first;
        const int32_t count = find_columns(b, shift, &first);
        const int32_t column = count > 0 ? first * b->w + shift - b->left : 0;
        const int32_t small = first * b->pixel, big = column * b->pixel, step = b->w * b->pixel;
        copy_add(m,
                 (struct mote_piece){.row = to_small ? 0 : shift,
                                     .in_start = to_small ? big : small,
                                     .out_start = to_small ? small : big,
                                     .run = unit,
                                     .table = -1},
                 2,
                 (struct mote_loop[]){{count, to_small ? step : b->pixel, to_small ? b->pixel : step},
                                      {b->pixel / unit, unit, unit}});
    }
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
    add_columns(&m, &b, unit, true);
    copy_end(&m, b.w, b.images * b.small_h);
    m.p->fill = MOTE_FILL_ALWAYS;
    m.p->out_bytes = line;
    memcpy(m.p->value, select_zero(out).value, sizeof m.p->value);
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
    add_columns(&m, &b, unit, false);
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
