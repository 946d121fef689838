/* SPDX-License-Identifier: MIT
 *
 * Operators on what sensors give, and on columns of tables.
 */
#include "../../mote/kernel/sensor.h"

#include "lower.h"

_Static_assert((int)MOTE_MOMENTS == (int)IR_MOMENTS, "");

static int32_t last_dim(const struct tensor *t) { return t->dim[t->rank - 1]; }

/* A tensor as rows of its last dim. */
static struct lower_lines rows_of(const struct tensor *t)
{
    const int32_t bytes = last_dim(t) * (ir_type_bits(t->type) / 8);
    return (struct lower_lines){1, bytes > 0 ? (int32_t)(ir_size(t) / bytes) : 0, bytes};
}

bool lower_lengths(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (in->type != TYPE_S16 || out->type != TYPE_S16) {
        return lower_no_kernel(l, "int16");
    }
    struct mote_lengths *p = lower_kernel(l, KERNEL_lengths_s16);
    p->axes = last_dim(in);
    lower_out_view(l, 0, rows_of(out));
    lower_in_view(l, 0, rows_of(in), lower_each_line);
    return true;
}

/* Sums over more would overflow. */
static bool check_steps(const struct lower *l, int32_t steps)
{
    return steps <= MOTE_MOMENTS_STEPS ||
           ir_fail(l->node, l->diag, "input has %d steps, want at most %d", steps, MOTE_MOMENTS_STEPS);
}

bool lower_moments(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    if (in->type != TYPE_S16 || lower_out(l, 0)->type != TYPE_S32 || lower_out(l, 1)->type != TYPE_S16) {
        return lower_no_kernel(l, "int16 to int32 and int16");
    }
    if (!check_steps(l, in->dim[0])) {
        return false;
    }
    struct mote_moments *p = lower_kernel(l, KERNEL_moments_s16);
    p->steps = in->dim[0];
    p->axes = in->dim[1];
    lower_out_view(l, 0, rows_of(lower_out(l, 0)));
    lower_out_view(l, 1, rows_of(lower_out(l, 1)));
    lower_in_whole(l, 0);
    return true;
}

bool lower_correlations(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    if (in->type != TYPE_S16 || lower_out(l, 0)->type != TYPE_S32) {
        return lower_no_kernel(l, "int16 to int32");
    }
    if (!check_steps(l, in->dim[1])) {
        return false;
    }
    struct mote_correlations *p = lower_kernel(l, KERNEL_correlations_s16);
    p->axes = in->dim[0];
    p->steps = in->dim[1];
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    return true;
}

/* The values of a constant int32 input; NULL with an error. */
static const int32_t *constant(struct lower *l, int i)
{
    const struct tensor *t = lower_in(l, i);
    if (t->data == NULL || t->type != TYPE_S32) {
        ir_fail(l->node, l->diag, "input %d is no constant of int32", i);
        return NULL;
    }
    return (const int32_t *)t->data;
}

bool lower_bands(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t bands = last_dim(out), *edges = constant(l, 1);
    if (in->type != TYPE_S32 || out->type != TYPE_S32) {
        return lower_no_kernel(l, "int32");
    }
    for (int32_t i = 0; edges != NULL && i <= bands; i++) {
        if (edges[i] < (i > 0 ? edges[i - 1] : 0) || edges[i] > last_dim(in) / 2) {
            return ir_fail(l->node, l->diag, "edge %d is %d, want them to rise from 0 to the %d bins", i, edges[i],
                           last_dim(in) / 2);
        }
    }
    struct mote_bands *p = lower_kernel(l, KERNEL_bands_s32);
    p->bands = bands;
    p->relative = l->node->attr.relative;
    p->edges = edges;
    lower_out_view(l, 0, rows_of(out));
    lower_in_view(l, 0, rows_of(in), lower_each_line);
    return edges != NULL;
}

bool lower_standardise(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t count = last_dim(out), *offset = constant(l, 1), *multiplier = constant(l, 2),
                  *shift = constant(l, 3);
    if ((in->type != TYPE_S16 && in->type != TYPE_S32) || out->type != TYPE_S16) {
        return lower_no_kernel(l, "int16 or int32 to int16");
    }
    if (offset == NULL || multiplier == NULL || shift == NULL) {
        return false;
    }
    int16_t *multipliers = lower_alloc(l, (size_t)count, sizeof *multipliers);
    uint8_t *shifts = lower_alloc(l, (size_t)count, sizeof *shifts);
    for (int32_t i = 0; i < count; i++) {
        if (multiplier[i] < 0 || multiplier[i] > INT16_MAX || shift[i] < 1 || shift[i] > MOTE_STANDARDISE_SHIFT) {
            return ir_fail(l->node, l->diag, "factor %d is %d / 2^%d, want 0 to 2^15 - 1 and a shift of 1 to %d", i,
                           multiplier[i], shift[i], MOTE_STANDARDISE_SHIFT);
        }
        multipliers[i] = (int16_t)multiplier[i];
        shifts[i] = (uint8_t)shift[i];
    }
    struct mote_standardise *p =
        lower_kernel(l, in->type == TYPE_S16 ? KERNEL_standardise_s16 : KERNEL_standardise_s32);
    *p = (struct mote_standardise){count, offset, multipliers, shifts};
    lower_out_view(l, 0, rows_of(out));
    lower_in_view(l, 0, rows_of(in), lower_each_line);
    if (in->type == out->type) {
        lower_in_place(l, 0);
    }
    return true;
}
