/* SPDX-License-Identifier: MIT
 *
 * The checker: what may be taken for granted about a graph, and nothing else may be.
 */
#include <math.h>

#include "ir.h"

enum { MAX_SIZE = INT32_MAX };

/* What a zero point of this type may be; kernels negate it. */
static void zero_point_range(enum type type, int32_t *low, int32_t *high)
{
    const int bits = ir_type_bits(type);
    const bool is_unsigned = type == TYPE_U8 || type == TYPE_U16;
    *low = bits > 16 ? -INT32_MAX : is_unsigned ? 0 : -(1 << (bits - 1));
    *high = bits > 16 ? INT32_MAX : (1 << (bits - (is_unsigned ? 0 : 1))) - 1;
}

static bool check_quant(const struct tensor *t, int32_t index, struct diag *diag)
{
    const struct quant *q = &t->quant;
    int32_t low, high;
    zero_point_range(t->type, &low, &high);
    if (q->count > 1 && (q->axis < 0 || q->axis >= t->rank || q->count != t->dim[q->axis])) {
        return diag_fail(diag, "tensor %d \"%.80s\": %d scales do not fit dim %d", index, t->name, q->count, q->axis);
    }
    for (int i = 0; i < q->count; i++) {
        const float scale = q->scale[i];
        if (!isfinite(scale) || scale < 0 || (scale == 0 && t->data == NULL)) {
            return diag_fail(diag, "tensor %d \"%.80s\": scale %d is %g", index, t->name, i, (double)scale);
        }
        if (q->zero_point[i] < low || q->zero_point[i] > high) {
            return diag_fail(diag, "tensor %d \"%.80s\": zero point %d is %d, want %d to %d", index, t->name, i,
                             q->zero_point[i], low, high);
        }
    }
    return true;
}

bool ir_check_tensor(const struct graph *g, int32_t index, struct diag *diag)
{
    const struct tensor *t = &g->tensors[index];
    if (t->rank < 0 || t->rank > IR_MAX_RANK) {
        return diag_fail(diag, "tensor %d \"%.80s\": has %d dims, want at most %d", index, t->name, t->rank,
                         IR_MAX_RANK);
    }
    int64_t size = (ir_type_bits(t->type) + 7) / 8;
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0) {
            return diag_fail(diag, "tensor %d \"%.80s\": dim %d is %d", index, t->name, i, t->dim[i]);
        }
        size *= t->dim[i] > 0 ? t->dim[i] : 1; /* so that any product of dims fits, of empty tensors as well */
        if (size > MAX_SIZE) {
            return diag_fail(diag, "tensor %d \"%.80s\": is larger than 2 GiB", index, t->name);
        }
    }
    if (t->is_state && t->data != NULL) {
        return diag_fail(diag, "tensor %d \"%.80s\": is a variable, but has a constant value", index, t->name);
    }
    return check_quant(t, index, diag);
}

static bool check_nodes(struct graph *g, bool *ready, struct diag *diag)
{
    for (int i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (int k = 0; k < n->in_count; k++) {
            const int32_t t = n->in[k];
            if (t == NO_TENSOR) {
                continue;
            }
            if (t < 0 || t >= g->tensor_count) {
                return ir_fail(n, diag, "input %d is tensor %d of %d", k, t, g->tensor_count);
            }
            if (!ready[t] && ir_count(&g->tensors[t]) > 0) {
                return ir_fail(n, diag, "input %d, tensor \"%.80s\", is read before it is written", k,
                               g->tensors[t].name);
            }
        }
        for (int k = 0; k < n->out_count; k++) {
            const int32_t t = n->out[k];
            if (t == NO_TENSOR) {
                continue;
            }
            if (t < 0 || t >= g->tensor_count) {
                return ir_fail(n, diag, "output %d is tensor %d of %d", k, t, g->tensor_count);
            }
            if (ready[t] && !g->tensors[t].is_state) {
                return ir_fail(n, diag, "output %d, tensor \"%.80s\", has a value already", k, g->tensors[t].name);
            }
            ready[t] = true;
        }
    }
    return true;
}

bool ir_check(struct graph *g, struct diag *diag)
{
    for (int i = 0; i < g->tensor_count; i++) {
        if (!ir_check_tensor(g, i, diag)) {
            return false;
        }
    }
    bool *ready = ARENA_ARRAY(g->arena, g->tensor_count, bool);
    for (int i = 0; i < g->tensor_count; i++) {
        ready[i] = g->tensors[i].data != NULL || g->tensors[i].is_state;
    }
    for (int i = 0; i < g->input_count; i++) {
        if (g->inputs[i] < 0 || g->inputs[i] >= g->tensor_count) {
            return diag_fail(diag, "input %d is tensor %d of %d", i, g->inputs[i], g->tensor_count);
        }
        if (g->tensors[g->inputs[i]].data != NULL) {
            return diag_fail(diag, "input %d, tensor \"%.80s\", is a constant", i, g->tensors[g->inputs[i]].name);
        }
        ready[g->inputs[i]] = true;
    }
    if (!check_nodes(g, ready, diag)) {
        return false;
    }
    for (int i = 0; i < g->output_count; i++) {
        if (g->outputs[i] < 0 || g->outputs[i] >= g->tensor_count) {
            return diag_fail(diag, "output %d is tensor %d of %d", i, g->outputs[i], g->tensor_count);
        }
        if (!ready[g->outputs[i]]) {
            return diag_fail(diag, "output %d, tensor \"%.80s\", is never written", i, g->tensors[g->outputs[i]].name);
        }
    }
    return true;
}
