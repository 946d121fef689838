/* SPDX-License-Identifier: MIT
 *
 * Operators that change the type: QUANTIZE, DEQUANTIZE, CAST.
 */
#include "../../mote/kernel/convert.h"

#include <limits.h>
#include <string.h>

#include "lower.h"

#define NO_KERNEL KERNEL_COUNT

/* What there is for each type. */
static const struct convert_type {
    enum type type;
    enum mote_element element;
    enum kernel cast, requantize, quantize, dequantize; /* quantize: from float to the type; the others from it */
} convert_types[] = {
    {TYPE_S8, MOTE_S8, KERNEL_cast_s8, KERNEL_requantize_s8, KERNEL_quantize_f32s8, KERNEL_dequantize_s8},
    {TYPE_U8, MOTE_U8, KERNEL_cast_u8, KERNEL_requantize_u8, KERNEL_quantize_f32u8, KERNEL_dequantize_u8},
    {TYPE_S16, MOTE_S16, KERNEL_cast_s16, KERNEL_requantize_s16, KERNEL_quantize_f32s16, KERNEL_dequantize_s16},
    {TYPE_U16, MOTE_U16, KERNEL_cast_u16, NO_KERNEL, NO_KERNEL, NO_KERNEL},
    {TYPE_S32, MOTE_S32, KERNEL_cast_s32, KERNEL_requantize_s32, NO_KERNEL, NO_KERNEL},
    {TYPE_U32, MOTE_U32, KERNEL_cast_u32, NO_KERNEL, NO_KERNEL, NO_KERNEL},
    {TYPE_S64, MOTE_S64, KERNEL_cast_s64, NO_KERNEL, NO_KERNEL, NO_KERNEL},
    {TYPE_F16, MOTE_F16, KERNEL_cast_f16, NO_KERNEL, NO_KERNEL, NO_KERNEL},
    {TYPE_F32, MOTE_F32, KERNEL_cast_f32, NO_KERNEL, NO_KERNEL, NO_KERNEL},
    {TYPE_F64, MOTE_F64, KERNEL_cast_f64, NO_KERNEL, NO_KERNEL, NO_KERNEL},
    {TYPE_BOOL, MOTE_BOOL, KERNEL_cast_u8, NO_KERNEL, NO_KERNEL, NO_KERNEL},
};

/* A type that is none of them has the element MOTE_ELEMENTS and no kernels. */
static const struct convert_type *find_type(enum type type)
{
    static const struct convert_type none = {TYPE_STRING, MOTE_ELEMENTS, NO_KERNEL, NO_KERNEL, NO_KERNEL, NO_KERNEL};
    for (size_t i = 0; i < COUNT_OF(convert_types); i++) {
        if (convert_types[i].type == type) {
            return &convert_types[i];
        }
    }
    return &none;
}

/* Line by line; returns the elements of a line. */
static int32_t by_lines(struct lower *l)
{
    const struct tensor *out = lower_out(l, 0);
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, lower_each_line);
    if (ir_type_bits(out->type) <= ir_type_bits(lower_in(l, 0)->type)) {
        lower_in_place(l, 0);
    }
    return lower_lines(out).line_bytes * CHAR_BIT / ir_type_bits(out->type);
}

bool lower_cast(struct lower *l)
{
    const struct convert_type *from = find_type(lower_in(l, 0)->type), *to = find_type(lower_out(l, 0)->type);
    if (from->cast == NO_KERNEL || to->element == MOTE_ELEMENTS) {
        return lower_no_kernel(l, "bool, int8 to int64, uint8 to uint32, float16 to float64");
    }
    if (from == to) {
        return lower_alias(l, 0);
    }
    struct mote_cast *p = lower_kernel(l, from->cast);
    p->to = (int32_t)to->element;
    p->n = by_lines(l);
    return true;
}

/*** QUANTIZE and DEQUANTIZE ***/

/* One scale for the whole tensor, greater than 0, and a zero point. */
static bool check_scale(struct lower *l, const struct tensor *t, const char *what)
{
    if (t->type != TYPE_S32) {
        return lower_quantised(l, t, what);
    }
    return (t->quant.count == 1 && ir_scale(t) > 0) ||
           ir_fail(l->node, l->diag, "%s is int32 with %d scales, the first %g; want 1, more than 0", what,
                   t->quant.count, (double)ir_scale(t));
}

