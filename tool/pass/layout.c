/* SPDX-License-Identifier: MIT
 *
 * Transposes sink. A graph that was made for another layout has a transpose before and one behind each operator that
 * has to have its own. Each moves down past operators that do not mind, until it meets another, and the two become one or
 * vanish, or until the end of the graph. Constants are turned here and now. So a model turns its inputs and outputs, and
 * nothing in its middle.
 *
 * The bits of the results stay; only a dense layer of floats behind a flattened image adds up in another order.
 */
#include "layout.h"

#include <string.h>

#include "wires.h"

struct turn layout_turn(const struct layout *l, int32_t tensor)
{
    return tensor == NO_TENSOR || tensor >= l->turn_capacity ? (struct turn){.source = NO_TENSOR} : l->turns[tensor];
}

struct turn layout_flat(const struct layout *l, int32_t tensor)
{
    return tensor == NO_TENSOR || tensor >= l->turn_capacity ? (struct turn){.source = NO_TENSOR} : l->flat[tensor];
}

static struct turn *grow(struct layout *l, struct turn *old, int32_t capacity)
{
    struct turn *grown = ARENA_ARRAY(l->g->arena, capacity, struct turn);
    if (l->turn_capacity > 0) {
        memcpy(grown, old, (size_t)l->turn_capacity * sizeof *grown);
    }
    for (int32_t i = l->turn_capacity; i < capacity; i++) {
        grown[i].source = NO_TENSOR;
    }
    return grown;
}

static void make_room(struct layout *l)
{
    if (l->g->tensor_count > l->turn_capacity) {
        const int32_t capacity = 2 * l->g->tensor_count + 16;
        l->turns = grow(l, l->turns, capacity);
        l->flat = grow(l, l->flat, capacity);
        l->turn_capacity = capacity;
    }
}

void layout_set_turn(struct layout *l, int32_t tensor, const struct turn *turn)
{
    make_room(l);
    l->turns[tensor] = *turn;
}

void layout_set_flat(struct layout *l, int32_t tensor, const struct turn *turn)
{
    make_room(l);
    l->flat[tensor] = *turn;
}

/*** Turns ***/

bool layout_is_identity(const struct turn *turn)
{
    bool same = true;
    for (int32_t d = 0; d < turn->rank; d++) {
        same = same && turn->from[d] == d;
    }
    return same;
}

bool layout_is_view(const struct graph *g, const struct turn *turn)
{
    const struct tensor *t = &g->tensors[turn->source];
    int32_t last = -1;
    for (int32_t d = 0; d < turn->rank; d++) {
        if (t->dim[turn->from[d]] > 1) {
            if (turn->from[d] < last) {
                return false;
            }
            last = turn->from[d];
        }
    }
    return true;
}

struct turn layout_inverse(const struct turn *turn)
{
    struct turn inverse = {.source = turn->source, .rank = turn->rank};
    for (int32_t d = 0; d < turn->rank; d++) {
        inverse.from[turn->from[d]] = d;
    }
    return inverse;
}

/* First `before`, then `turn`. */
static struct turn compose(const struct turn *before, const struct turn *turn)
{
    struct turn both = {.source = before->source, .rank = turn->rank};
    for (int32_t d = 0; d < turn->rank; d++) {
        both.from[d] = before->from[turn->from[d]];
    }
    return both;
}

/*** Nodes ***/

void layout_append(struct layout *l, const struct node *node)
{
    ARENA_GROW(l->g->arena, l->nodes, l->count, l->capacity);
    l->nodes[l->count++] = *node;
}

int32_t layout_list(struct layout *l, int32_t rank, const int32_t dim[], const int32_t values[])
{
    const int32_t index = ir_add_tensor(l->g);
    struct tensor *t = &l->g->tensors[index];
    *t = (struct tensor){.name = "layout", .type = TYPE_S32, .rank = rank};
    if (rank > 0) {
        memcpy(t->dim, dim, (size_t)rank * sizeof dim[0]);
    }
    t->data = arena_copy(l->g->arena, values, (size_t)ir_size(t));
    return index;
}

int32_t layout_tensor(struct layout *l, int32_t like)
{
    const struct tensor kind = l->g->tensors[like]; /* which may move */
    const int32_t index = ir_add_tensor(l->g);
    l->g->tensors[index] = (struct tensor){.type = kind.type, .quant = kind.quant};
    l->g->tensors[index].name = arena_printf(l->g->arena, "%.80s~", kind.name);
    return index;
}

/* A node of this operator with two inputs, which is computed at once if they are constant. */
static int32_t add_pair(struct layout *l, const struct node *at, enum op op, int32_t in, int32_t list, int32_t out)
{
    struct graph *g = l->g;
    const int32_t to = out == NO_TENSOR ? layout_tensor(l, in) : out;
    struct node n = {.op = op, .index = at->index, .in_count = 2, .out_count = 1};
    n.in = arena_copy(g->arena, (int32_t[]){in, list}, 2 * sizeof(int32_t));
    n.out = arena_copy(g->arena, &to, sizeof to);
    n.name = g->tensors[to].name;
    if (!ir_infer(g, &n, l->diag)) {
        return NO_TENSOR;
    }
    if (g->tensors[in].data != NULL && l->evaluate != NULL) {
        return l->evaluate(g, &n, l->diag) ? to : NO_TENSOR;
    }
    layout_append(l, &n);
    return to;
}

