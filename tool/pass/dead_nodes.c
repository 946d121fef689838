/* SPDX-License-Identifier: MIT
 *
 * Drops nodes that nobody needs: no output is read by a needed node, is an output of the graph, or is a state.
 */
#include "pass.h"

static bool is_needed(const struct graph *g, const struct node *n, const bool *is_read)
{
    bool needed = (ir_op_flags(n->op) & IR_PURE) == 0;
    for (int i = 0; i < n->out_count && !needed; i++) {
        needed = n->out[i] != NO_TENSOR && (is_read[n->out[i]] || g->tensors[n->out[i]].is_state);
    }
    return needed;
}

bool pass_drop_dead_nodes(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)evaluate;
    (void)diag;
    bool *is_read = ARENA_ARRAY(g->arena, g->tensor_count, bool);
    bool *is_kept = ARENA_ARRAY(g->arena, g->node_count, bool);
    for (int32_t i = 0; i < g->output_count; i++) {
        is_read[g->outputs[i]] = true;
    }
    for (int32_t i = g->node_count - 1; i >= 0; i--) {
        const struct node *n = &g->nodes[i];
        is_kept[i] = is_needed(g, n, is_read);
        for (int k = 0; k < n->in_count && is_kept[i]; k++) {
            if (n->in[k] != NO_TENSOR) {
                is_read[n->in[k]] = true;
            }
        }
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        if (is_kept[i]) {
            g->nodes[kept++] = g->nodes[i];
        }
    }
    g->node_count = kept;
    return true;
}
