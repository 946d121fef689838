/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators on what sensors give, and on columns of tables.
 */
#include "shape.h"

/* [steps, axes] */
static bool check_steps(const struct graph *g, const struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    return (in->rank == 2 && ir_count(in) > 0) ||
           ir_fail(n, diag, "input has %d dims and %lld values, want [steps, axes]", in->rank, (long long)ir_count(in));
}

bool shape_lengths(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    return check_steps(g, n, diag) &&
           shape_set_wide(g, n, 0, 2, (const int64_t[]){in->dim[0], (int64_t)in->dim[1] + in->dim[1] / 3}, diag);
}

bool shape_moments(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    if (!check_steps(g, n, diag)) {
        return false;
    }
    shape_set(g, n, 0, 2, (const int32_t[]){in->dim[1], IR_MOMENTS});
    shape_set(g, n, 1, 2, (const int32_t[]){in->dim[1], in->dim[0]});
    return true;
}

/* [axes, steps] to [pairs of axes of a sensor]. */
bool shape_correlations(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    if (in->rank != 2 || ir_count(in) < 1 || in->dim[0] < 2) {
        return ir_fail(n, diag, "input has %d dims and %lld values, want [axes, steps] and two axes", in->rank,
                       (long long)ir_count(in));
    }
    return shape_set_wide(g, n, 0, 1, (const int64_t[]){in->dim[0] / 3 * 3 + (in->dim[0] % 3 == 2)}, diag);
}

/* Spectra [.., 2 * bins] and where bands begin and end. */
bool shape_bands(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *edges = ir_in(g, n, 1);
    if (in->rank < 1 || ir_count(in) < 1 || in->dim[in->rank - 1] % 2 != 0) {
        return ir_fail(n, diag, "input has no spectra, [.., 2 * bins]");
    }
    if (edges->rank != 1 || edges->dim[0] < 2) {
        return ir_fail(n, diag, "input 1 has %lld edges of bands, want 2 or more in one dim",
                       (long long)ir_count(edges));
    }
    struct tensor out = *in;
    out.dim[in->rank - 1] = edges->dim[0] - 1;
    shape_copy(g, n, 0, &out);
    return true;
}

bool shape_standardise(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    for (int i = 1; i < 4; i++) {
        const struct tensor *t = ir_in(g, n, i);
        if (in->rank < 1 || t->rank != 1 || t->dim[0] != in->dim[in->rank - 1]) {
            return ir_fail(n, diag, "input %d has %lld values, want one for each of the last dim", i,
                           (long long)ir_count(t));
        }
    }
    shape_copy(g, n, 0, in);
    return true;
}
