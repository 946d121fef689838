/* SPDX-License-Identifier: MIT
 *
 * Chains of element-wise operators between two tensors of 8 bits become one look-up table. Such a chain may branch and
 * join again (x * sigmoid(x)), take scalar constants, and pass through wider types (dequantise, compute, quantise):
 * each element depends on one byte, so 256 values say all. They are found by running the operators.
 */
#include <string.h>

#include "probe.h"
#include "wires.h"

enum { VALUES = 256 };

struct tabler {
    struct wires w;
    pass_evaluate *evaluate;
    int32_t *source;     /* [tensor]: the one of 8 bits that it is a function of, at first itself */
    const void **values; /* [tensor]: 256 of its elements, for the bytes 0 to 255 of its source; NULL: not known */
    bool *is_read;       /* [tensor]: by an element-wise operator */
};

static bool is_byte(const struct tensor *t) { return t->type == TYPE_S8 || t->type == TYPE_U8; }

static bool is_scalar(const struct tensor *t) { return t->data != NULL && ir_count(t) == 1 && t->quant.count < 2; }

/* The one tensor that all inputs are functions of, in the shape of the output; NO_TENSOR: none. */
static int32_t find_source(const struct tabler *r, const struct node *n)
{
    const struct graph *g = r->w.g;
    const struct tensor *out = ir_out(g, n, 0);
    int32_t source = NO_TENSOR;
    if ((ir_op_flags(n->op) & IR_ELEMENTWISE) == 0 || out->quant.count > 1) {
        return NO_TENSOR;
    }
    for (int i = 0; i < n->in_count; i++) {
        const int32_t t = wires_in(&r->w, n, i);
        if (t == NO_TENSOR) {
            return NO_TENSOR;
        }
        const struct tensor *in = &g->tensors[t];
        if (is_scalar(in) || (n->op == OP_TABLE && i == 1)) {
            continue;
        }
        const bool fits = in->data == NULL && !in->is_state && same_shape(in, out) && in->quant.count < 2;
        if (!fits || (source != NO_TENSOR && r->source[t] != source)) {
            return NO_TENSOR;
        }
        source = r->source[t];
    }
    return source != NO_TENSOR && is_byte(&g->tensors[source]) && ir_count(out) > 0 ? source : NO_TENSOR;
}

/* The bytes 0 to 255. */
static const void *all_bytes(struct tabler *r)
{
    uint8_t *bytes = arena_alloc(r->w.g->arena, VALUES);
    for (int i = 0; i < VALUES; i++) {
        bytes[i] = (uint8_t)i;
    }
    return bytes;
}

/* Runs the node on what its inputs are for all values of the source. */
static const void *find_values(struct tabler *r, const struct node *n)
{
    struct graph *g = r->w.g;
    const int32_t mark = g->tensor_count;
    int32_t *in = ARENA_ARRAY(g->arena, n->in_count, int32_t);
    for (int i = 0; i < n->in_count; i++) {
        const int32_t t = wires_in(&r->w, n, i);
        in[i] = t;
        if (g->tensors[t].data == NULL) {
            if (r->values[t] == NULL) {
                r->values[t] = all_bytes(r);
            }
            in[i] = probe_add(g, &g->tensors[t], 1, (int32_t[]){VALUES}, r->values[t]);
        }
    }
    const void *values = probe_run(g, n, in, n->in_count, r->evaluate);
    g->tensor_count = mark;
    return values;
}

/* An input that nobody else reads comes from the source by operators: there is something to gain. */
static bool ends_chain(const struct tabler *r, const struct node *n, int32_t source)
{
    for (int i = 0; i < n->in_count; i++) {
        const int32_t t = wires_in(&r->w, n, i);
        int32_t reads = 0;
        for (int k = 0; k < n->in_count; k++) {
            reads += wires_in(&r->w, n, k) == t;
        }
        if (t != source && r->w.g->tensors[t].data == NULL && r->w.readers[t] == reads) {
            return true;
        }
    }
    return false;
}

static void make_table(struct tabler *r, struct node *n, int32_t source, const void *values)
{
    struct graph *g = r->w.g;
    if (same_kind(&g->tensors[source], ir_out(g, n, 0)) && memcmp(values, all_bytes(r), VALUES) == 0 &&
        wires_bypass(&r->w, n, source)) {
        return;
    }
    const int32_t table = ir_add_tensor(g);
    g->tensors[table] = (struct tensor){.name = "table", .type = TYPE_U8, .rank = 1, .dim = {VALUES}, .data = values};
    for (int i = 0; i < n->in_count; i++) {
        r->w.readers[wires_in(&r->w, n, i)]--;
    }
    r->w.readers[source]++;
    n->op = OP_TABLE;
    n->in = arena_copy(g->arena, (int32_t[]){source, table}, 2 * sizeof(int32_t));
    n->in_count = 2;
    n->attr = (struct attr){0};
}

static void visit(struct tabler *r, struct node *n)
{
    const struct graph *g = r->w.g;
    const int32_t source = n->out_count == 1 && n->out[0] != NO_TENSOR ? find_source(r, n) : NO_TENSOR;
    if (source == NO_TENSOR) {
        return;
    }
    const bool is_end = ends_chain(r, n, source);
    if (!is_end && !r->is_read[n->out[0]]) {
        return;
    }
    const void *values = find_values(r, n);
    if (values == NULL) {
        return;
    }
    r->source[n->out[0]] = source;
    r->values[n->out[0]] = values;
    if (is_end && ir_type_bits(ir_out(g, n, 0)->type) == 8) {
        make_table(r, n, source, values);
    }
}

bool pass_make_tables(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    (void)diag;
    struct tabler r = {.evaluate = evaluate};
    wires_init(&r.w, g);
    r.source = ARENA_ARRAY(g->arena, g->tensor_count, int32_t);
    r.values = ARENA_ARRAY(g->arena, g->tensor_count, const void *);
    r.is_read = ARENA_ARRAY(g->arena, g->tensor_count, bool);
    for (int32_t t = 0; t < g->tensor_count; t++) {
        r.source[t] = t;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (int k = 0; k < n->in_count && (ir_op_flags(n->op) & IR_ELEMENTWISE) != 0; k++) {
            if (n->in[k] != NO_TENSOR) {
                r.is_read[n->in[k]] = true;
            }
        }
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        visit(&r, &g->nodes[i]);
    }
    wires_apply(&r.w);
    return true;
}
