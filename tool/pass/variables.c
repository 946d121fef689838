/* SPDX-License-Identifier: MIT
 *
 * Variables become state tensors. In a file a variable is a name (container and shared name); VAR_HANDLE
 * makes a handle of it, READ_VARIABLE and ASSIGN_VARIABLE follow the handle, and CALL_ONCE runs a subgraph
 * that assigns the first values. Here each name becomes one state tensor of the main graph, its first value
 * computed by folding that subgraph; what is left are copies from and to the state:
 *
 *     READ_VARIABLE   in: the state   out: the value; dropped where its readers may read the state itself
 *     ASSIGN_VARIABLE in: the value   out: the state
 *
 * Source: TensorFlow Lite Micro, MicroResourceVariables.
 */
#include <string.h>

#include "wires.h"

struct variable {
    const char *container, *name;
    const struct tensor *type;  /* what it holds: the first value that is read from it, else assigned to it */
    const struct tensor *value; /* assigned by CALL_ONCE; NULL: nothing */
    int32_t zero_point;         /* every byte of it before anything is assigned */
    bool is_assigned;
    int32_t state; /* tensor of the main graph */
};

struct variables {
    struct graph *main;
    struct variable *list;
    int32_t count;
    struct diag *diag;
};

/* An empty container stands for any. */
static struct variable *find_variable(struct variables *v, const struct node *handle)
{
    const char *container = handle->attr.container, *name = handle->attr.shared_name;
    for (int32_t i = 0; i < v->count; i++) {
        struct variable *var = &v->list[i];
        const bool same_container = container[0] == 0 || var->container[0] == 0 || !strcmp(container, var->container);
        if (same_container && strcmp(name, var->name) == 0) {
            return var;
        }
    }
    v->list[v->count] = (struct variable){.container = container, .name = name};
    return &v->list[v->count++];
}

/* The variable that the handle in input 0 stands for. */
static struct variable *resolve(struct variables *v, const struct graph *g, const struct node *n)
{
    for (const struct node *made = g->nodes; made < n; made++) {
        if (made->op == OP_VAR_HANDLE && n->in_count > 0 && made->out_count > 0 && made->out[0] == n->in[0]) {
            return find_variable(v, made);
        }
    }
    ir_fail(n, v->diag, "input 0 is not the handle of a VAR_HANDLE before it in the same subgraph");
    return NULL;
}

static bool check_value(struct variables *v, const struct node *n, struct variable *var, const struct tensor *t)
{
    if (t->type == TYPE_RESOURCE || t->type == TYPE_STRING) {
        return ir_fail(n, v->diag, "a variable of type %s is not supported", ir_type_text(t->type));
    }
    if (var->type == NULL) {
        var->type = t;
    }
    if (t->type != var->type->type || ir_count(t) != ir_count(var->type)) {
        char shape[96], want[96];
        return ir_fail(n, v->diag, "variable \"%.40s\" is used as %s%s and as %s%s", var->name, ir_type_text(t->type),
                       ir_shape_text(t, shape), ir_type_text(var->type->type), ir_shape_text(var->type, want));
    }
    return true;
}

/* Notes what a READ_VARIABLE or ASSIGN_VARIABLE says about its variable. */
static bool survey_node(struct variables *v, const struct graph *g, const struct node *n)
{
    struct variable *var = resolve(v, g, n);
    if (var == NULL) {
        return false;
    }
    if (n->op == OP_READ_VARIABLE) {
        return n->out_count == 1 && n->out[0] != NO_TENSOR ? check_value(v, n, var, ir_out(g, n, 0))
                                                           : ir_fail(n, v->diag, "has no output");
    }
    if (n->in_count != 2 || n->in[1] == NO_TENSOR || n->out_count != 0) {
        return ir_fail(n, v->diag, "has %d inputs and %d outputs, want a handle and a value, and none", n->in_count,
                       n->out_count);
    }
    const struct tensor *value = ir_in(g, n, 1);
    if (!var->is_assigned) {
        var->is_assigned = true;
        var->zero_point = ir_zero_point(value);
    }
    if (g != v->main) {
        if (value->data == NULL) {
            return ir_fail(n, v->diag,
                           "subgraph \"%.40s\": the first value of variable \"%.40s\" does not fold to a "
                           "constant",
                           g->name, var->name);
        }
        var->value = value;
    }
    return check_value(v, n, var, value);
}

/* Runs the subgraph of a CALL_ONCE here and now; of its nodes only assignments of constants may be left. */
static bool call_once(struct variables *v, const struct model *model, const struct node *call, pass_evaluate *evaluate)
{
    const int32_t index = call->attr.subgraph;
    if (index < 1 || index >= model->graph_count) {
        return ir_fail(call, v->diag, "calls subgraph %d of %d", index, model->graph_count);
    }
    struct graph *g = &model->graphs[index];
    if (!pass_fold_constants(g, evaluate, v->diag)) {
        return false;
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (n->op != OP_VAR_HANDLE && n->op != OP_ASSIGN_VARIABLE) {
            return ir_fail(n, v->diag, "subgraph \"%.40s\": does more than assign constants to variables", g->name);
        }
        if (n->op == OP_ASSIGN_VARIABLE && !survey_node(v, g, n)) {
            return false;
        }
    }
    return true;
}

