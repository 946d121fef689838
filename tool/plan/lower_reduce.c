/* SPDX-License-Identifier: MIT
 *
 * Reductions, ARG_MAX, ARG_MIN, CUMSUM.
 */
#include "../../mote/kernel/reduce.h"

#include <math.h>

#include "../ir/shape.h"
#include "lower.h"

/*** Rows ***/

/* How a tensor is walked when some of its dims are reduced. The image dim and the line dim may become rows; the
 * others, from first_dim on, lie within a row. */
struct walk {
    struct lower_lines in, out; /* lines and bytes a line */
    int32_t window;             /* input lines for one of the output */
    bool all_lines;             /* the window is the whole image, else the line of the same number */
    int first_dim;
};

static struct walk find_walk(struct lower *l, const bool reduced[])
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    struct walk w = {.in = {1, 1, (int32_t)ir_size(in)}, .out = {1, 1, (int32_t)ir_size(out)}, .window = 1};
    const int line_dim = in->rank >= 3 ? 1 : 0;
    const bool batch_reduced = in->rank >= 3 && reduced[0] && in->dim[0] > 1;
    const struct lower_lines lines = lower_lines(in);
    if (in->rank < 2 || batch_reduced || (reduced[line_dim] && lines.lines > UINT16_MAX)) {
        return w; /* as one row */
    }
    w.in = lines;
    w.out.images = lines.images;
    w.out.lines = lines.lines;
    w.first_dim = line_dim + 1;
    if (reduced[line_dim]) {
        w.out.lines = 1;
        w.window = lines.lines;
        w.all_lines = true;
    }
    w.out.line_bytes = (int32_t)ir_size(out) / (w.out.images * w.out.lines);
    return w;
}

static void add_ports(struct lower *l, const struct walk *w)
{
    const struct lower_window window = {.count = w->window, .stride = w->all_lines ? 0 : 1, .dilation = 1};
    lower_out_view(l, 0, w->out);
    lower_in_view(l, 0, w->in, window);
}

/*** Reductions ***/

static const struct reduction {
    enum op op;
    enum type type;
    enum kernel kernel;
    int32_t scratch;                         /* bytes of an accumulator, 0: in the output */
    enum { PLAIN, SUM, MEAN, PRODUCT } kind; /* which quantised rescaling */
} reductions[] = {
    {OP_SUM, TYPE_S8, KERNEL_reduce_sum_s8, 4, SUM},
    {OP_SUM, TYPE_U8, KERNEL_reduce_sum_u8, 4, SUM},
    {OP_SUM, TYPE_S16, KERNEL_reduce_sum_s16, 4, SUM},
    {OP_SUM, TYPE_S32, KERNEL_reduce_sum_s32, 4, PLAIN},
    {OP_SUM, TYPE_F32, KERNEL_reduce_sum_f32, 0, PLAIN},
    {OP_MEAN, TYPE_S8, KERNEL_reduce_sum_s8, 4, MEAN},
    {OP_MEAN, TYPE_U8, KERNEL_reduce_sum_u8, 4, MEAN},
    {OP_MEAN, TYPE_S16, KERNEL_reduce_sum_s16, 4, MEAN},
    {OP_MEAN, TYPE_S32, KERNEL_reduce_mean_s32, 8, PLAIN},
    {OP_MEAN, TYPE_F32, KERNEL_reduce_sum_f32, 0, PLAIN},
    {OP_REDUCE_PROD, TYPE_S8, KERNEL_reduce_prod_s8, 8, PRODUCT},
    {OP_REDUCE_PROD, TYPE_S16, KERNEL_reduce_prod_s16, 8, PRODUCT},
    {OP_REDUCE_PROD, TYPE_S32, KERNEL_reduce_prod_s32, 4, PLAIN},
    {OP_REDUCE_PROD, TYPE_F32, KERNEL_reduce_prod_f32, 0, PLAIN},
    {OP_REDUCE_MAX, TYPE_S8, KERNEL_reduce_max_s8, 0, PLAIN},
    {OP_REDUCE_MAX, TYPE_U8, KERNEL_reduce_max_u8, 0, PLAIN},
    {OP_REDUCE_MAX, TYPE_S16, KERNEL_reduce_max_s16, 0, PLAIN},
    {OP_REDUCE_MAX, TYPE_S32, KERNEL_reduce_max_s32, 0, PLAIN},
    {OP_REDUCE_MAX, TYPE_F32, KERNEL_reduce_max_f32, 0, PLAIN},
    {OP_REDUCE_MIN, TYPE_S8, KERNEL_reduce_min_s8, 0, PLAIN},
    {OP_REDUCE_MIN, TYPE_U8, KERNEL_reduce_min_u8, 0, PLAIN},
    {OP_REDUCE_MIN, TYPE_S16, KERNEL_reduce_min_s16, 0, PLAIN},
    {OP_REDUCE_MIN, TYPE_S32, KERNEL_reduce_min_s32, 0, PLAIN},
    {OP_REDUCE_MIN, TYPE_F32, KERNEL_reduce_min_f32, 0, PLAIN},
    {OP_REDUCE_ANY, TYPE_BOOL, KERNEL_reduce_max_u8, 0, PLAIN},
    {OP_REDUCE_ALL, TYPE_BOOL, KERNEL_reduce_min_u8, 0, PLAIN},
};

