/* SPDX-License-Identifier: MIT
 *
 * Tensors joined along an axis.
 */
#include <math.h>

#include "lower_copy.h"

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
