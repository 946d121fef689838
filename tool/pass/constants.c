/* SPDX-License-Identifier: MIT
 *
 * Shapes of all tensors, and nodes whose inputs are constant computed here and now.
 */
#include <string.h>

#include "pass.h"

/* Room for `count` nodes behind the first `kept` and before node `next`; returns the place to which that one moved. */
static int32_t make_room(struct graph *g, int32_t kept, int32_t next, int32_t count)
{
    if (count <= next - kept) {
        return next;
    }
    const int32_t rest = g->node_count - next, room = count + g->node_count; /* doubles, so that moves are few */
    struct node *nodes = ARENA_ARRAY(g->arena, kept + room + rest, struct node);
    memcpy(nodes, g->nodes, (size_t)kept * sizeof *nodes);
    memcpy(nodes + kept + room, g->nodes + next, (size_t)rest * sizeof *nodes);
    g->nodes = nodes;
    g->node_count = kept + room + rest;
    return kept + room;
}

bool pass_fold_constants(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    int32_t kept = 0;
    if (!pass_expand(g, diag)) {
        return false;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (ir_call_count(n) > 0 && n->attr.call == NULL) {
            struct node *inlined;
            if (!pass_bind_call(g, n, evaluate, diag)) {
                return false;
            }
            const int32_t count = pass_inline_call(g, n, &inlined);
            if (count >= 0) { /* its own passes have gone over it */
                i = make_room(g, kept, i + 1, count) - 1;
                memcpy(g->nodes + kept, inlined, (size_t)count * sizeof *inlined);
                kept += count;
                continue;
            }
        }
        if (!ir_infer(g, n, diag)) {
            return false;
        }
        if (evaluate != NULL && ir_is_constant(g, n)) {
            if (!evaluate(g, n, diag)) {
                return false;
            }
        } else {
            g->nodes[kept++] = *n;
        }
    }
    g->node_count = kept;
    return true;
}
