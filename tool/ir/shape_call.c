/* SPDX-License-Identifier: MIT
 *
 * Shapes of what a node calls: outputs are those of the graphs, which must agree.
 */
#include "shape.h"

static bool same_end(const struct tensor *a, const struct tensor *b)
{
    bool same = a->type == b->type && a->rank == b->rank;
    for (int i = 0; i < a->rank && same; i++) {
        same = a->dim[i] == b->dim[i];
    }
    return same;
}

static bool has_state(const struct graph *g)
{
    for (int32_t i = 0; i < g->tensor_count; i++) {
        if (g->tensors[i].is_state) {
            return true;
        }
    }
    return false;
}

/* The shape follows from the parts. */
bool shape_replaced(struct graph *g, struct node *n, struct diag *diag)
{
    (void)g;
    (void)n;
    (void)diag;
    return true;
}

bool shape_call(struct graph *g, struct node *n, struct diag *diag)
{
    if (n->attr.call == NULL) {
        return ir_fail(n, diag, "calls graphs that are not there");
    }
    for (int k = 0; k < 2; k++) {
        if (has_state(&n->attr.call[k].graph)) {
            return ir_fail(n, diag, "calls \"%.40s\", which keeps state; want that in the main graph",
                           n->attr.call[k].graph.name);
        }
    }
    const struct graph *made = &n->attr.call[n->op == OP_WHILE ? 1 : 0].graph, *other = &n->attr.call[1].graph;
    for (int i = 0; i < n->out_count; i++) {
        const struct tensor *a = &made->tensors[made->outputs[i]];
        const struct tensor *b = n->op == OP_WHILE ? ir_in(g, n, i) : &other->tensors[other->outputs[i]];
        if (!same_end(a, b)) {
            char one[IR_SHAPE_TEXT], two[IR_SHAPE_TEXT];
            return ir_fail(n, diag, "output %d is %s%s or %s%s; convert the model with static shapes", i,
                           ir_type_text(a->type), ir_shape_text(a, one), ir_type_text(b->type), ir_shape_text(b, two));
        }
        shape_copy(g, n, i, a);
    }
    return true;
}
