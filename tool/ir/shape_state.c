/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators with state.
 */
#include "shape.h"

/* READ_VARIABLE and ASSIGN_VARIABLE where handles have become states; the shape is what the reader of the file says,
 * as long as it has as many values. */
bool shape_variable(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *out = ir_out(g, n, 0);
    if (in->type == TYPE_RESOURCE || out == NULL) {
        return true;
    }
    if (in->type != out->type || ir_count(in) != ir_count(out)) {
        char is[96], want[96];
        return ir_fail(n, diag, "copies %s%s to %s%s", ir_type_text(in->type), ir_shape_text(in, is),
                       ir_type_text(out->type), ir_shape_text(out, want));
    }
    return true;
}

bool shape_unresolved(struct graph *g, struct node *n, struct diag *diag)
{
    (void)g;
    (void)n;
    (void)diag;
    return true;
}