static const struct reduction *find_reduction(enum op op, enum type in, enum type out)
{
    for (size_t i = 0; i < COUNT_OF(reductions); i++) {
        if (reductions[i].op == op && reductions[i].type == in && reductions[i].type == out) {
            return &reductions[i];
        }
    }
    return NULL;
}

/* The dims within a row: neighbours that share their fate become one, dims of 1 vanish. */
static void fill_dims(const struct tensor *in, const bool reduced[], int first_dim, struct mote_reduce *p)
{
    bool is_reduced = false;
    for (int i = first_dim; i < in->rank; i++) {
        if (in->dim[i] == 1) {
            continue;
        }
        if (p->rank > 0 && is_reduced == reduced[i]) {
            p->dim[p->rank - 1] *= in->dim[i];
        } else {
            p->dim[p->rank] = in->dim[i];
            p->step[p->rank++] = reduced[i] ? 0 : 1;
        }
        is_reduced = reduced[i];
    }
    if (p->rank == 0) {
        p->dim[0] = 1;
        p->step[p->rank++] = 1;
    }
    p->out_count = 1;
    for (int32_t d = p->rank - 1; d >= 0; d--) {
        if (p->step[d] != 0) {
            p->step[d] = p->out_count;
            p->out_count *= p->dim[d];
        }
    }
}

/* A mean divides the multiplier, shifted left as far as it goes, by the count. */
static void divide_multiplier(int32_t count, struct mote_reduce *p)
{
    int32_t shift = 0;
    while (count >> (shift + 1) != 0) {
        shift++;
    }
    shift = shift < 31 + p->shift ? shift : 31 + p->shift;
    p->multiplier = (int32_t)(((int64_t)p->multiplier << shift) / count);
    p->shift -= shift;
}

static bool fill_quantised(struct lower *l, const struct reduction *r, int32_t count, struct mote_reduce *p)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (!lower_quantised(l, in, "input") || !lower_quantised(l, out, "output")) {
        return false;
    }
    const double in_scale = (double)ir_scale(in), out_scale = (double)ir_scale(out);
    const double factor = in_scale / (r->kind == PRODUCT ? pow(out_scale, 1.0 / count) : out_scale);
    if (!lower_factor(l, factor, r->kind == PRODUCT ? 7 : 30, &p->multiplier, &p->shift)) {
        return false;
    }
    p->in_offset = r->kind == PRODUCT ? -ir_zero_point(in) : (int32_t)((uint32_t)ir_zero_point(in) * (uint32_t)count);
    p->out_offset = ir_zero_point(out);
    lower_type_range(out->type, &p->low, &p->high);
    if (r->kind == MEAN) {
        divide_multiplier(count, p);
    }
    return true;
}

/* Maxima and minima do not rescale. */
static bool check_same_quant(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (in->quant.count > 0 && (ir_scale(in) != ir_scale(out) || ir_zero_point(in) != ir_zero_point(out))) {
        return ir_fail(l->node, l->diag, "input has scale %g, zero point %d, output %g, %d: want the same",
                       (double)ir_scale(in), ir_zero_point(in), (double)ir_scale(out), ir_zero_point(out));
    }
    return true;
}

bool lower_reduce(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const struct reduction *r = find_reduction(l->node->op, in->type, out->type);
    if (r == NULL) {
        return lower_no_kernel(l, "SUM, MEAN: int8, uint8, int16, int32, float32; REDUCE_PROD: not uint8; "
                                  "REDUCE_MAX, REDUCE_MIN: all of these; REDUCE_ANY, REDUCE_ALL: bool");
    }
    bool reduced[IR_MAX_RANK];
    if (!shape_axes(l->graph, l->node, reduced, l->diag)) {
        return false;
    }
    const int32_t count = (int32_t)(ir_count(in) / ir_count(out));
    struct mote_reduce *p = lower_kernel(l, r->kernel);
    if (r->kind != PLAIN ? !fill_quantised(l, r, count, p) : !check_same_quant(l)) {
        return false;
    }
    p->count = l->node->op == OP_MEAN ? count : 1;
    const struct walk w = find_walk(l, reduced);
    p->rows = w.window;
    fill_dims(in, reduced, w.first_dim, p);
    const size_t scratch_size = (size_t)r->scratch * (size_t)p->out_count;
    if (w.all_lines && w.window > 1 && w.in.images == 1) {
        p->folded = 1;
        lower_out_view(l, 0, w.out);
        lower_in_folded(l, 0, w.in);
        lower_accumulator(l, scratch_size);
    } else {
        add_ports(l, &w);
        lower_scratch(l, scratch_size);
    }
    return true;
}

