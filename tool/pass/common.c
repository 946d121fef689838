/* SPDX-License-Identifier: MIT
 *
 * Nodes that compute the same from the same become one.
 */
#include <string.h>

#include "wires.h"

enum { PROBES = 16 }; /* looked at for each node, so that no graph takes long */

static uint32_t hash_node(const struct wires *w, const struct node *n)
{
    uint32_t h = 2166136261 ^ (uint32_t)n->op;
    for (int i = 0; i < n->in_count; i++) {
        const int32_t t = wires_in(w, n, i);
        const bool is_constant = t != NO_TENSOR && w->g->tensors[t].data != NULL;
        h = (h ^ (is_constant ? 0 : (uint32_t)t)) * 16777619;
    }
    return h;
}

/* Equal, or constants of equal value. */
static bool same_tensor(const struct graph *g, int32_t a, int32_t b)
{
    if (a == b || a == NO_TENSOR || b == NO_TENSOR) {
        return a == b;
    }
    const struct tensor *x = &g->tensors[a], *y = &g->tensors[b];
    return x->data != NULL && y->data != NULL && same_kind(x, y) &&
           (x->data == y->data || memcmp(x->data, y->data, (size_t)ir_size(x)) == 0);
}

static bool same_node(const struct wires *w, const struct node *a, const struct node *b)
{
    const struct graph *g = w->g;
    if (a->op != b->op || a->in_count != b->in_count || a->out_count != b->out_count ||
        !ir_same_attr(&a->attr, &b->attr)) {
        return false;
    }
    for (int i = 0; i < a->in_count; i++) {
        if (!same_tensor(g, wires_in(w, a, i), wires_in(w, b, i))) {
            return false;
        }
    }
    return same_kind(ir_out(g, a, 0), ir_out(g, b, 0));
}

static bool reads_state(const struct graph *g, const struct node *n)
{
    for (int i = 0; i < n->in_count; i++) {
        if (n->in[i] != NO_TENSOR && g->tensors[n->in[i]].is_state) {
            return true;
        }
    }
    return false;
}

bool pass_merge_common(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)evaluate;
    (void)diag;
    struct wires w;
    wires_init(&w, g);
    const uint32_t size = 2 * (uint32_t)g->node_count + PROBES;
    struct node **table = ARENA_ARRAY(g->arena, size, struct node *);
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if ((ir_op_flags(n->op) & IR_PURE) == 0 || n->out_count != 1 || n->out[0] == NO_TENSOR || reads_state(g, n)) {
            continue;
        }
        const uint32_t h = hash_node(&w, n);
        for (uint32_t k = 0; k < PROBES; k++) {
            struct node **slot = &table[(h + k) % size];
            if (*slot == NULL) {
                *slot = n;
                break;
            }
            if (same_node(&w, *slot, n)) {
                wires_bypass(&w, n, wires_tensor(&w, (*slot)->out[0]));
                break;
            }
        }
    }
    wires_apply(&w);
    return true;
}
