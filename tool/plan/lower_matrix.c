/* SPDX-License-Identifier: MIT
 *
 * Diagonals, determinants, other views of the same bits, spectra.
 */
#include <math.h>

#include "../../mote/kernel/matmul.h"
#include "../../mote/kernel/rfft2d.h"
#include "../../mote/kernel/unary.h"

#include "lower_copy.h"

/* All matrices of a tensor, a row each. */
static struct lower_lines matrices(const struct tensor *t, int32_t dims)
{
    int64_t count = 1;
    for (int d = 0; d < t->rank - dims; d++) {
        count *= t->dim[d];
    }
    return (struct lower_lines){1, (int32_t)count, count > 0 ? (int32_t)(ir_size(t) / count) : 0};
}

bool lower_matrix_diag(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (!copy_check(l, 0, 0) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    const int32_t unit = copy_unit(in), n = ir_dim(in, -1);
    const struct lower_lines from = matrices(in, 1), to = matrices(out, 2);
    struct copy_maker m = copy_begin(l, unit, 1);
    copy_add(&m, (struct mote_piece){.run = unit, .table = -1}, 1, &(struct mote_loop){n, unit, (n + 1) * unit});
    copy_end(&m, 1, 1);
    m.p->fill = MOTE_FILL_ALWAYS;
    m.p->out_bytes = to.line_bytes;
    lower_out_view(l, 0, to);
    lower_in_view(l, 0, from, lower_each_line);
    return true;
}

bool lower_matrix_set_diag(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *diagonal = lower_in(l, 1), *out = lower_out(l, 0);
    if (!copy_check(l, 0, 0) || !copy_check(l, 0, 1) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    const int32_t unit = copy_unit(in), n = ir_dim(diagonal, -1), width = ir_dim(in, -1);
    const struct lower_lines lines = matrices(in, 2);
    struct copy_maker m = copy_begin(l, unit, 2);
    copy_add(&m, (struct mote_piece){.run = lines.line_bytes, .table = -1}, 0, NULL);
    copy_add(&m, (struct mote_piece){.row = 1, .run = unit, .table = -1}, 1,
             &(struct mote_loop){n, unit, (width + 1) * unit});
    copy_end(&m, 1, 1);
    lower_out_view(l, 0, lines);
    lower_in_view(l, 0, lines, lower_each_line);
    lower_in_view(l, 1, matrices(diagonal, 1), lower_each_line);
    return true;
}

bool lower_determinant(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (in->type != TYPE_F32 || out->type != TYPE_F32) {
        return lower_no_kernel(l, "float32");
    }
    if (ir_count(out) == 0) {
        return true;
    }
    struct mote_determinant *p = lower_kernel(l, KERNEL_determinant_f32);
    p->n = ir_dim(in, -1);
    const int32_t bytes = p->n * p->n * (int32_t)sizeof(float);
    lower_out_view(l, 0, (struct lower_lines){1, (int32_t)ir_count(out), sizeof(float)});
    lower_in_view(l, 0, (struct lower_lines){1, (int32_t)ir_count(out), bytes}, lower_each_line);
    lower_scratch(l, (size_t)bytes);
    return true;
}

bool lower_bitcast(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (ir_size(in) != ir_size(out) || in->type == TYPE_STRING || in->type == TYPE_RESOURCE || in->type == TYPE_S4 ||
        out->type == TYPE_STRING || out->type == TYPE_RESOURCE || out->type == TYPE_S4) {
        return lower_no_kernel(l, "types whose elements are whole bytes");
    }
    return lower_alias(l, 0);
}

/*** Complex numbers ***/

static bool check_complex(struct lower *l)
{
    return (lower_in(l, 0)->type == TYPE_C64 && lower_out(l, 0)->type == TYPE_F32) ||
           lower_no_kernel(l, "complex64 to float32");
}

bool lower_complex_part(struct lower *l)
{
    if (!check_complex(l) || ir_count(lower_out(l, 0)) == 0) {
        return !l->diag->failed;
    }
    const struct lower_lines from = lower_lines(lower_in(l, 0)), to = lower_lines(lower_out(l, 0));
    const int32_t unit = sizeof(float);
    struct copy_maker m = copy_begin(l, unit, 1);
    const struct mote_piece piece = {.in_start = l->node->op == OP_IMAG ? unit : 0, .run = unit, .table = -1};
    copy_add(&m, piece, 1, &(struct mote_loop){to.line_bytes / unit, 2 * unit, unit});
    copy_end(&m, 1, 1);
    lower_out_view(l, 0, to);
    lower_in_view(l, 0, from, lower_each_line);
    return true;
}

bool lower_complex_abs(struct lower *l)
{
    if (!check_complex(l)) {
        return false;
    }
    struct mote_unary *p = lower_kernel(l, KERNEL_complex_abs_f32);
    p->count = lower_lines(lower_out(l, 0)).line_bytes / (int32_t)sizeof(float);
    lower_out_lines(l, 0);
    lower_in_lines(l, 0, lower_each_line);
    return true;
}

bool lower_rfft2d(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (in->type != TYPE_F32 || out->type != TYPE_C64) {
        return lower_no_kernel(l, "float32 to complex64");
    }
    if (ir_count(out) == 0) {
        return true;
    }
    struct mote_rfft2d *p = lower_kernel(l, KERNEL_rfft2d_f32);
    p->in_h = ir_dim(in, -2);
    p->in_w = ir_dim(in, -1);
    p->h = (int32_t)ir_const_int(lower_in(l, 1), 0);
    p->w = (int32_t)ir_const_int(lower_in(l, 1), 1);
    p->length = p->h > p->w ? p->h : p->w;
    float *turn = lower_alloc(l, (size_t)p->length + 2, sizeof *turn);
    for (int32_t i = 0; i < p->length / 2; i++) {
        turn[2 * i] = (float)cos(-2 * M_PI * i / p->length);
        turn[2 * i + 1] = (float)sin(-2 * M_PI * i / p->length);
    }
    p->turn = turn;
    lower_out_view(l, 0, matrices(out, 2));
    lower_in_view(l, 0, matrices(in, 2), lower_each_line);
    lower_scratch(l, 2 * sizeof(float) * (size_t)p->length);
    return true;
}