/*** Along one axis ***/

static const struct axis_kernel {
    enum type type;
    enum kernel arg, cumsum; /* KERNEL_COUNT: none */
} axis_kernels[] = {
    {TYPE_S8, KERNEL_arg_s8, KERNEL_cumsum_s8},    {TYPE_U8, KERNEL_arg_u8, KERNEL_COUNT},
    {TYPE_S16, KERNEL_arg_s16, KERNEL_COUNT},      {TYPE_S32, KERNEL_arg_s32, KERNEL_cumsum_s32},
    {TYPE_F32, KERNEL_arg_f32, KERNEL_cumsum_f32},
};

static const struct axis_kernel *find_axis_kernel(enum type type)
{
    for (size_t i = 0; i < COUNT_OF(axis_kernels); i++) {
        if (axis_kernels[i].type == type) {
            return &axis_kernels[i];
        }
    }
    return NULL;
}

/* The dims from first_dim on as [outer, depth, inner] round the one that is named. */
static void split_dims(const struct tensor *t, const bool named[], int first_dim, int32_t *outer, int32_t *depth,
                       int32_t *inner)
{
    *outer = *depth = *inner = 1;
    bool found = false;
    for (int i = first_dim; i < t->rank; i++) {
        found = found || named[i];
        *(named[i] ? depth : found ? inner : outer) *= t->dim[i];
    }
}

bool lower_arg(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const struct axis_kernel *k = find_axis_kernel(in->type);
    if (k == NULL || (out->type != TYPE_S32 && out->type != TYPE_S64)) {
        return lower_no_kernel(l, "int8, uint8, int16, int32, float32 to int32 or int64");
    }
    bool named[IR_MAX_RANK];
    if (!shape_axes(l->graph, l->node, named, l->diag)) {
        return false;
    }
    struct mote_arg *p = lower_kernel(l, k->arg);
    const struct walk w = find_walk(l, named);
    split_dims(in, named, w.first_dim, &p->outer, &p->depth, &p->inner);
    if (w.first_dim > 0 && w.all_lines) { /* the axis is that of the lines */
        p->inner = p->outer;
        p->outer = 1;
    }
    p->rows = w.window;
    p->is_max = l->node->op == OP_ARG_MAX;
    p->is_wide = out->type == TYPE_S64;
    add_ports(l, &w);
    return true;
}

/* 2^19 stands for one step of the input. */
static bool fill_cumsum_s8(struct lower *l, struct mote_cumsum *p)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (!lower_quantised(l, in, "input") || !lower_quantised(l, out, "output")) {
        return false;
    }
    const double twice = 2 * (double)ir_scale(in);
    p->in_offset = -ir_zero_point(in);
    p->out_offset = ir_zero_point(out);
    return lower_factor(l, twice / ((1 << 20) * (double)ir_scale(out)), 0, &p->multiplier, &p->shift);
}

bool lower_cumsum(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    const struct axis_kernel *k = find_axis_kernel(in->type);
    if (k == NULL || k->cumsum == KERNEL_COUNT || in->type != lower_out(l, 0)->type) {
        return lower_no_kernel(l, "int8, int32, float32");
    }
    bool named[IR_MAX_RANK];
    if (!shape_axes(l->graph, l->node, named, l->diag)) {
        return false;
    }
    struct mote_cumsum *p = lower_kernel(l, k->cumsum);
    if (in->type == TYPE_S8 && !fill_cumsum_s8(l, p)) {
        return false;
    }
    p->exclusive = l->node->attr.exclusive;
    p->reverse = l->node->attr.reverse;
    const int line_dim = in->rank >= 3 ? 1 : 0;
    const bool across_lines = in->rank < 2 || named[line_dim] || named[0];
    split_dims(in, named, across_lines ? 0 : line_dim + 1, &p->outer, &p->depth, &p->inner);
    if (across_lines) {
        lower_out_whole(l, 0);
        lower_in_whole(l, 0);
    } else {
        lower_out_lines(l, 0);
        lower_in_lines(l, 0, lower_each_line);
    }
    lower_in_place(l, 0);
    return true;
}