/* Scales and zero points of `t` along the elements of a line, or of the whole where its channels are lines. */
static bool fill_affine(struct lower *l, const struct tensor *t, const char *what, struct mote_affine *p)
{
    const struct quant *q = &t->quant;
    const int32_t outer = t->rank >= 3 ? 2 : t->rank == 2 ? 1 : 0; /* dims that number the lines */
    int32_t low, high;
    lower_type_range(t->type, &low, &high);
    for (int32_t c = 0; c < q->count; c++) {
        if (!(q->scale[c] > 0) || q->zero_point[c] < low || q->zero_point[c] > high) {
            return ir_fail(l->node, l->diag, "%s has scale %g, zero point %d, want more than 0, and %d to %d", what,
                           (double)q->scale[c], q->zero_point[c], low, high);
        }
    }
    if (q->count == 0) {
        return ir_fail(l->node, l->diag, "%s is %s without a scale; quantise the model fully", what,
                       ir_type_text(t->type));
    }
    float *scale = lower_alloc(l, (size_t)q->count, sizeof *scale);
    int32_t *zero_point = lower_alloc(l, (size_t)q->count, sizeof *zero_point);
    memcpy(scale, q->scale, (size_t)q->count * sizeof *scale);
    memcpy(zero_point, q->zero_point, (size_t)q->count * sizeof *zero_point);
    p->channels = q->count;
    p->scale = scale;
    p->zero_point = zero_point;
    if (q->count > 1 && q->axis < outer) {
        lower_out_whole(l, 0);
        lower_in_whole(l, 0);
        p->n = (int32_t)ir_count(t);
    } else {
        p->n = by_lines(l);
    }
    p->inner = q->count == 1 ? p->n : 1;
    for (int32_t k = q->axis + 1; q->count > 1 && k < t->rank; k++) {
        p->inner *= t->dim[k];
    }
    return true;
}

static bool lower_requantize(struct lower *l, const struct convert_type *from, const struct convert_type *to)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    struct mote_requantize *p = lower_kernel(l, from->requantize);
    p->to = (int32_t)to->element;
    p->in_offset = (int32_t)(0 - (uint32_t)ir_zero_point(in));
    p->out_offset = ir_zero_point(out);
    p->n = by_lines(l);
    return check_scale(l, in, "input") && check_scale(l, out, "output") &&
           lower_factor(l, (double)ir_scale(in) / (double)ir_scale(out), 30, &p->multiplier, &p->shift);
}

/* One of uint8 and int8 to the other, all values alike. */
static bool is_flip(const struct tensor *in, const struct tensor *out)
{
    const bool is_up = in->type == TYPE_S8 && out->type == TYPE_U8;
    return (is_up || (in->type == TYPE_U8 && out->type == TYPE_S8)) && in->quant.count == 1 && out->quant.count == 1 &&
           ir_scale(in) > 0 && ir_scale(in) == ir_scale(out) &&
           ir_zero_point(out) - ir_zero_point(in) == (is_up ? 128 : -128);
}

static bool lower_flip(struct lower *l)
{
    struct mote_flip *p = lower_kernel(l, KERNEL_flip_x8);
    p->n = by_lines(l);
    return lower_quantised(l, lower_in(l, 0), "input");
}

bool lower_quantize(struct lower *l)
{
    const struct convert_type *from = find_type(lower_in(l, 0)->type), *to = find_type(lower_out(l, 0)->type);
    if (is_flip(lower_in(l, 0), lower_out(l, 0))) {
        return lower_flip(l);
    }
    if (from->type == TYPE_F32 && to->quantize != NO_KERNEL) {
        return fill_affine(l, lower_out(l, 0), "output", lower_kernel(l, to->quantize));
    }
    if (from->requantize == NO_KERNEL || to->requantize == NO_KERNEL) {
        return lower_no_kernel(l, "float32 to int8, uint8, int16; int8, uint8, int16, int32 to one another");
    }
    return lower_requantize(l, from, to);
}

bool lower_dequantize(struct lower *l)
{
    const struct convert_type *from = find_type(lower_in(l, 0)->type);
    if (from->type == TYPE_F16 && lower_out(l, 0)->type == TYPE_F32) {
        return lower_cast(l);
    }
    if (from->dequantize == NO_KERNEL || lower_out(l, 0)->type != TYPE_F32) {
        return lower_no_kernel(l, "int8, uint8, int16, float16 to float32");
    }
    return fill_affine(l, lower_in(l, 0), "input", lower_kernel(l, from->dequantize));
}
