/* SPDX-License-Identifier: MIT
 *
 * A float graph as quantisation wants it: constants that are floats, no scaling or activation of its own behind a
 * convolution that could do it, GRU and RNN step by step.
 */
#include "../pass/pass.h"
#include "../run/run.h"
#include "work.h"

/*** Weights as floats ***/

static bool is_float_input(const struct graph *g, const struct node *n)
{
    const struct tensor *input = ir_in(g, n, quant_ports(n->op).input);
    return input != NULL && input->type == TYPE_F32;
}

/* The weights of a hybrid model: integers that meet float activations. */
static void widen(struct graph *g, struct node *n)
{
    const struct quant_ports ports = quant_ports(n->op);
    const struct tensor *w = ir_in(g, n, ports.weights);
    if (w == NULL || w->data == NULL || w->type != TYPE_S8 || w->quant.count == 0 || !is_float_input(g, n)) {
        return;
    }
    const struct quant_channels c = quant_channels(w, w->quant.count > 1 ? w->quant.axis : 0);
    const int64_t count = ir_count(w);
    float *values = ARENA_ARRAY(g->arena, count, float);
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = w->quant.count > 1 ? i / c.inner % c.count : 0;
        values[i] = w->quant.scale[k] * (float)(((const int8_t *)w->data)[i] - w->quant.zero_point[k]);
    }
    struct tensor wide = *w;
    wide.type = TYPE_F32;
    wide.quant = (struct quant){0};
    wide.is_int4 = false;
    wide.data = values;
    const int32_t index = ir_add_tensor(g);
    g->tensors[index] = wide;
    n->in[ports.weights] = index;
}

/*** The whole ***/

/* Whether it can be quantised at all. */
static bool check(const struct graph *g, struct diag *diag)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (int k = 0; k < n->out_count; k++) {
            const struct tensor *t = ir_out(g, n, k);
            if (t != NULL && t->data == NULL && t->quant.count > 0 && t->type != TYPE_F32) {
                return ir_fail(n, diag, "is quantised already, to %s; give the float model", ir_type_text(t->type));
            }
        }
        if (n->op == OP_READ_VARIABLE || n->op == OP_ASSIGN_VARIABLE) {
            return ir_fail(n, diag, "keeps a variable, which cannot be quantised; pass the state in and out instead");
        }
    }
    return true;
}

bool quant_prepare(const struct graph *real, struct arena *arena, struct graph *g, struct diag *diag)
{
    *g = ir_copy(real, arena);
    g->work = 0;
    struct model model = {g, 1, ""};
    const unsigned passes = 1U << PASS_constants | 1U << PASS_dead_nodes | 1U << PASS_layout | 1U << PASS_identities |
                            1U << PASS_common | 1U << PASS_activations;
    if (!pass_some(&model, passes, run_node, diag) || !pass_unroll(g, diag)) {
        return false;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        if (quant_op(g->nodes[i].op)->rule == RULE_WEIGHTS) {
            widen(g, &g->nodes[i]);
        }
    }
    quant_spell_padding(g);
    quant_give_states(g);
    return check(g, diag) && pass_some(&model, passes | 1U << PASS_affine, run_node, diag); /* of floats by now */
}
