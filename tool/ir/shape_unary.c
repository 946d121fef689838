/* SPDX-License-Identifier: MIT
 *
 * Shape rule of the operators whose output has the shape of input 0.
 */
#include "shape.h"

bool shape_unary(struct graph *g, struct node *n, struct diag *diag)
{
    (void)diag;
    shape_copy(g, n, 0, ir_in(g, n, 0));
    return true;
}