int32_t layout_add_transpose(struct layout *l, const struct node *at, int32_t in, const struct turn *turn, int32_t out)
{
    return add_pair(l, at, OP_TRANSPOSE, in, layout_list(l, 1, &turn->rank, turn->from), out);
}

int32_t layout_add_reshape(struct layout *l, const struct node *at, int32_t in, int32_t rank, const int32_t dim[],
                           int32_t out)
{
    return add_pair(l, at, OP_RESHAPE, in, layout_list(l, 1, &rank, dim), out);
}

int32_t layout_undo(struct layout *l, const struct node *at, int32_t tensor, const struct turn *turn)
{
    const struct turn own = layout_turn(l, tensor);
    struct turn inverse = layout_inverse(turn);
    if (own.source != NO_TENSOR && own.rank == turn->rank) {
        inverse = compose(&own, &inverse);
        tensor = own.source;
    }
    inverse.source = tensor;
    if (layout_is_identity(&inverse)) {
        return tensor;
    }
    if (l->g->tensors[tensor].data == NULL && layout_is_view(l->g, &inverse)) {
        int32_t dim[IR_MAX_RANK];
        for (int32_t d = 0; d < turn->rank; d++) {
            dim[d] = l->g->tensors[tensor].dim[inverse.from[d]];
        }
        return layout_add_reshape(l, at, tensor, turn->rank, dim, NO_TENSOR);
    }
    return layout_add_transpose(l, at, tensor, &inverse, NO_TENSOR);
}

bool layout_emit(struct layout *l, const struct node *node, const int32_t in[], const struct turn turns[])
{
    struct graph *g = l->g;
    struct node n = *node;
    n.in = arena_copy(g->arena, in, (size_t)n.in_count * sizeof in[0]);
    n.out = ARENA_ARRAY(g->arena, n.out_count, int32_t);
    for (int32_t i = 0; i < n.out_count; i++) {
        const bool is_same = node->out[i] == NO_TENSOR || layout_is_identity(&turns[i]);
        n.out[i] = is_same ? node->out[i] : layout_tensor(l, node->out[i]);
    }
    if (!ir_infer(g, &n, l->diag)) {
        return false;
    }
    layout_append(l, &n);
    for (int32_t i = 0; i < n.out_count; i++) {
        if (n.out[i] != node->out[i]) {
            struct turn turn = turns[i];
            turn.source = n.out[i];
            if (layout_add_transpose(l, node, n.out[i], &turn, node->out[i]) == NO_TENSOR) {
                return false;
            }
            layout_set_turn(l, node->out[i], &turn);
        }
    }
    return true;
}

/*** The walk ***/

/* The permutation of a TRANSPOSE whose input keeps its value. */
static bool find_turn(const struct layout *l, const struct node *n, struct turn *turn)
{
    const struct tensor *in = ir_in(l->g, n, 0), *list = ir_in(l->g, n, 1);
    if (n->op != OP_TRANSPOSE || list->data == NULL || in->is_state || in->data != NULL || in->quant.count > 1 ||
        !same_quant(in, ir_out(l->g, n, 0))) {
        return false;
    }
    *turn = (struct turn){.source = n->in[0], .rank = in->rank};
    for (int32_t d = 0; d < in->rank; d++) {
        const int64_t axis = ir_const_int(list, d);
        turn->from[d] = (int32_t)(axis < 0 ? axis + in->rank : axis);
    }
    return true;
}

static void walk_transpose(struct layout *l, const struct node *n, const struct turn *turn)
{
    const struct turn before = layout_turn(l, n->in[0]);
    const struct turn whole = before.source != NO_TENSOR ? compose(&before, turn) : *turn;
    struct node now = *n;
    const int32_t in[] = {whole.source, layout_list(l, 1, &whole.rank, whole.from)};
    now.in = arena_copy(l->g->arena, in, sizeof in);
    layout_append(l, &now);
    layout_set_turn(l, n->out[0], &whole);
}

/* Two turns that undo each other: the source itself is read. */
static void skip_identities(struct layout *l, struct node *n)
{
    int32_t *in = arena_copy(l->g->arena, n->in, (size_t)n->in_count * sizeof *in);
    for (int32_t i = 0; i < n->in_count; i++) {
        const struct turn turn = layout_turn(l, in[i]);
        if (turn.source != NO_TENSOR && layout_is_identity(&turn)) {
            in[i] = turn.source;
        }
    }
    n->in = in;
}

bool pass_sink_transposes(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    struct layout l = {.g = g, .evaluate = evaluate, .diag = diag};
    make_room(&l);
    for (int32_t i = 0; i < g->node_count && !diag->failed; i++) {
        struct node n = g->nodes[i];
        struct turn turn;
        if (find_turn(&l, &n, &turn)) {
            walk_transpose(&l, &n, &turn);
            continue;
        }
        skip_identities(&l, &n);
        if (!layout_pass_reshape(&l, &n) && !layout_pass_dense(&l, &n) && !layout_pass_node(&l, &n) && !diag->failed) {
            layout_append(&l, &n);
        }
    }
    g->nodes = l.nodes;
    g->node_count = l.count;
    return !diag->failed;
}
