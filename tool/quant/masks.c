/* SPDX-License-Identifier: MIT
 *
 * Attention is masked by minus infinity, or by some number far below all others, in front of a softmax. A scale that
 * has room for it would leave nothing of the values that matter. So the mask becomes as small as the softmax needs: MARGIN
 * below the least that was seen is e^-MARGIN of it, less than a step of the result.
 */
#include <math.h>

#include "work.h"

enum { MARGIN = 10 };

static bool feeds_only_softmax(const struct graph *g, int32_t tensor)
{
    int32_t readers = 0;
    for (int32_t i = 0; i < g->output_count; i++) {
        if (g->outputs[i] == tensor) {
            return false;
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (int k = 0; k < n->in_count; k++) {
            if (n->in[k] == tensor && n->op != OP_SOFTMAX) {
                return false;
            }
            readers += n->in[k] == tensor;
        }
    }
    return readers > 0;
}

/* The input that is a constant mask, and the one that is masked; false: there are none. */
static bool find_inputs(const struct graph *g, const struct node *n, int *mask, int *masked)
{
    if (n->op != OP_ADD && n->op != OP_SELECT_V2) {
        return false;
    }
    const int first = n->op == OP_ADD ? 0 : 1;
    for (int k = first; k < first + 2; k++) {
        const struct tensor *t = ir_in(g, n, k), *other = ir_in(g, n, 2 * first + 1 - k);
        if (t->data != NULL && t->type == TYPE_F32 && other->data == NULL && other->type == TYPE_F32) {
            *mask = k;
            *masked = 2 * first + 1 - k;
            return true;
        }
    }
    return false;
}

/* The constant with nothing below `least`; NO_TENSOR: nothing is. */
static int32_t raise(struct graph *g, int32_t mask, float least)
{
    const struct tensor old = g->tensors[mask];
    const float *from = old.data;
    const int64_t count = ir_count(&old);
    float *values = ARENA_ARRAY(g->arena, count, float);
    bool changes = false;
    for (int64_t i = 0; i < count; i++) {
        changes = changes || from[i] < least;
        values[i] = from[i] < least ? least : from[i];
    }
    if (!changes) {
        return NO_TENSOR;
    }
    const int32_t made = ir_add_tensor(g);
    g->tensors[made] = old;
    g->tensors[made].data = values;
    return made;
}

bool quant_soften_masks(struct graph *g, const struct quant_stat *stats)
{
    bool changed = false;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        int mask, masked;
        if (!find_inputs(g, n, &mask, &masked) || !feeds_only_softmax(g, n->out[0])) {
            continue;
        }
        const struct quant_stat *s = &stats[n->in[masked]];
        const float least = n->op == OP_ADD ? -(s->high - s->low) - MARGIN : s->low - MARGIN;
        const int32_t made = s->is_seen && isfinite(least) ? raise(g, n->in[mask], least) : NO_TENSOR;
        if (made != NO_TENSOR) {
            n->in[mask] = made;
            changed = true;
        }
    }
    return changed;
}