/* First what the main graph reads, since that names shape and quantisation of the state; then the values. */
static bool survey(struct variables *v, const struct model *model, pass_evaluate *evaluate)
{
    bool is_used = false;
    for (int32_t i = 0; i < v->main->node_count; i++) {
        const struct node *n = &v->main->nodes[i];
        if (n->op == OP_READ_VARIABLE && !survey_node(v, v->main, n)) {
            return false;
        }
    }
    for (int32_t i = 0; i < v->main->node_count; i++) {
        const struct node *n = &v->main->nodes[i];
        if (n->op == OP_ASSIGN_VARIABLE && !survey_node(v, v->main, n)) {
            return false;
        }
        if (n->op == OP_CALL_ONCE && is_used) {
            return ir_fail(n, v->diag, "runs after a variable was used; want it before");
        }
        if (n->op == OP_CALL_ONCE && !call_once(v, model, n, evaluate)) {
            return false;
        }
        is_used = is_used || n->op == OP_READ_VARIABLE || n->op == OP_ASSIGN_VARIABLE;
    }
    return true;
}

static bool is_filled(const uint8_t *bytes, int64_t size, uint8_t fill)
{
    for (int64_t i = 0; i < size; i++) {
        if (bytes[i] != fill) {
            return false;
        }
    }
    return true;
}

/* The first value; NULL where it is what ir.h says a state has without one. */
static const void *first_value(struct graph *g, const struct variable *var)
{
    const int64_t size = ir_size(var->type);
    const uint8_t *value = var->value != NULL ? var->value->data : NULL;
    if (value == NULL) {
        uint8_t *bytes = arena_alloc(g->arena, (size_t)size);
        memset(bytes, (uint8_t)var->zero_point, (size_t)size);
        value = bytes;
    }
    const uint8_t fill = var->type->type == TYPE_S8 ? (uint8_t)ir_zero_point(var->type) : 0;
    return is_filled(value, size, fill) ? NULL : value;
}

static void add_states(struct variables *v)
{
    for (int32_t i = 0; i < v->count; i++) {
        struct variable *var = &v->list[i];
        if (var->type == NULL) { /* a handle that nobody uses */
            continue;
        }
        const void *init = first_value(v->main, var);
        struct tensor state = *var->type;
        state.name = var->name;
        state.data = NULL;
        state.is_state = true;
        state.init = init;
        var->state = ir_add_tensor(v->main);
        v->main->tensors[var->state] = state;
    }
}

static bool reads(const struct node *n, int32_t tensor)
{
    for (int k = 0; k < n->in_count; k++) {
        if (n->in[k] == tensor) {
            return true;
        }
    }
    return false;
}

/* Whether all readers of the value that node `read` makes may read the state itself: they see the same shape and
 * quantisation, and run before the next assignment. */
static bool may_alias(const struct graph *g, int32_t read, int32_t state)
{
    const int32_t value = g->nodes[read].out[0];
    const struct tensor *s = &g->tensors[state], *t = &g->tensors[value];
    if (!same_shape(s, t) || !same_quant(s, t)) {
        return false;
    }
    for (int i = 0; i < g->output_count; i++) {
        if (g->outputs[i] == value) {
            return false;
        }
    }
    bool is_overwritten = false;
    for (int32_t i = read + 1; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (is_overwritten && reads(n, value)) {
            return false;
        }
        is_overwritten = is_overwritten || (n->op == OP_ASSIGN_VARIABLE && n->out[0] == state);
    }
    return true;
}

static void replace_input(struct graph *g, int32_t from, int32_t to)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < g->nodes[i].in_count; k++) {
            if (g->nodes[i].in[k] == from) {
                g->nodes[i].in[k] = to;
            }
        }
    }
}

/* Handles give way to states. */
static void connect(struct variables *v)
{
    struct graph *g = v->main;
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (n->op == OP_READ_VARIABLE) {
            n->in[0] = resolve(v, g, n)->state;
        } else if (n->op == OP_ASSIGN_VARIABLE) {
            const int32_t state = resolve(v, g, n)->state;
            n->out = n->in; /* room for one */
            n->in = n->in + 1;
            n->out[0] = state;
            n->in_count = n->out_count = 1;
        }
    }
}

static void drop_nodes(struct graph *g)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node n = g->nodes[i];
        bool is_needed = n.op != OP_VAR_HANDLE && n.op != OP_CALL_ONCE;
        if (n.op == OP_READ_VARIABLE && may_alias(g, i, n.in[0])) {
            replace_input(g, n.out[0], n.in[0]);
            is_needed = false;
        } else if (n.op == OP_ASSIGN_VARIABLE) {
            is_needed = n.in[0] != n.out[0];
        }
        if (is_needed) {
            g->nodes[kept++] = n;
        }
    }
    g->node_count = kept;
}

static bool check_handles(const struct graph *g, struct diag *diag)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        const bool is_user = n->op == OP_READ_VARIABLE || n->op == OP_ASSIGN_VARIABLE;
        for (int k = is_user ? 1 : 0; k < n->in_count; k++) {
            const struct tensor *t = ir_in(g, n, k);
            if (t != NULL && t->type == TYPE_RESOURCE) {
                return ir_fail(n, diag,
                               "input %d is a variable's handle; only READ_VARIABLE and ASSIGN_VARIABLE "
                               "may use one",
                               k);
            }
        }
    }
    return true;
}

bool pass_variables(struct model *model, pass_evaluate *evaluate, struct diag *diag)
{
    struct graph *main = &model->graphs[0];
    int32_t handle_count = 0;
    for (int32_t i = 0; i < model->graph_count; i++) {
        for (int32_t k = 0; k < model->graphs[i].node_count; k++) {
            handle_count += model->graphs[i].nodes[k].op == OP_VAR_HANDLE;
        }
    }
    struct variables v = {main, ARENA_ARRAY(main->arena, handle_count, struct variable), 0, diag};
    if (!check_handles(main, diag) || !survey(&v, model, evaluate)) {
        return false;
    }
    add_states(&v);
    connect(&v);
    drop_nodes(main);
    return true;
}
