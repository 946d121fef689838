/* SPDX-License-Identifier: MIT
 *
 * Element-wise operators of other than two inputs, and broadcasting by itself.
 */
#include "../../mote/kernel/binary.h"
#include "lower_broadcast.h"
#include "lower_copy.h"

/* SELECT: a condition of one dim chooses whole rows. */
bool lower_choose(struct lower *l)
{
    static const int in[] = {0, 1, 2};
    const struct tensor *condition = lower_in(l, 0), *x = lower_in(l, 1), *y = lower_in(l, 2);
    if (condition->type != TYPE_BOOL || x->type != y->type) {
        return lower_no_kernel(l, "bool, and two inputs of the type of the output");
    }
    if (!copy_check(l, 0, 1)) {
        return false;
    }
    struct mote_select *p = lower_kernel(l, KERNEL_select_any);
    p->unit = copy_unit(x);
    struct tensor by_row = *condition;
    if (l->node->op == OP_SELECT && condition->rank == 1) {
        by_row.rank = x->rank;
        for (int32_t k = 1; k < x->rank; k++) {
            by_row.dim[k] = 1;
        }
    }
    lower_broadcast_as(l, &p->shape, in, (const struct tensor *const[]){&by_row, x, y}, 3);
    return true;
}

/* The reference takes the scale of the first input for all. */
static bool fill_quantised_sum(struct lower *l, struct mote_add_n *p)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (!lower_quantised(l, in, "input") || !lower_quantised(l, out, "output")) {
        return false;
    }
    for (int i = 1; i < l->node->in_count; i++) {
        const struct tensor *t = lower_in(l, i);
        if (ir_scale(t) != ir_scale(in) || ir_zero_point(t) != ir_zero_point(in)) {
            return ir_fail(l->node, l->diag,
                           "input %d has scale %g, zero point %d, want %g, %d as input 0 has; use ADD", i,
                           (double)ir_scale(t), ir_zero_point(t), (double)ir_scale(in), ir_zero_point(in));
        }
    }
    p->left = 20;
    p->in = (struct mote_operand){-ir_zero_point(in), 1 << 30, 0}; /* the common scale is twice that of the inputs */
    p->out_offset = ir_zero_point(out);
    lower_activation_range(ACT_NONE, out, &p->low, &p->high);
    return lower_factor(l, 2 * (double)ir_scale(in) / ((1 << p->left) * (double)ir_scale(out)), 0, &p->multiplier,
                        &p->shift);
}

bool lower_add_n(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    bool alike = in->type == out->type;
    for (int i = 1; i < l->node->in_count; i++) {
        alike = alike && lower_in(l, i)->type == in->type;
    }
    if (!alike || (in->type != TYPE_S8 && in->type != TYPE_S32 && in->type != TYPE_F32)) {
        return lower_no_kernel(l, "int8, int32, float32, all alike");
    }
    struct mote_add_n *p = lower_kernel(l, in->type == TYPE_S8    ? KERNEL_add_n_s8
                                           : in->type == TYPE_S32 ? KERNEL_add_n_s32
                                                                  : KERNEL_add_n_f32);
    if (in->type == TYPE_S8 && !fill_quantised_sum(l, p)) {
        return false;
    }
    p->n = lower_lines(out).line_bytes * 8 / ir_type_bits(out->type);
    p->count = l->node->in_count;
    lower_out_lines(l, 0);
    for (int i = 0; i < p->count; i++) {
        lower_in_lines(l, i, lower_each_line);
    }
    lower_in_place(l, 0);
    return true;
}

bool lower_broadcast_to(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    struct select_axis axis[IR_MAX_RANK];
    if (!copy_check(l, 0, 0)) {
        return false;
    }
    for (int32_t k = 0; k < out->rank; k++) {
        const int32_t own = k - (out->rank - in->rank);
        const int32_t extent = own < 0 ? 1 : in->dim[own];
        axis[k] = select_axis(l, extent, out->dim[k]);
        for (int32_t o = 0; o < out->dim[k]; o++) {
            axis[k].from[o] = extent == 1 ? 0 : o;
        }
    }
    return lower_select(l, 0, 0, out->rank, axis, NULL);
}

bool lower_broadcast_args(struct lower *l)
{
    const struct tensor *x = lower_in(l, 0), *y = lower_in(l, 1), *out = lower_out(l, 0);
    if (x->type != y->type || x->type != out->type || (x->type != TYPE_S32 && x->type != TYPE_S64)) {
        return lower_no_kernel(l, "int32, int64, all alike");
    }
    struct mote_broadcast_args *p = lower_kernel(l, KERNEL_broadcast_args_any);
    p->x_count = x->dim[0];
    p->y_count = y->dim[0];
    p->wide = x->type == TYPE_S64;
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 1);
    return true;
}
