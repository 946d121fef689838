/* SPDX-License-Identifier: MIT
 *
 * Operators with state.
 */
#include "lower.h"

bool lower_variable(struct lower *l)
{
    return lower_in(l, 0)->type == TYPE_RESOURCE || lower_out(l, 0) == NULL ? lower_unresolved(l) : lower_copy(l, 0);
}

bool lower_unresolved(struct lower *l)
{
    return ir_fail(l->node, l->diag, "variables are supported in the main graph and in the subgraph of a CALL_ONCE");
}
